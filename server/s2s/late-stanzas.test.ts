import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { startNeighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer } from "#testing/scenario/scripted-server.ts";
import { defaultFederationLimits } from "./federation-limits.ts";

const idleMsMax = 20_000;

for (const [name, managed, arrives] of [
  ["is taken where nobody counts it [rfc6120-4.4-01]", false, true],
  ["is not taken where it is counted: its server was told what we have, and sends it again", true, false],
] as const)
  test(`what another server has said when our closing tag reaches it ${name}`, async () => {
    const federation = { ...defaultFederationLimits, idleMsMax };
    await using neighbours = await startNeighbours({ settings: { federation } });
    const { montague, network, env } = neighbours;
    const orchard = await montague.login("romeo@montague.example/orchard");
    await orchard.sendText("<presence/>");
    orchard.ignoreAll();
    const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
    const peer = venice.connect("montague.example");
    await peer.authenticate("venice.example", "montague.example");
    if (managed) await peer.sendText(`<enable xmlns='${NS_SM}'/>`);
    for (let seconds = 0; seconds < 30 && !peer.streamClosed; seconds += 1) await env.advance(1_000);
    assert.equal(peer.streamClosed, true);
    const message = (id: string, from: string): string =>
      `<message from='${from}' to='romeo@montague.example' type='chat' id='${id}'><body>x</body></message>`;
    // Also what it must not say changes nothing any more.
    await peer.sendText(message("one", "iago@venice.example") + message("two", "juliet@capulet.example"));
    await peer.sendText(`${message("three", "iago@venice.example")}</stream:stream>`);
    assert.deepEqual(
      orchard.pending.map((stanza) => stanza.attr("id")),
      arrives ? ["one", "three"] : [],
    );
    await env.advance(5_000);
    assert.deepEqual([peer.connectionClosed, montague.core.federation?.links.size], [true, 0]);
  });
