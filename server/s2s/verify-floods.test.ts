import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { serialize } from "#protocol/xml/serialize.ts";
import { startNeighbours, type Neighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer } from "#testing/scenario/scripted-server.ts";
import { changePolicy } from "#testing/scenario/federation-policy.ts";
import { defaultFederationLimits, type FederationLimits } from "./federation-limits.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const key = (domain: string): string => `<db:result from='${domain}' to='montague.example'>key</db:result>`;

/** The neighbours, whose certificates prove nothing, and a hostile server of these domains. */
async function besieged(
  domains: readonly string[],
  limits: Partial<FederationLimits> = {},
): Promise<{ readonly neighbours: Neighbours; readonly hostile: ScriptedServer }> {
  const neighbours = await startNeighbours({ settings: { federation: { ...defaultFederationLimits, ...limits } } });
  const { network, env } = neighbours;
  for (const domain of ["montague.example", "capulet.example", ...domains]) network.unproven.add(domain);
  return { neighbours, hostile: new ScriptedServer(network, () => env.settle(), { domains }) };
}

/** Whether somebody who is nobody's enemy, and can prove who they are by dialback only, gets through at once. */
async function julietGetsThrough({ montague, capulet }: Neighbours): Promise<boolean> {
  const orchard = await montague.login(`${romeo}/orchard`);
  const balcony = await capulet.login(`${juliet}/balcony`);
  await orchard.sendText("<presence/>");
  orchard.ignoreAll();
  await balcony.sendText(`<message to='${romeo}' id='1'><body>hello</body></message>`);
  return orchard.pending.some((stanza) => stanza.attr("from")?.startsWith(juliet));
}

describe("A36 floods of keys to be verified", () => {
  test("A36 an authoritative server that never answers on a stream that is there holds up others for a time only", async () => {
    const { neighbours, hostile } = await besieged(["venice.example"], { verificationsMax: 4 });
    await using _ = neighbours;
    const outside = await neighbours.montague.login(`${romeo}/outside`);
    await outside.sendText("<message to='iago@venice.example'><body>x</body></message>");
    const authoritative = hostile.last;
    await authoritative.acceptExternal("venice.example", "montague.example", {
      after: "<dialback xmlns='urn:xmpp:features:dialback'/>",
    });
    authoritative.ignoreAll();
    for (let i = 0; i < 6; i += 1) {
      const peer = hostile.connect("montague.example");
      await peer.openSecured("venice.example", "montague.example");
      await peer.sendText(key("venice.example"));
      peer.close();
    }
    assert.ok(authoritative.pending.some(({ name }) => name === "verify"));
    await neighbours.env.advance(31_000);
    assert.ok(await julietGetsThrough(neighbours));
  });

  test("A36 one address that has many domains looked for keeps nobody else from being verified", async () => {
    const domains = Array.from({ length: 300 }, (_unused, number) => `d${number}.venice.example`);
    const { neighbours, hostile } = await besieged(domains);
    await using _ = neighbours;
    for (const domain of domains) neighbours.network.set(domain, "hangs");
    let refused = 0;
    for (let stream = 0; stream < 20; stream += 1) {
      const peer = hostile.connect("montague.example");
      await peer.openSecured("d0.venice.example", "montague.example");
      for (const domain of domains.slice(stream * 15, stream * 15 + 15)) await peer.sendText(key(domain));
      refused += peer.pending.filter((element) => serialize(element).includes("<resource-constraint")).length;
    }
    assert.equal(refused, 300 - defaultFederationLimits.verificationsPerAddressMax);
    assert.ok(neighbours.network.dialled.length <= 32, `${neighbours.network.dialled.length} connections`);
    assert.ok(await julietGetsThrough(neighbours));
  });

  test("A36 a key is not shown to a server over a stream that would not do for the host it is about", async () => {
    const neighbours = await startNeighbours();
    await using _ = neighbours;
    const { network, env, montague } = neighbours;
    for (const domain of ["venice.example", "montague.example", "verona.example"]) network.unproven.add(domain);
    const domains = ["venice.example"];
    const venice = new ScriptedServer(network, () => env.settle(), { domains });
    // The host of verona wants no TLS, the one of its conference does.
    const policy = { admits: () => true, bidirectional: false };
    const core = neighbours.verona.core;
    const [verona, conference] = [...core.hosts.keys()];
    assert.ok(verona !== undefined && conference !== undefined);
    changePolicy(core, verona, { ...policy, security: "plain" });
    changePolicy(core, conference, { ...policy, security: "dialback" });
    const escalus = await neighbours.verona.login("escalus@verona.example/palace");
    await escalus.sendText("<message to='iago@venice.example'><body>x</body></message>");
    const clear = venice.last;
    const header = "from='venice.example' to='verona.example' id='s1'";
    await clear.answerHeader(header, "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>");
    await clear.sendText("<db:result from='venice.example' to='verona.example' type='valid'/>");
    clear.ignoreAll();
    const peer = venice.connect("verona.example");
    await peer.openSecured("venice.example", "conference.verona.example");
    await peer.sendText("<db:result from='venice.example' to='conference.verona.example'>key</db:result>");
    assert.deepEqual(
      clear.pending.map((element) => serialize(element)),
      [],
    );
    void montague;
  });
});
