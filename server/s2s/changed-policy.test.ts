import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_CLIENT, NS_STANZAS, NS_STREAMS } from "#protocol/xml/namespaces.ts";
import { domainJid } from "#testing/addresses.ts";
import { changePolicy } from "#testing/scenario/federation-policy.ts";
import { startNeighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer } from "#testing/scenario/scripted-server.ts";

const romeo = "romeo@montague.example";

test("s2s: a domain that is blocked while it talks with us is left at once, and nothing more goes there [rfc6120-10.4-01]", async () => {
  await using neighbours = await startNeighbours({ federation: { bidirectional: true } });
  const { montague, network, env } = neighbours;
  const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
  const orchard = await montague.login(`${romeo}/orchard`);
  await orchard.sendText("<presence/>");
  const peer = venice.connect("montague.example");
  await peer.authenticate("venice.example", "montague.example");
  await orchard.sendText("<message to='iago@venice.example' id='waits'><body>x</body></message>");
  orchard.ignoreAll();
  const dialled = network.dialled.length;
  changePolicy(montague.core, domainJid("montague.example"), {
    security: "dialback",
    bidirectional: true,
    admits: (remote) => remote !== "venice.example",
  });
  await env.settle();
  const error = peer.pending.find(({ name }) => name === "error");
  assert.equal(error?.elements().find(({ ns }) => ns === NS_STREAMS)?.name, "policy-violation");
  await peer.sendText(`<message from='iago@venice.example' to='${romeo}'><body>still here</body></message>`);
  await orchard.sendText("<message to='iago@venice.example' id='new'><body>x</body></message>");
  await env.advance(70_000);
  assert.deepEqual(
    orchard.pending.map((stanza) => {
      const told = stanza.child(NS_CLIENT, "error")?.elements();
      return `${stanza.attr("id")} ${told?.find(({ ns, name }) => ns === NS_STANZAS && name !== "text")?.name}`;
    }),
    ["waits not-allowed", "new not-allowed"],
  );
  assert.equal(network.dialled.length, dialled);
  assert.equal([...(montague.core.federation?.streams ?? [])].length, 0);
  assert.equal(montague.core.federation?.routes.size, 0);
});
