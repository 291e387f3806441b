import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NS_CLIENT, NS_STANZAS } from "#protocol/xml/namespaces.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { startNeighbours, type Neighbours } from "#testing/scenario/neighbours.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { defaultFederationLimits, type FederationLimits } from "./federation-limits.ts";

const romeo = "romeo@montague.example";
const mercutio = "mercutio@montague.example";
const juliet = "juliet@capulet.example";

function chat(to: string, body: string): string {
  return `<message to='${to}' type='chat' id='x'><body>${body}</body></message>`;
}

function conditionOf(stanza: XmlElement): string | undefined {
  const error = stanza.child(NS_CLIENT, "error");
  return error?.elements().find(({ ns, name }) => ns === NS_STANZAS && name !== "text")?.name;
}

/** The neighbours, romeo and mercutio at one of them, and so many domains whose servers let nobody in and turn nobody away. */
async function beforeDeadDomains(
  count: number,
  limits: Partial<FederationLimits> = {},
): Promise<{
  readonly neighbours: Neighbours;
  readonly orchard: ScriptedClient;
  readonly domains: readonly string[];
}> {
  const neighbours = await startNeighbours({
    accounts: [romeo, mercutio, juliet],
    settings: { federation: { ...defaultFederationLimits, ...limits } },
  });
  const { network, montague } = neighbours;
  const domains = Array.from({ length: count }, (_, number) => `d${number}.example`);
  network.add({ domains, address: "203.0.113.67", core: () => undefined });
  for (const domain of domains) network.set(domain, "hangs");
  return { neighbours, orchard: await montague.login(`${romeo}/orchard`), domains };
}

/** Whether what somebody else of the same host writes arrives at once. */
async function mercutioIsHeard({ montague, capulet }: Neighbours): Promise<boolean> {
  const street = await montague.login(`${mercutio}/street`);
  const balcony = await capulet.login(`${juliet}/balcony`);
  await balcony.sendText("<presence/>");
  balcony.ignoreAll();
  await street.sendText(chat(juliet, "a plague"));
  return balcony.pending.some((stanza) => stanza.attr("from")?.startsWith(mercutio));
}

describe("A36 one user who writes to many domains", () => {
  test("A36 who writes to many domains has us connect to a few of them at a time", async () => {
    const { neighbours, orchard, domains } = await beforeDeadDomains(200, { dialsMax: 8, pairsMax: 50 });
    await using _ = neighbours;
    const { montague, network, env } = neighbours;
    for (const domain of domains) await orchard.sendText(chat(`x@${domain}`, "spam"));
    assert.equal(network.dialled.length, 4);
    assert.equal(orchard.pending.length, 187);
    for (const stanza of orchard.pending) assert.equal(conditionOf(stanza), "resource-constraint");
    await env.advance(29_000);
    assert.equal(network.dialled.length, 4);
    await env.advance(91_000);
    assert.ok(network.dialled.length <= 5 * 8);
    assert.equal(orchard.pending.length, 200);
    // And it is all forgotten.
    await env.advance(600_000);
    assert.equal(montague.core.federation?.routes.size, 0);
  });

  test("A36 has us connect to ten thousand dead ones a few at a time, and nobody else waits for that", async () => {
    const { neighbours, orchard, domains } = await beforeDeadDomains(10_000);
    await using _ = neighbours;
    const { network } = neighbours;
    await orchard.sendText(domains.map((domain) => chat(`x@${domain}`, "spam")).join(""));
    await neighbours.env.advance(1_000);
    assert.ok(network.dialled.length <= 32, `${network.dialled.length} connections`);
    assert.ok(orchard.pending.length >= 5_000, `${orchard.pending.length} came back`);
    assert.ok(await mercutioIsHeard(neighbours));
    assert.deepEqual(
      [...(neighbours.montague.core.federation?.routes ?? [])].filter(({ stream }) => stream !== undefined).length,
      1,
    );
  });

  test("A36 does not fill what may wait for all", async () => {
    const { neighbours, orchard, domains } = await beforeDeadDomains(30, { queueTotalBytesMax: 100_000 });
    await using _ = neighbours;
    for (const domain of domains) await orchard.sendText(chat(`x@${domain}`, "spam".repeat(2_000)));
    const waiting = neighbours.montague.core.federation?.waiting.bytes ?? Infinity;
    assert.ok(waiting <= 25_000, `${waiting} bytes wait`);
    assert.ok(await mercutioIsHeard(neighbours));
    await neighbours.env.advance(120_000);
    assert.equal(orchard.pending.length, 30);
    assert.equal(neighbours.montague.core.federation?.waiting.bytes, 0);
  });
});
