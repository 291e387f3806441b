import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { client, type Client, type FastToken, xml } from "@xmpp/client";
import { CutProxy } from "../cut-proxy.ts";
import { inTime } from "../inbox.ts";
import { LabServer, passwordOf, target } from "../lab.ts";
import { cutPort } from "../network.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { directTlsService, startTlsService, stepMsMax, XmppJsPeer } from "../peers/xmpp-js.ts";

const alice = "alice@ours.test";
const bob = "bob@ours.test";
const phone = "d4565fa7-4d72-4749-b3d3-740edbf87770";
const NS_SASL2 = "urn:xmpp:sasl:2";
const NS_FAST = "urn:xmpp:fast:0";

/** xmpp.js with a device that keeps its token from one connection to the next. */
class Device implements AsyncDisposable {
  token: FastToken | undefined;
  readonly #password: string;
  #client: Client | undefined;
  /** What it sent since it connected, and "open" where a stream was opened. */
  sent: string[] = [];
  received: string[] = [];

  constructor(password = passwordOf(alice)) {
    this.#password = password;
  }

  get client(): Client {
    assert.ok(this.#client !== undefined, "connected");
    return this.#client;
  }

  /** Another connection; with `state` of the one before, to resume its stream. */
  async connect(service: string, state?: Client): Promise<void> {
    this.sent = [];
    this.received = [];
    const next = client({
      service,
      domain: "ours.test",
      resource: "lab",
      credentials: async (authenticate, mechanisms) => {
        const credentials = { username: "alice", password: this.#password, token: this.token };
        await authenticate(credentials, mechanisms[0] ?? "", xml("user-agent", { id: phone }));
      },
    });
    this.#client = next;
    next.reconnect.stop();
    next.timeout = stepMsMax;
    Object.assign(partOf(next, "fast"), {
      saveToken: async (token: FastToken) => {
        this.token = token;
      },
    });
    if (state !== undefined) {
      const { id, inbound, outbound } = partOf(state, "streamManagement");
      Object.assign(next.streamManagement, { id, inbound, outbound });
    }
    next.on("open", () => this.sent.push("open"));
    next.on("send", (element: unknown) => this.sent.push(String(element)));
    next.on("element", (element: unknown) => this.received.push(String(element)));
    next.on("error", () => undefined);
    const online = Promise.withResolvers<void>();
    next.once("online", () => online.resolve());
    next.streamManagement.once("resumed", () => online.resolve());
    await inTime(Promise.race([online.promise, next.start().then(() => online.promise)]), () =>
      this.received.join("\n"),
    );
  }

  /** Goes away without a word. */
  async cut(): Promise<Client> {
    const left = this.client;
    left.socket?.socket?.destroy();
    await left.disconnect().catch(() => undefined);
    return left;
  }

  /** By which mechanisms it tried to log in. */
  get mechanisms(): readonly string[] {
    return this.sent.flatMap((text) => /^<authenticate [^>]*mechanism="([^"]+)"/u.exec(text)?.[1] ?? []);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cut();
  }
}

/** What xmpp.js has and does not declare. */
function partOf(of: Client, name: string): Record<string, unknown> {
  const part: unknown = Reflect.get(of, name);
  assert.ok(typeof part === "object" && part !== null, `xmpp.js has ${name}`);
  return Object.assign(part);
}

// Only where the server under test can do it: no test is made for others.
if (target.name === "balcony") {
  const server = await LabServer.start({ name: "at-once", users: [alice, bob] });
  after(async () => await server[Symbol.asyncDispose]());

  const services = [
    ["STARTTLS", startTlsService],
    ["direct TLS", directTlsService],
  ] as const;
  for (const [transport, service] of services)
    describe(`xmpp.js over ${transport}`, () => {
      test("logs in by SCRAM, binds and enables stream management in one, and gets a token", async () => {
        await using device = new Device();
        await device.connect(service);
        assert.match(String(device.client.jid), /^alice@ours\.test\/lab\/./);
        assert.deepEqual(device.mechanisms, ["SCRAM-SHA-1"]);
        assert.equal(device.client.streamManagement.enabled, true);
        assert.equal(device.token?.mechanism, "HT-SHA-256-NONE");
        assert.doesNotMatch(device.sent.join("\n"), /xmpp-bind/);
      });

      test("comes back by its token: one request behind the header, and the same resource", async () => {
        await using device = new Device();
        await device.connect(service);
        const jid = String(device.client.jid);
        await device.cut();
        await device.connect(service);
        assert.deepEqual(device.mechanisms, ["HT-SHA-256-NONE"]);
        assert.equal(String(device.client.jid), jid);
        // Of the stream that TLS protects.
        const last = device.sent.slice(device.sent.lastIndexOf("open") + 1);
        assert.equal(last.length, 1, last.join("\n"));
      });

      test("takes up its stream by its token, in one request", async () => {
        await using device = new Device();
        await device.connect(service);
        const jid = String(device.client.jid);
        const before = await device.cut();
        await device.connect(service, before);
        assert.deepEqual(device.mechanisms, ["HT-SHA-256-NONE"]);
        const success = device.received.find((text) => text.startsWith("<success") && text.includes(NS_SASL2)) ?? "";
        assert.match(success, /<resumed /);
        assert.equal(String(device.client.jid), jid);
      });

      test("comes back by its token after a restart of the server", async () => {
        await using device = new Device();
        await device.connect(service);
        await device.cut();
        await server.restart();
        await device.connect(service);
        assert.deepEqual(device.mechanisms, ["HT-SHA-256-NONE"]);
      });

      test("falls back to its password when the token is good no more, and gets another", async () => {
        await using device = new Device();
        await device.connect(service);
        await device.cut();
        const old: FastToken | undefined = device.token;
        assert.ok(old !== undefined);
        device.token = { ...old, token: `${old.token}x` };
        await device.connect(service);
        assert.deepEqual(device.mechanisms, ["HT-SHA-256-NONE", "SCRAM-SHA-1"]);
        assert.match(device.received.join("\n"), new RegExp(`<token [^>]*${NS_FAST}`, "u"));
        assert.notEqual(device.token.token, `${old.token}x`);
      });
    });

  test("xmpp.js that was cut off resumes by itself, by its token in one round trip; the end of its password is the end of the token", async () => {
    await using proxy = await CutProxy.atServer();
    const service = `xmpp://ours.test:${cutPort}`;
    await using a = new XmppJsPeer({ jid: alice, service, device: "0b3d5c1e-0000-4000-8000-00000000000a" });
    await a.start();
    const first = a.wire.splice(0);
    assert.ok(sent(first, "<authenticate ").includes("SCRAM-SHA-1"));
    assert.match(received(first, "<success "), /<bound [^]*<token /);
    assert.deepEqual(
      first.filter((line) => line.includes("urn:ietf:params:xml:ns:xmpp-bind") && line.startsWith(">")),
      [],
    );
    assert.ok(a.client.streamManagement.enabled);
    await a.client.send(xml("presence"));
    const own = a.jid;

    await using b = await SlixmppPeer.online({ jid: bob });
    const resumed = a.happens(a.client.streamManagement, "resumed");
    proxy.refuse(true);
    proxy.cut();
    await b.order("message", { to: own, body: "during the cut" });
    await b.order("ping", { jid: "ours.test" });
    a.wire.splice(0);
    proxy.refuse(false);
    await resumed;
    await a.message("during the cut");
    const second = a.wire.splice(0);
    assert.match(sent(second, "<authenticate "), /mechanism="HT-SHA-256-NONE"[^]*<initial-response>[^]*<resume /);
    assert.match(received(second, "<success "), /<resumed /);
    assert.ok(!second.some((line) => line.startsWith("< <challenge")), "one round trip, without a challenge");
    assert.equal(a.jid, own);

    await using other = await SlixmppPeer.online({ jid: alice });
    const change =
      "<query xmlns='jabber:iq:register'><username>alice</username><password>another one</password></query>";
    await other.order("iq", { to: "ours.test", type: "set", xml: change });
    // The server ends the session, and says why; it is after that that the token is tried.
    assert.match(await a.receives("<stream:error>"), /<not-authorized /);
    const refusal = await a.receives("<failure ");
    assert.match(sent(a.wire, "<authenticate "), /mechanism="HT-SHA-256-NONE"/);
    assert.match(refusal, /not-authorized|credentials-expired/);
  });
}

function sent(wire: readonly string[], begin: string): string {
  return wire.find((line) => line.startsWith(`> ${begin}`)) ?? assert.fail(`${begin} was not sent: ${wire.join("\n")}`);
}

function received(wire: readonly string[], begin: string): string {
  return wire.find((line) => line.startsWith(`< ${begin}`)) ?? assert.fail(`no ${begin}: ${wire.join("\n")}`);
}
