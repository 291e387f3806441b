import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NS_STREAMS } from "#protocol/xml/namespaces.ts";
import { domainJid } from "#testing/addresses.ts";
import { component } from "#testing/scenario/components.ts";
import { changePolicy } from "#testing/scenario/federation-policy.ts";
import { startNeighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer, type ScriptedPeer } from "#testing/scenario/scripted-server.ts";
import type { World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";

function conditionOf(peer: ScriptedPeer): string | undefined {
  const error = peer.pending.find(({ name }) => name === "error");
  return error?.elements().find(({ ns }) => ns === NS_STREAMS)?.name;
}

const waysToAdd: readonly (readonly [what: string, add: (world: World) => void])[] = [
  [
    "host",
    ({ core }) =>
      core.addHost({
        domain: domainJid("venice.example"),
        contacts: {},
        enabled: () => true,
        configured: () => undefined,
      }),
  ],
  ["component", ({ core }) => core.components.set(component({ domain: domainJid("venice.example") }))],
  [
    "component with all names below it",
    ({ core }) => core.components.set(component({ domain: domainJid("example"), subdomains: true })),
  ],
];

describe("A35 a domain that becomes ours while the server runs", () => {
  for (const [what, add] of waysToAdd)
    test(`A35 as a ${what}: who was it until then speaks for it no more`, async () => {
      await using neighbours = await startNeighbours({ federation: { bidirectional: true } });
      const { montague, network, env } = neighbours;
      const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
      const orchard = await montague.login(`${romeo}/orchard`);
      await orchard.sendText("<presence/>");
      orchard.ignoreAll();
      const [open, cut, beginning] = [0, 1, 2].map(() => venice.connect("montague.example"));
      assert.ok(open !== undefined && cut !== undefined && beginning !== undefined);
      await open.authenticate("venice.example", "montague.example");
      await cut.authenticate("venice.example", "montague.example");
      await cut.sendText("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
      const id = cut.next().attr("id");
      cut.close();
      await beginning.openSecured("venice.example", "montague.example");
      add(montague);
      await env.settle();
      assert.equal(conditionOf(open), "invalid-from");
      await open.sendText(`<message from='iago@venice.example' to='${romeo}'><body>still me</body></message>`);
      await beginning.sendText("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
      beginning.ignoreAll();
      await beginning.sendHeader("from='venice.example' to='montague.example'");
      await beginning.sendText(`<resume xmlns='urn:xmpp:sm:3' previd='${id}' h='0'/>`);
      await beginning.sendText(`<message from='iago@venice.example' to='${romeo}'><body>still me</body></message>`);
      orchard.receivesNothing();
      assert.equal([...(montague.core.federation?.streams ?? [])].length, 0);
      assert.ok(beginning.streamClosed);
    });

  test("A35 nor for one that talks to no other servers", async () => {
    await using neighbours = await startNeighbours();
    const { verona, network, env } = neighbours;
    changePolicy(verona.core, domainJid("conference.verona.example"), undefined);
    const palace = await verona.login("escalus@verona.example/palace");
    await palace.sendText("<presence/>");
    palace.ignoreAll();
    // Its records in DNS, or a certificate for it, may be in anybody's hands.
    const domains = ["conference.verona.example"];
    const venice = new ScriptedServer(network, () => env.settle(), { domains });
    const peer = venice.connect("verona.example");
    await peer.authenticate("conference.verona.example", "verona.example");
    await peer.sendText(
      "<message from='guard@conference.verona.example' to='escalus@verona.example'><body>x</body></message>",
    );
    palace.receivesNothing();
    assert.equal(conditionOf(peer), "invalid-from");
  });

  test("A35 while its key is being verified, or its certificate checked", async () => {
    await using neighbours = await startNeighbours();
    const { montague, network, env } = neighbours;
    const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
    const { promise, resolve } = Promise.withResolvers<undefined>();
    network.verdictOn = async (_question, verdict) => {
      await promise;
      return verdict;
    };
    const peer = venice.connect("montague.example");
    await peer.openSecured("venice.example", "montague.example").catch(() => undefined);
    montague.core.components.set(component({ domain: domainJid("venice.example") }));
    resolve(undefined);
    await env.settle();
    await peer.sendText("<db:result from='venice.example' to='montague.example'>key</db:result>");
    await peer.sendText("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
    await peer.sendHeader("from='venice.example' to='montague.example'");
    assert.equal([...(montague.core.federation?.streams ?? [])].length, 0);
  });
});
