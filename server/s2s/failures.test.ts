import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NS_CLIENT, NS_STANZAS } from "#protocol/xml/namespaces.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import type { Reachability } from "#testing/scenario/memory-network.ts";
import { startNeighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer } from "#testing/scenario/scripted-server.ts";
import { defaultFederationLimits } from "./federation-limits.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

/** The next stanza must be an error: its type and condition. */
function errorOf(client: ScriptedClient): string {
  const error = client.next().child(NS_CLIENT, "error");
  const condition = error?.elements().find(({ ns, name }) => ns === NS_STANZAS && name !== "text");
  return `${error?.attr("type")} ${condition?.name}`;
}

function chat(to: string, body: string): string {
  return `<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`;
}

describe("S6 the error tells what is wrong with the other server", () => {
  const cases: readonly (readonly [Reachability, string, number, string])[] = [
    ["not-found", "cancel remote-server-not-found", 0, "[rfc6120-8.3.3.16-01] [rfc6120-10.4.3-02]"],
    ["refused", "wait remote-server-timeout", 70_000, "[rfc6120-8.3.3.17-01] [rfc6120-10.4.3-03]"],
    ["hangs", "wait remote-server-timeout", 70_000, "[rfc6120-8.3.3.17-01] [rfc6120-10.4.3-03]"],
  ];
  for (const [reachability, expected, withinMs, ids] of cases)
    test(`a server that is ${reachability}: ${expected} ${ids}`, async () => {
      await using neighbours = await startNeighbours();
      const { montague, network, env } = neighbours;
      network.set("capulet.example", reachability);
      const orchard = await montague.login(`${romeo}/orchard`);
      await orchard.sendText(chat(juliet, "one"));
      await orchard.sendText(`<iq type='get' id='v' to='capulet.example'><query xmlns='jabber:iq:version'/></iq>`);
      await orchard.sendText(`<presence to='${juliet}'/>`);
      await env.advance(withinMs);
      assert.deepEqual([errorOf(orchard), errorOf(orchard), errorOf(orchard)], [expected, expected, expected]);
      orchard.receivesNothing();
      assert.equal(montague.core.federation?.waiting.stanzas, 0);
    });

  test("a clock that is set back does not have anybody wait an hour longer", async () => {
    await using neighbours = await startNeighbours();
    const { montague, network, env } = neighbours;
    network.set("capulet.example", "refused");
    const orchard = await montague.login(`${romeo}/orchard`);
    await orchard.sendText(chat(juliet, "one"));
    await env.advance(2_000);
    env.setClock(-3_600_000);
    await env.advance(68_000);
    assert.equal(errorOf(orchard), "wait remote-server-timeout");
  });

  test("a server whose certificate we want and do not believe: cancel remote-server-timeout", async () => {
    await using neighbours = await startNeighbours({ federation: { security: "certificate" } });
    neighbours.network.unproven.add("capulet.example");
    const orchard = await neighbours.montague.login(`${romeo}/orchard`);
    await orchard.sendText(chat(juliet, "one"));
    assert.equal(errorOf(orchard), "cancel remote-server-timeout");
  });

  test("a domain that the host does not talk to: cancel not-allowed, and nobody is connected to [rfc6120-10.4-01]", async () => {
    await using neighbours = await startNeighbours({
      federation: { admits: (remote) => remote !== "capulet.example" },
    });
    const orchard = await neighbours.montague.login(`${romeo}/orchard`);
    await orchard.sendText(chat(juliet, "one"));
    assert.equal(errorOf(orchard), "cancel not-allowed");
    assert.deepEqual(neighbours.network.dialled, []);
  });

  test("nothing answers to an error or a result that has no way", async () => {
    await using neighbours = await startNeighbours();
    neighbours.network.set("capulet.example", "not-found");
    const orchard = await neighbours.montague.login(`${romeo}/orchard`);
    await orchard.sendText(`<message type='error' to='${juliet}'><body>x</body></message>`);
    await orchard.sendText(`<iq type='result' id='1' to='${juliet}/balcony'/>`);
    orchard.receivesNothing();
  });
});

