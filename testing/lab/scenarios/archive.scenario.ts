import assert from "node:assert/strict";
import { after, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { LabServer, target } from "../lab.ts";
import { goSendxmpp } from "../peers/go-sendxmpp.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { xml, XmppJsPeer } from "../peers/xmpp-js.ts";

const mamNs = "urn:xmpp:mam:2";
const rsmNs = "http://jabber.org/protocol/rsm";
const users = ["alice", "bob", "carol", "dave", "erin", "frank"].map((name) => `${name}@ours.test`);
const [alice = "", bob = "", carol = "", dave = "", erin = "", frank = ""] = users;
const server = await LabServer.start({ name: "archive", users });
after(async () => await server[Symbol.asyncDispose]());

interface Archived {
  readonly id: string;
  readonly at: string;
  readonly from: string;
  readonly to: string;
  readonly body: string;
}

test("slixmpp: who logs in anew pages through the conversation, both sides of it, each message once, forwards and backwards", async () => {
  const talk = Array.from({ length: 25 }, (_, index) => `line ${index} of the talk`);
  const ids = new Map<string, unknown>();
  {
    await using a = await SlixmppPeer.online({ jid: alice });
    await using b = await SlixmppPeer.online({ jid: bob });
    await a.available();
    await b.available();
    for (const [index, body] of talk.entries()) {
      const [from, to, address] = index % 2 === 0 ? [a, b, bob] : [b, a, alice];
      await from.order("message", { to: address, body });
      const heard = await to.event("message", (event) => event["body"] === body);
      ids.set(body, stanzaId(String(heard["xml"]), address));
    }
    await a.logOut();
    await b.logOut();
  }
  for (const [jid, other] of [
    [alice, bob],
    [bob, alice],
  ] as const) {
    await using peer = await SlixmppPeer.online({ jid: `${jid}/new-device` });
    const forwards = await history(peer, { page: 10 });
    assert.deepEqual(bodies(forwards), talk);
    assert.equal(new Set(forwards.map(({ id }) => id)).size, talk.length, "ids are unique");
    // As numbers: a whole second is written without a fraction.
    const times = forwards.map(({ at }) => Date.parse(at));
    assert.deepEqual(
      times,
      times.toSorted((one, other) => one - other),
      "times do not go back",
    );
    for (const { id, to, body } of forwards)
      if (to.startsWith(jid)) assert.equal(id, ids.get(body), "it came with the id that it has in the archive");
    assert.deepEqual(await history(peer, { page: 10, with_jid: other }), forwards);
    // slixmpp puts the messages of each page back into the order in which they were sent, last page first.
    const backwards = await history(peer, { page: 10, reverse: true });
    assert.deepEqual(bodies(backwards).toSorted(), talk.toSorted());
    assert.equal(backwards[0]?.body, talk.at(-1));
    const { start, end } = asRecord(await peer.order("archive_metadata"));
    assert.deepEqual([start, end], [forwards[0]?.id, forwards.at(-1)?.id]);
  }
});

test("slixmpp: only messages with one contact, or of one time, are asked for", async () => {
  await using c = await SlixmppPeer.online({ jid: carol });
  await c.order("message", { to: dave, body: "to Dave" });
  await c.order("message", { to: bob, body: "to Bob" });
  await c.order("message", { to: dave, body: "to Dave again" });
  const all = await history(c);
  assert.deepEqual(bodies(all), ["to Dave", "to Bob", "to Dave again"]);
  assert.deepEqual(bodies(await history(c, { with_jid: dave })), ["to Dave", "to Dave again"]);
  assert.deepEqual(bodies(await history(c, { with_jid: alice })), []);
  assert.deepEqual(bodies(await history(c, { end: "2001-01-01T00:00:00Z" })), []);
  assert.deepEqual(bodies(await history(c, { start: "2001-01-01T00:00:00Z" })), bodies(all));
});

test("go-sendxmpp sends, the server is started anew, xmpp.js and slixmpp read it on both sides", async () => {
  const body = "from a script, kept 🌿";
  const { code, output } = await goSendxmpp({ jid: dave }, erin, body);
  assert.equal(code, 0, output);
  {
    await using d = await SlixmppPeer.online({ jid: dave });
    await d.archived(body);
  }
  await server.restart();
  await using e = new XmppJsPeer({ jid: erin });
  await e.start();
  await e.client.send(
    xml("iq", { type: "set", id: "history" }, xml("query", { xmlns: mamNs }, xml("set", { xmlns: rsmNs }))),
  );
  const result = await e.stanza((stanza) => stanza.getChild("result", mamNs) !== undefined);
  const forwarded = result.getChild("result", mamNs)?.getChild("forwarded", "urn:xmpp:forward:0");
  assert.equal(forwarded?.getChild("message")?.getChildText("body"), body);
  assert.match(forwarded?.getChild("delay", "urn:xmpp:delay")?.attrs["stamp"] ?? "", /^\d{4}-\d\d-\d\dT/);
  const fin = (await e.stanza((stanza) => stanza.attrs["id"] === "history")).getChild("fin", mamNs);
  assert.equal(fin?.attrs["complete"], "true");
  await using d = await SlixmppPeer.online({ jid: dave });
  assert.deepEqual(bodies(await history(d, { with_jid: erin })), [body]);
});

test("what is not for the archive is not in it: headlines, typing, what asks not to be stored", async () => {
  await using e = await SlixmppPeer.online({ jid: erin });
  const before = bodies(await history(e));
  await e.order("message", { to: frank, body: "breaking news", type: "headline" });
  const chat = (child: string) => `<message to='${frank}' type='chat'>${child}</message>`;
  await e.order("raw", { xml: chat("<composing xmlns='http://jabber.org/protocol/chatstates'/>") });
  await e.order("raw", { xml: chat("<body>off the record</body><no-store xmlns='urn:xmpp:hints'/>") });
  await e.order("message", { to: frank, body: "on the record" });
  assert.deepEqual(bodies(await history(e)), [...before, "on the record"]);
});

// The others begin with another default.
if (target.name === "balcony") {
  test("XEP-0441: with a preference for never, nothing is kept for who prefers so, and the other's copy stays", async () => {
    await using f = await SlixmppPeer.online({ jid: frank });
    assert.deepEqual(await f.order("archive_preferences"), { default: "always", always: [], never: [] });
    const wanted = { default: "always", always: [], never: [bob] };
    await f.order("archive_preferences_set", wanted);
    assert.deepEqual(await f.order("archive_preferences"), wanted);
    await f.order("message", { to: bob, body: "between us" });
    assert.ok(!bodies(await history(f)).includes("between us"));
    await using b = await SlixmppPeer.online({ jid: bob });
    assert.deepEqual(bodies(await history(b, { with_jid: frank })), ["between us"]);
  });
}

// Others have rules of their own about the one, and nothing of the other.
if (target.name === "balcony") {
  test("offline and archive agree: who has read its archive before it is available gets none of it again, who reads none gets it all", async () => {
    const waiting = ["waiting, one", "waiting, two"];
    for (const reads of [true, false]) {
      await using e = await SlixmppPeer.online({ jid: erin });
      for (const body of waiting) await e.order("message", { to: alice, body });
      await e.order("ping", { jid: "ours.test" });
      await using a = await SlixmppPeer.online({ jid: alice });
      if (reads) assert.deepEqual(bodies(await history(a, { with_jid: erin })).slice(-2), waiting);
      await a.available();
      await a.order("ping", { jid: "ours.test" });
      // Pages of an archive are messages without a body of their own.
      const flooded = a.seen("message").flatMap(({ body }) => (typeof body === "string" && body !== "" ? [body] : []));
      assert.deepEqual(flooded, reads ? [] : waiting);
    }
  });

  test("XEP-0431: xmpp.js finds the one message with a rare word, without regard to case and accents", async () => {
    await using d = await SlixmppPeer.online({ jid: dave });
    await d.order("message", { to: erin, body: "Meet me at the Caf\u00e9 Zephyrin" });
    await d.order("message", { to: erin, body: "or somewhere else" });
    await using e = new XmppJsPeer({ jid: erin });
    await e.start();
    const field = (name: string, value: string) => xml("field", { var: name }, xml("value", {}, value));
    const form = xml(
      "x",
      { xmlns: "jabber:x:data", type: "submit" },
      field("FORM_TYPE", mamNs),
      field("{urn:xmpp:fulltext:0}fulltext", "cafe zephyrin"),
    );
    // It may take a second until a text can be found.
    for (let turn = 0; ; turn += 1) {
      assert.ok(turn < 60, "the text cannot be found");
      const id = `search${turn}`;
      await e.client.send(xml("iq", { type: "set", id }, xml("query", { xmlns: mamNs, queryid: id }, form)));
      await e.stanza((stanza) => stanza.attrs["id"] === id && stanza.getChild("fin", mamNs) !== undefined);
      const found = e.seen.flatMap((stanza) => {
        const result = stanza.getChild("result", mamNs);
        const message = result?.getChild("forwarded", "urn:xmpp:forward:0")?.getChild("message");
        return result?.attrs["queryid"] === id ? [message?.getChildText("body")] : [];
      });
      if (found.length > 0) {
        assert.deepEqual(found, ["Meet me at the Caf\u00e9 Zephyrin"]);
        break;
      }
      await sleep(500);
    }
  });
}

test("nobody reads another's archive", async () => {
  await using b = await SlixmppPeer.online({ jid: bob });
  const query = { to: alice, type: "set", xml: `<query xmlns="${mamNs}"/>` };
  await assert.rejects(b.order("iq", query), /forbidden|service-unavailable|not-allowed/);
});

async function history(peer: SlixmppPeer, query: Readonly<Record<string, unknown>> = {}): Promise<readonly Archived[]> {
  const found = await peer.order("archive", query);
  assert.ok(Array.isArray(found));
  return found.map((entry: unknown) => {
    const { id, at, from, to, body } = asRecord(entry);
    return { id: String(id), at: String(at), from: String(from), to: String(to), body: String(body) };
  });
}

function bodies(found: readonly Archived[]): readonly string[] {
  return found.map(({ body }) => body);
}

/** The id that the account of this address has given a message. XEP-0359 §3. */
function stanzaId(text: string, by: string): string | undefined {
  const tag = [...text.matchAll(/<stanza-id [^>]*>/g)].map(([found]) => found).find((found) => found.includes(by));
  return tag === undefined ? undefined : / id=["']([^"']*)/.exec(tag)?.[1];
}

function asRecord(value: unknown): Readonly<Record<string, unknown>> {
  assert.ok(typeof value === "object" && value !== null);
  return { ...value };
}
