import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_BIND2, NS_SASL2, NS_SM } from "#protocol/xml/namespaces.ts";
import type { ClientSession } from "./client-session.ts";
import { DeviceTokens } from "./device-tokens.ts";
import { passwordMessage } from "./password-message.ts";
import type { SimClient } from "./sim-client.ts";
import { takeStanza } from "./take-stanza.ts";
import { haveTokenStolen } from "./thief.ts";

/** How a client gets from an open stream to a session: step by step, or with one request. It goes on with the last one if it can. */
export class ClientLogIn {
  readonly #client: SimClient;
  /** What it logs in with in one request; undefined where it takes every step by itself. */
  readonly #tokens: DeviceTokens | undefined;
  /** What came ahead of the answer to binding. */
  readonly #early: XmlElement[] = [];

  constructor(client: SimClient) {
    this.#client = client;
    this.#tokens = client.part.atOnce ? new DeviceTokens(client.account, client.draws) : undefined;
  }

  /** The next element of the stream. False where the client is not logging in. */
  take(element: XmlElement): boolean {
    const client = this.#client;
    switch (client.phase) {
      case "opening":
        this.#authenticate();
        return true;
      case "authenticating-at-once":
        this.#letIn(element);
        return true;
      case "authenticating":
        if (element.name === "success") client.open("opening-again");
        else client.giveUp(`log-in failed with ${element.elements()[0]?.name}`);
        return true;
      case "opening-again":
        this.#resumeOrBind();
        return true;
      case "resuming":
        if (!this.#resumed(element)) this.#bind();
        return true;
      case "binding":
        this.#bound(element);
        return true;
      case "enabling":
        this.#enabled(element);
        return true;
      default:
        return false;
    }
  }

  #authenticate(): void {
    const client = this.#client;
    if (this.#tokens !== undefined) {
      this.#authenticateAtOnce(this.#tokens);
      return;
    }
    client.phase = "authenticating";
    client.write(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${passwordMessage(client.account)}</auth>`,
    );
  }

  /** One request that says all (XEP-0388, XEP-0386, XEP-0198 §9). */
  #authenticateAtOnce(tokens: DeviceTokens): void {
    const client = this.#client;
    client.phase = "authenticating-at-once";
    const { session, part } = client;
    const features = [
      part.managed ? `<enable xmlns='${NS_SM}' resume='true'/>` : "",
      part.copies ? "<enable xmlns='urn:xmpp:carbons:2'/>" : "",
    ];
    const bind = `<bind xmlns='${NS_BIND2}'><tag>${part.resource}</tag>${features.join("")}</bind>`;
    if (session?.resumptionId === undefined) client.write(tokens.authenticate(bind));
    else {
      session.written.push(client.written);
      client.writeCount(session, tokens.authenticate(`${resumeElement(session)}${bind}`));
    }
  }

  /** Everything is answered, or nothing. */
  #letIn(answer: XmlElement): void {
    const client = this.#client;
    const { name, part, world } = client;
    const tokens = this.#tokens;
    if (answer.ns !== NS_SASL2 || tokens === undefined) {
      client.violation(`${name} was sent ${answer.name} ahead of being let in`);
      return;
    }
    const condition = answer.elements()[0]?.name;
    const wrong = answer.name === "success" ? tokens.succeeded(answer, world.discFailed()) : tokens.failed(condition);
    if (wrong !== undefined) client.violation(`${name}: ${wrong}`);
    if (answer.name !== "success") {
      client.giveUp(`log-in failed with ${condition}`);
      return;
    }
    haveTokenStolen(client, tokens);
    const resumed = answer.child(NS_SM, "resumed") ?? answer.child(NS_SM, "failed");
    if (resumed !== undefined && this.#resumed(resumed)) return;
    const bound = answer.child(NS_BIND2, "bound");
    const jid = answer.child(NS_SASL2, "authorization-identifier")?.text;
    if (bound === undefined || jid === undefined) {
      client.giveUp("binding failed");
      return;
    }
    const session = client.newSession(jid);
    if (part.copies) session.copiesSince = world.clock.now;
    const enabled = bound.child(NS_SM, "enabled");
    session.managed = enabled !== undefined;
    session.resumptionId = enabled?.attr("id");
    if (part.managed && enabled === undefined) client.violation(`${name}: management was not switched on`);
    client.begin(session);
  }

  #resumeOrBind(): void {
    const client = this.#client;
    const { session } = client;
    if (session?.resumptionId === undefined) return this.#bind();
    client.phase = "resuming";
    session.written.push(client.written);
    return client.writeCount(session, resumeElement(session));
  }

  #bind(): void {
    const client = this.#client;
    client.phase = "binding";
    this.#early.length = 0;
    client.write(
      `<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${client.part.resource}</resource></bind></iq>`,
    );
  }

  /** False when there is nothing to go on with. */
  #resumed(element: XmlElement): boolean {
    const client = this.#client;
    const { session, world } = client;
    if (session === undefined) return true;
    const h = element.attr("h");
    if (h !== undefined) client.management.acknowledged(session, Number(h));
    if (element.name === "resumed") {
      client.goOn(session);
      return true;
    }
    world.trace.note(world.clock.now, `${client.name} cannot resume`);
    if (world.mustResume(session)) {
      const awayMs = world.clock.now - (session.broken?.at ?? 0);
      client.violation(`${session.name} cannot be resumed, ${awayMs} ms after its stream was cut`);
    }
    client.sayAgain(session);
    return false;
  }

  #bound(element: XmlElement): void {
    const client = this.#client;
    if (element.name !== "iq" || element.attr("id") !== "bind") {
      // Others know the address as soon as the server does.
      this.#early.push(element);
      return;
    }
    const jid = element.elements()[0]?.elements()[0]?.text;
    if (element.attr("type") !== "result" || jid === undefined) return client.giveUp("binding failed");
    const session = client.newSession(jid);
    for (const stanza of this.#early.splice(0)) takeStanza(client, session, stanza);
    if (!client.part.managed) return client.begin(session);
    client.phase = "enabling";
    return client.write(`<enable xmlns='${NS_SM}' resume='true'/>`);
  }

  #enabled(element: XmlElement): void {
    const client = this.#client;
    const { session } = client;
    if (session === undefined) return;
    if (element.name === "enabled") {
      session.managed = true;
      session.resumptionId = element.attr("id");
      client.begin(session);
    } else if (element.ns !== NS_SM) takeStanza(client, session, element);
    else client.violation(`${client.name}: management was refused: ${element.name}`);
  }
}

function resumeElement({ handled, resumptionId }: ClientSession): string {
  return `<resume xmlns='${NS_SM}' h='${handled}' previd='${resumptionId}'/>`;
}
