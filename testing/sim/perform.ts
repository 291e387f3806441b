import type { ClientSession } from "./client-session.ts";
import { askForRoster } from "./look-ups.ts";
import { bareOf } from "./shown-item.ts";
import type { SimClient } from "./sim-client.ts";
import type { Action, Cast } from "./steps.ts";
import { noteAnswer, type Ask, type WorldModel } from "./world-model.ts";

/** A client does what its step says, and the model hears of what is asked. */
export function perform(client: SimClient, action: Action, cast: Cast, model: WorldModel): void {
  switch (action.does) {
    case "log-in":
      client.logIn();
      return;
    case "log-out":
      client.logOut();
      return;
    case "vanish":
      client.vanish();
      return;
    case "available":
      client.priority = action.priority;
      if (client.online) client.sendPresence();
      return;
    case "unavailable":
      if (client.online && client.session !== undefined) becomeUnavailable(client, client.session);
      return;
    default: {
      const contact = contactOf(action, cast);
      // Users do not deal with themselves.
      if (contact === client.account) return;
      client.whenOnline((session) => act(client, session, { action, contact, model, cast }));
    }
  }
}

function contactOf(action: Action, cast: Cast): string {
  if (!("to" in action) || action.to === "host") return "";
  return cast.accounts[action.to] ?? "";
}

function becomeUnavailable(client: SimClient, session: ClientSession): void {
  session.priority = undefined;
  session.leftAt = client.world.clock.now;
  session.sees.clear();
  session.directedTo.clear();
  client.sendStanza("<presence type='unavailable'/>");
}

interface Deed {
  readonly action: Action;
  readonly contact: string;
  readonly model: WorldModel;
  readonly cast: Cast;
}

function act(client: SimClient, session: ClientSession, { action, contact, model, cast }: Deed): void {
  const { account } = client;
  const { clock } = client.world;
  switch (action.does) {
    case "message": {
      const devices = [...session.sees].filter((jid) => bareOf(jid) === contact);
      const device = action.toDevice ? devices[client.draws.below(Math.max(1, devices.length))] : undefined;
      const to = action.kind === "nobody" ? "nobody@capulet.example" : (device ?? contact);
      for (let count = 0; count < action.count; count += 1)
        client.sendMessage(session, { to, account: bareOf(to), kind: action.kind, chars: action.chars });
      return;
    }
    case "show-to":
      if (session.priority === undefined) return;
      session.directedTo.add(contact);
      session.everDirectedTo.add(contact);
      client.sendStanza(`<presence to='${contact}'><show>chat</show></presence>`);
      return;
    case "subscription": {
      const said = model.say(account, contact, action.word, { session, at: clock.now });
      client.sendStanza(`<presence type='${action.word}' to='${contact}'/>`, {
        settled: () => (said.heardAt ??= clock.now),
      });
      return;
    }
    case "name": {
      const name = `n${model.name(account, contact).writes.length}-${client.part.resource}`;
      const write = model.name(account, contact).write(name, clock.now);
      const item = `<item jid='${contact}' name='${name}'><group>friends</group></item>`;
      client.request("set", undefined, `<query xmlns='jabber:iq:roster'>${item}</query>`, (answer) =>
        noteAnswer(write, answer.attr("type"), clock.now),
      );
      return;
    }
    case "remove": {
      const write = model.name(account, contact).write(undefined, clock.now);
      const said = model.say(account, contact, "remove", { session, at: clock.now });
      const item = `<item jid='${contact}' subscription='remove'/>`;
      client.request("set", undefined, `<query xmlns='jabber:iq:roster'>${item}</query>`, (answer) => {
        noteAnswer(write, answer.attr("type"), clock.now);
        said.heardAt = clock.now;
      });
      return;
    }
    case "roster":
      askForRoster(client);
      return;
    case "block":
    case "unblock": {
      const write = model.blocks(account, contact).write(action.does === "block", clock.now);
      const payload = `<${action.does} xmlns='urn:xmpp:blocking'><item jid='${contact}'/></${action.does}>`;
      client.request("set", undefined, payload, (answer) => noteAnswer(write, answer.attr("type"), clock.now));
      return;
    }
    case "ping": {
      const host = account.slice(account.indexOf("@") + 1);
      const device = [...session.sees].find((jid) => bareOf(jid) === contact);
      const elsewhere = action.to !== "host" && model.onDifferentServers(account, contact) && client.draws.chance(0.3);
      const known = elsewhere ? contact.slice(contact.indexOf("@") + 1) : (device ?? contact);
      const to = action.to === "host" ? host : known;
      const ask: Ask = { session, to, at: clock.now, answers: 0 };
      model.asks.push(ask);
      client.request("get", to, "<ping xmlns='urn:xmpp:ping'/>", () => void (ask.answers += 1));
      return;
    }
    case "nonsense":
      client.sendStanza(nonsense[action.which % nonsense.length] ?? "");
      return;
    case "write-to-component": {
      const to = `somebody@${cast.component}`;
      for (let count = 0; count < action.count; count += 1)
        client.sendMessage(session, { to, account: to, kind: "chat", chars: action.chars });
      return;
    }
    default:
  }
}

/** What no client should send and some do; none of it ends a stream. */
const nonsense: readonly string[] = [
  "<message to='@@@' type='chat'><body>to nowhere</body></message>",
  "<iq type='get' id='x1'/>",
  "<iq type='sideways' id='x2'><query xmlns='jabber:iq:roster'/></iq>",
  "<iq type='set' id='x3'><query xmlns='jabber:iq:roster'/></iq>",
  "<presence type='sideways'/>",
  "<presence><priority>plenty</priority></presence>",
  "<presence type='subscribe'/>",
  "<iq type='set' id='x4'><block xmlns='urn:xmpp:blocking'/></iq>",
  "<iq type='get' id='x5'><unknown xmlns='urn:example:unknown'/></iq>",
  "<iq type='result' id='never-asked'/>",
];
