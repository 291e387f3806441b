import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { serialize } from "#protocol/xml/serialize.ts";
import { startNeighbours, type Neighbours } from "#testing/scenario/neighbours.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { ScriptedServer, type ScriptedPeer } from "#testing/scenario/scripted-server.ts";

const romeo = "romeo@montague.example";
const from = "from='iago@venice.example'";
const stanzas = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
const roster = "<query xmlns='jabber:iq:roster'><item jid='evil@venice.example' subscription='both'/></query>";

/** What a stranger's server sends on a stream of both directions, and the type of the answer; none of romeo's sessions hears of it. */
const rows: readonly (readonly [name: string, sent: string, answer: "" | "error" | "unsubscribed"])[] = [
  [
    "A13 an error for an account",
    `<message ${from} to='${romeo}' type='error'><error type='cancel'><gone ${stanzas}/></error></message>`,
    "",
  ],
  ["A13 an error for nobody", `<message ${from} to='nobody@montague.example' type='error'/>`, ""],
  ["A13 an error for a session that is gone", `<iq ${from} to='${romeo}/gone' type='error' id='1'/>`, ""],
  ["A13 a result for nobody", `<iq ${from} to='nobody@montague.example' type='result' id='1'/>`, ""],
  ["A13 a result that the host has not asked for", `<iq ${from} to='montague.example' type='result' id='1'/>`, ""],
  ["A13 presence for nobody", `<presence ${from} to='nobody@montague.example'/>`, ""],
  ["A13 a leave for a session that is gone", `<presence ${from} to='${romeo}/gone' type='unavailable'/>`, ""],
  ["A38 a contact that nobody has asked for", `<presence ${from} to='${romeo}' type='subscribed'/>`, ""],
  ["A38 a roster push to a session", `<iq ${from} to='${romeo}/0' type='set' id='1'>${roster}</iq>`, "error"],
  [
    "A38 a roster push of a domain",
    `<iq from='venice.example' to='${romeo}' type='set' id='1'>${roster}</iq>`,
    "error",
  ],
  [
    "A38 a question for the roster",
    `<iq ${from} to='${romeo}' type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>`,
    "error",
  ],
  [
    "A38 a question for the archive",
    `<iq ${from} to='${romeo}' type='set' id='1'><query xmlns='urn:xmpp:mam:2'/></iq>`,
    "error",
  ],
  [
    "A38 a request for copies",
    `<iq ${from} to='${romeo}' type='set' id='1'><enable xmlns='urn:xmpp:carbons:2'/></iq>`,
    "error",
  ],
  ["A36 a probe of a stranger", `<presence ${from} to='${romeo}' type='probe'/>`, "unsubscribed"],
  ["A36 a probe of nobody", `<presence ${from} to='nobody@montague.example' type='probe'/>`, "unsubscribed"],
  [
    "A36 a long message to nobody",
    `<message ${from} to='nobody@montague.example' id='1'><body>${"x".repeat(5_000)}</body></message>`,
    "error",
  ],
];

describe("what another server sends that nobody wants", () => {
  let neighbours: Neighbours;
  let peer: ScriptedPeer;
  const sessions: ScriptedClient[] = [];
  before(async () => {
    neighbours = await startNeighbours({ federation: { bidirectional: true } });
    const { network, env, montague } = neighbours;
    const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
    for (let i = 0; i < 8; i += 1) {
      const session = await montague.login(`${romeo}/${i}`);
      await session.sendText(`<presence><status>${"x".repeat(2_000)}</status></presence>`);
      sessions.push(session);
    }
    peer = venice.connect("montague.example");
    await peer.authenticate("venice.example", "montague.example", "bidirectional");
  });
  after(() => neighbours[Symbol.asyncDispose]());
  for (const [name, sent, answer] of rows)
    test(`${name} is ${answer === "" ? "not answered" : "answered once, and with less than twice its length and 200"}`, async () => {
      peer.ignoreAll();
      for (const session of sessions) session.ignoreAll();
      await peer.sendText(sent);
      assert.deepEqual(
        peer.pending.map((element) => element.attr("type")),
        answer === "" ? [] : [answer],
      );
      const bytes = peer.pending.reduce((sum, element) => sum + serialize(element).length, 0);
      assert.ok(bytes < 2 * sent.length + 200, `${bytes} bytes`);
      for (const session of sessions) session.receivesNothing();
    });
});