describe("who writes to a server that is down", () => {
  test("waits while it may come back, and what waits arrives in order when it does", async () => {
    await using neighbours = await startNeighbours();
    const { montague, capulet, network, env } = neighbours;
    const balcony = await capulet.login(`${juliet}/balcony`);
    await balcony.sendText("<presence/>");
    balcony.ignoreAll();
    network.set("capulet.example", "refused");
    const orchard = await montague.login(`${romeo}/orchard`);
    for (let number = 0; number < 5; number += 1) {
      await orchard.sendText(chat(juliet, `${number}`));
      await env.advance(3_000);
    }
    network.set("capulet.example", "reachable");
    await env.advance(30_000);
    assert.deepEqual(
      balcony.pending.map((stanza) => stanza.attr("id")),
      ["0", "1", "2", "3", "4"],
    );
    orchard.receivesNothing();
  });

  test("is told at once after a while, and the server is tried less and less often", async () => {
    await using neighbours = await startNeighbours();
    const { montague, network, env } = neighbours;
    network.set("capulet.example", "refused");
    const orchard = await montague.login(`${romeo}/orchard`);
    await orchard.sendText(chat(juliet, "first"));
    await env.advance(70_000);
    assert.equal(errorOf(orchard), "wait remote-server-timeout");
    const triesWithin = async (ms: number): Promise<number> => {
      const before = network.dialled.length;
      for (let at = 0; at < ms; at += 10_000) {
        await orchard.sendText(chat(juliet, "again"));
        await env.advance(10_000);
      }
      return network.dialled.length - before;
    };
    orchard.ignoreAll();
    await triesWithin(300_000);
    assert.ok((await triesWithin(600_000)) <= 4);
    // Every one was told.
    await env.advance(400_000);
    assert.equal(montague.core.federation?.waiting.stanzas, 0);
    assert.equal(orchard.pending.length, 90);
  });

  test("is told when too much waits, and nothing of it is lost", async () => {
    const limits = { ...defaultFederationLimits, queueStanzasMax: 10 };
    await using neighbours = await startNeighbours({ settings: { federation: limits } });
    const { montague, network, env } = neighbours;
    network.set("capulet.example", "hangs");
    const orchard = await montague.login(`${romeo}/orchard`);
    for (let number = 0; number < 15; number += 1) await orchard.sendText(chat(juliet, `${number}`));
    assert.deepEqual(
      orchard.pending.map((stanza) => stanza.attr("id")),
      ["10", "11", "12", "13", "14"],
    );
    assert.equal(errorOf(orchard), "wait resource-constraint");
    orchard.ignoreAll();
    await env.advance(70_000);
    assert.equal(orchard.pending.length, 10);
  });
});

for (const [verdict, expected, ids] of [
  ["type='invalid'/>", "cancel internal-server-error", "[xep0220-2.1.1-09]"],
  [
    "type='error'><error type='wait'><remote-server-timeout xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:result>",
    "wait remote-server-timeout",
    "[xep0220-2.1.1-11]",
  ],
  [undefined, "wait remote-server-timeout", "[xep0220-2.1.1-07]"],
] as const)
  test(`a key about which another server says ${verdict?.slice(0, 14)} gives the messages back ${ids}`, async () => {
    await using neighbours = await startNeighbours();
    const { montague, network, env } = neighbours;
    const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
    network.unproven.add("venice.example");
    const orchard = await montague.login(`${romeo}/orchard`);
    await orchard.sendText(chat("iago@venice.example", "one"));
    const peer = venice.last;
    const header = "from='venice.example' to='montague.example' id='s1'";
    await peer.answerHeader(header, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>");
    peer.receives("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await peer.sendText("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    await peer.startTls();
    await peer.answerHeader(header, "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>");
    assert.equal(peer.next().name, "result");
    if (verdict !== undefined) await peer.sendText(`<db:result from='venice.example' to='montague.example' ${verdict}`);
    await env.advance(70_000);
    assert.equal(errorOf(orchard), expected);
  });
