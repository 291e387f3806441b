import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { befriend, instantMessaging } from "#testing/scenario/contacts.ts";
import type { ServerModule } from "#kit/server-module.ts";
import { arrives, presenceWitness } from "#testing/scenario/subscriptions.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";
const mercutio = "mercutio@montague.example";
const accounts = [juliet, romeo, mercutio];

/** Juliet's balcony and Romeo's orchard, who see each other, and a witness of what arrives. */
async function friends() {
  const { module, arrivals } = presenceWitness();
  const world = await startWorld({ accounts, modules: [...instantMessaging, module] });
  const balcony = await world.login(`${juliet}/balcony`);
  const orchard = await world.login(`${romeo}/orchard`);
  await befriend(balcony, orchard);
  return { world, balcony, orchard, arrivals };
}

function probe(world: World, from: string, to: string): Promise<void> {
  return arrives(world, { from, to, type: "probe", id: "probe1" });
}

describe("a contact's server asks (RFC 6121 §4.3.2)", () => {
  test("and is told the whole last presence of every resource, with its own id [rfc6121-4.3.2-09] [rfc6121-4.3.2.1-01] [rfc6121-8.5.2.1.2-03]", async () => {
    const { world, balcony, orchard } = await friends();
    await using _ = world;
    const chamber = await world.login(`${juliet}/chamber`);
    await balcony.sendText("<presence id='pres1'><show>dnd</show><status>busy!</status></presence>");
    await chamber.sendText("<presence id='pres2'><show>away</show><x xmlns='urn:example'/></presence>");
    // Directed presence is not what the account said to all.
    await chamber.sendText(`<presence to='${mercutio}' id='pres3'/>`);
    orchard.ignoreAll();
    await probe(world, romeo, juliet);
    orchard.receives(
      `<presence id='pres1' from='${juliet}/balcony' to='${romeo}'><show>dnd</show><status>busy!</status></presence>`,
    );
    orchard.receives(
      `<presence id='pres2' from='${juliet}/chamber' to='${romeo}'><show>away</show><x xmlns='urn:example'/></presence>`,
    );
    orchard.receivesNothing();
  });

  test("and is told when the last resource left, and no details [rfc6121-4.3.2-06] [rfc6121-4.3.2-07] [rfc6121-4.3.2-08] [rfc6121-4.3.2.1-02] [rfc6121-8.5.2.2.2-03]", async () => {
    const { world, balcony, orchard } = await friends();
    await using _ = world;
    await balcony.sendText("<presence type='unavailable' id='pres4'><status>Adieu</status></presence>");
    await balcony.close();
    await world.advance(3_600_000);
    orchard.ignoreAll();
    await probe(world, romeo, juliet);
    orchard.receives(
      `<presence type='unavailable' id='probe1' from='${juliet}' to='${romeo}'>` +
        `<delay xmlns='urn:xmpp:delay' stamp='2026-01-01T00:00:00Z'/></presence>`,
    );
    orchard.receivesNothing();
  });

  test("about one resource, and learns that it is there and no more [rfc6121-4.3.2-10] [rfc6121-4.3.2-11] [rfc6121-8.5.3.1-06] [rfc6121-8.5.3.2.2-04] [rfc6121-4.3.2.1-02]", async () => {
    const { world, balcony, orchard } = await friends();
    await using _ = world;
    const chamber = await world.login(`${juliet}/chamber`);
    await chamber.sendText("<presence/>");
    await balcony.sendText("<presence><show>dnd</show></presence>");
    orchard.ignoreAll();
    await probe(world, romeo, `${juliet}/balcony`);
    orchard.receives(`<presence from='${juliet}/balcony' to='${romeo}'/>`);
    orchard.receivesNothing();
    await probe(world, romeo, `${juliet}/tomb`);
    orchard.receives(`<presence type='unavailable' id='probe1' from='${juliet}/tomb' to='${romeo}'/>`);
    orchard.receivesNothing();
  });
});

describe("a stranger who asks learns that there is nothing to see, from the bare address [rfc6121-4.3.2-01] [rfc6121-4.3.2-03]", () => {
  for (const to of [juliet, `${juliet}/balcony`, "rosaline@capulet.example", "rosaline@capulet.example/x"])
    for (const from of [mercutio, `${mercutio}/street`])
      test(`${from} asks ${to} [rfc6121-4.3.2.1-02] ${to.startsWith(juliet) ? "[rfc6121-11-01]" : "[rfc6121-8.5.1-05]"}`, async () => {
        const { world, arrivals } = await friends();
        await using _ = world;
        const stranger = await world.login(`${mercutio}/street`);
        arrivals.length = 0;
        await probe(world, from, to);
        const [account = ""] = to.split("/");
        const answers = arrivals.filter(({ at }) => at === mercutio);
        assert.deepEqual(answers, [{ at: mercutio, from: account, type: "unsubscribed", id: "probe1" }]);
        stranger.receivesNothing();
      });

  test("and what is approved beforehand stays so [rfc6121-4.3.2-02]", async () => {
    const { world, balcony, arrivals } = await friends();
    await using _ = world;
    await balcony.sendText(`<presence type='subscribed' to='${mercutio}'/>`);
    await probe(world, mercutio, juliet);
    assert.equal(arrivals.at(-1)?.type, "unsubscribed");
    const stranger = await world.login(`${mercutio}/street`);
    await stranger.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
    stranger.ignoreAll();
    await stranger.sendText(`<presence type='subscribe' to='${juliet}'/>`);
    stranger.next();
    stranger.receives(`<presence type='subscribed' from='${juliet}' to='${mercutio}'/>`);
  });
});

describe("who was sent directed presence may ask whether it still holds (RFC 6121 §4.6.6) [rfc6121-4.6.6-04]", () => {
  for (const [from, to] of [
    [`${mercutio}/street`, `${juliet}/balcony`],
    [`${mercutio}/street`, juliet],
    [mercutio, `${juliet}/balcony`],
  ] as const)
    test(`${from} asks ${to}`, async () => {
      const { world, balcony } = await friends();
      await using _ = world;
      const chamber = await world.login(`${juliet}/chamber`);
      await chamber.sendText("<presence/>");
      const stranger = await world.login(`${mercutio}/street`);
      await stranger.sendText("<presence/>");
      await balcony.sendText(`<presence to='${mercutio}/street'><show>chat</show></presence>`);
      stranger.ignoreAll();
      await probe(world, from, to);
      stranger.receives(`<presence from='${juliet}/balcony' to='${from}'/>`);
      stranger.receivesNothing();
    });

  test("and is told no when it was taken back", async () => {
    const { world, balcony, arrivals } = await friends();
    await using _ = world;
    const stranger = await world.login(`${mercutio}/street`);
    await balcony.sendText(`<presence to='${mercutio}/street'/>`);
    await balcony.sendText(`<presence to='${mercutio}/street' type='unavailable'/>`);
    stranger.ignoreAll();
    arrivals.length = 0;
    await probe(world, `${mercutio}/street`, `${juliet}/balcony`);
    stranger.receivesNothing();
    assert.deepEqual(arrivals.at(-1), { at: mercutio, from: juliet, type: "unsubscribed", id: "probe1" });
  });
});

test("a subscriber who was sent directed presence too is answered as a subscriber [rfc6121-4.6.6-03] [rfc6121-4.6.1-01]", async () => {
  const { world, balcony, orchard } = await friends();
  await using _ = world;
  await balcony.sendText("<presence id='pres1'><show>dnd</show></presence>");
  await balcony.sendText(`<presence to='${romeo}'><show>chat</show></presence>`);
  orchard.ignoreAll();
  await probe(world, romeo, juliet);
  orchard.receives(`<presence id='pres1' from='${juliet}/balcony' to='${romeo}'><show>dnd</show></presence>`);
  orchard.receivesNothing();
});

test("the user's own server may ask [rfc6121-4.3.2-04]", async () => {
  const said: string[] = [];
  const witness: ServerModule = {
    name: "witness of what is sent",
    implements: [],
    start: () => ({
      guard: {
        outbound: (_account, { from, to, type }) => {
          if (to === "capulet.example") said.push(`${from} ${type ?? "available"}`);
          return undefined;
        },
      },
    }),
  };
  await using world = await startWorld({ accounts, modules: [...instantMessaging, witness] });
  const balcony = await world.login(`${juliet}/balcony`);
  await balcony.sendText("<presence/>");
  await probe(world, "capulet.example", juliet);
  assert.deepEqual(said, [`${juliet}/balcony available`]);
  await probe(world, "montague.example", juliet);
  assert.equal(said.length, 1);
});

test("a client may probe, and is answered as its server would be [rfc6121-4.3-03]", async () => {
  const { world, orchard } = await friends();
  await using _ = world;
  await orchard.sendText(`<presence type='probe' to='${juliet}'/>`);
  orchard.receives(`<presence from='${juliet}/balcony' to='${romeo}/orchard'/>`);
  await orchard.sendText("<presence type='probe'/>");
  await orchard.sendText("<presence type='probe' to='montague.example'/>");
  orchard.receivesNothing();
});

test("the account's own resources may ask", async () => {
  const { world, balcony } = await friends();
  await using _ = world;
  await balcony.sendText(`<presence type='probe' to='${juliet}'/>`);
  balcony.receives(`<presence from='${juliet}/balcony' to='${juliet}/balcony'/>`);
});

test("a user's server asks all whom the user sees, in the account's name, at initial presence only [rfc6121-4.3-01] [rfc6121-4.3.1-02] [rfc6121-4.7.1-03]", async () => {
  const { world, balcony, arrivals } = await friends();
  await using _ = world;
  await balcony.close();
  arrivals.length = 0;
  const again = await world.login(`${juliet}/chamber`);
  for (const show of ["", "<show>away</show>"]) await again.sendText(`<presence>${show}</presence>`);
  const probes = arrivals.filter(({ type }) => type === "probe");
  assert.deepEqual(probes, [{ at: romeo, from: juliet, type: "probe", id: undefined }]);
});
