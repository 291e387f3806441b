import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { befriend } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { arrives, presenceFrom } from "#testing/scenario/subscriptions.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";
const accounts = [juliet, romeo];

/** Two who are available and are strangers to each other. */
async function strangers(): Promise<{ world: World; balcony: ScriptedClient; orchard: ScriptedClient }> {
  const world = await startWorld({ accounts });
  const balcony = await world.login(`${juliet}/balcony`);
  const orchard = await world.login(`${romeo}/orchard`);
  for (const client of [balcony, orchard]) await client.sendText("<presence/>");
  for (const client of [balcony, orchard]) client.ignoreAll();
  return { world, balcony, orchard };
}

for (const to of [romeo, `${romeo}/orchard`])
  test(`directed presence to ${to} arrives whole and is followed by no broadcast but the last [rfc6121-4.6.3-01] [rfc6121-4.6.3-03]`, async () => {
    const { world, balcony, orchard } = await strangers();
    await using _ = world;
    await balcony.sendText(`<presence to='${to}' id='d'><show>chat</show><x xmlns='urn:example'/></presence>`);
    orchard.receives(
      `<presence id='d' from='${juliet}/balcony' to='${to}'><show>chat</show><x xmlns='urn:example'/></presence>`,
    );
    await balcony.sendText("<presence><show>away</show></presence>");
    orchard.receivesNothing();
    await balcony.sendText("<presence type='unavailable'><status>Adieu</status></presence>");
    orchard.receives(
      `<presence type='unavailable' from='${juliet}/balcony' to='${to}'><status>Adieu</status></presence>`,
    );
    orchard.receivesNothing();
  });

describe("it ends once", () => {
  const ways: Readonly<
    Record<string, { readonly end: (client: ScriptedClient) => Promise<void>; readonly told: number }>
  > = {
    "when the stream is closed": { end: (client) => client.close(), told: 1 },
    "when the connection breaks": { end: (client) => client.cut(), told: 1 },
    "and not again after it was taken back": {
      end: async (client) => {
        await client.sendText(`<presence type='unavailable' to='${romeo}/orchard'/>`);
        await client.close();
      },
      told: 1,
    },
    "and not again when the client leaves and then closes": {
      end: async (client) => {
        await client.sendText("<presence type='unavailable'/>");
        await client.close();
      },
      told: 1,
    },
  };
  for (const [name, { end, told }] of Object.entries(ways))
    test(name, async () => {
      const { world, balcony, orchard } = await strangers();
      await using _ = world;
      await balcony.sendText(`<presence to='${romeo}/orchard'/>`);
      orchard.ignoreAll();
      await end(balcony);
      assert.deepEqual(
        presenceFrom(orchard, juliet),
        Array.from({ length: told }, () => "unavailable"),
      );
    });
});

test("what is taken back from one is taken back from that one alone [rfc6121-4.6.1-04]", async () => {
  const { world, balcony, orchard } = await strangers();
  await using _ = world;
  const garden = await world.login(`${romeo}/garden`);
  for (const to of ["orchard", "garden"]) await balcony.sendText(`<presence to='${romeo}/${to}'/>`);
  await balcony.sendText(`<presence type='unavailable' to='${romeo}/orchard'/>`);
  for (const client of [orchard, garden]) client.ignoreAll();
  await balcony.close();
  orchard.receivesNothing();
  garden.receives(`<presence type='unavailable' from='${juliet}/balcony' to='${romeo}/garden'/>`);
});

test("without initial presence it is directed all the same, and to contacts too [rfc6121-4.6.3-04]", async () => {
  const { world, balcony, orchard } = await strangers();
  await using _ = world;
  await befriend(balcony, orchard);
  const hidden = await world.login(`${juliet}/hidden`);
  await hidden.sendText(`<presence to='${romeo}'/>`);
  orchard.receives(`<presence from='${juliet}/hidden' to='${romeo}'/>`);
  balcony.receivesNothing();
  await hidden.close();
  orchard.receives(`<presence type='unavailable' from='${juliet}/hidden' to='${romeo}'/>`);
  orchard.receivesNothing();
  balcony.receivesNothing();
});

test("a contact who is sent directed presence gets the broadcasts as before, and hears of the end once [rfc6121-4.6.3-02]", async () => {
  const { world, balcony, orchard } = await strangers();
  await using _ = world;
  await befriend(balcony, orchard);
  await balcony.sendText(`<presence to='${romeo}'><show>dnd</show></presence>`);
  await balcony.sendText("<presence><show>away</show></presence>");
  await balcony.sendText("<presence type='unavailable'/>");
  assert.deepEqual(presenceFrom(orchard, juliet), ["", "", "unavailable"]);
});

test("who becomes a subscriber meanwhile is treated as one [rfc6121-4.6.1-02]", async () => {
  const { world, balcony, orchard } = await strangers();
  await using _ = world;
  await balcony.sendText(`<presence to='${romeo}'/>`);
  await orchard.sendText(`<presence type='subscribe' to='${juliet}'/>`);
  await balcony.sendText(`<presence type='subscribed' to='${romeo}'/>`);
  orchard.ignoreAll();
  await balcony.sendText("<presence><show>away</show></presence>");
  await balcony.close();
  assert.deepEqual(presenceFrom(orchard, juliet), ["", "unavailable"]);
});

test("a subscription that is cancelled takes directed presence with it [rfc6121-4.6.1-03]", async () => {
  const { world, balcony, orchard } = await strangers();
  await using _ = world;
  await befriend(balcony, orchard);
  await balcony.sendText(`<presence to='${romeo}'/>`);
  orchard.ignoreAll();
  await balcony.sendText(`<presence type='unsubscribed' to='${romeo}'/>`);
  assert.deepEqual(presenceFrom(orchard, juliet), ["unavailable"]);
  await balcony.close();
  assert.deepEqual(presenceFrom(orchard, juliet), ["unavailable"]);
});

test("who leaves need not be told that the other leaves [rfc6121-4.6.1-04]", async () => {
  const { world, balcony, orchard } = await strangers();
  await using _ = world;
  await balcony.sendText(`<presence to='${romeo}/orchard'/>`);
  orchard.ignoreAll();
  await arrives(world, { from: `${romeo}/orchard`, to: `${juliet}/balcony`, type: "unavailable" });
  await balcony.close();
  orchard.receivesNothing();
});

test("each resource ends what it began", async () => {
  const { world, balcony, orchard } = await strangers();
  await using _ = world;
  const chamber = await world.login(`${juliet}/chamber`);
  for (const client of [balcony, chamber]) await client.sendText(`<presence to='${romeo}'/>`);
  orchard.ignoreAll();
  await chamber.close();
  orchard.receives(`<presence type='unavailable' from='${juliet}/chamber' to='${romeo}'/>`);
  orchard.receivesNothing();
});

test("presence directed at one's own account is shown to its resources, and its end once", async () => {
  const { world, balcony } = await strangers();
  await using _ = world;
  const chamber = await world.login(`${juliet}/chamber`);
  await chamber.sendText("<presence/>");
  for (const client of [balcony, chamber]) client.ignoreAll();
  await chamber.sendText(`<presence to='${juliet}'><show>xa</show></presence>`);
  balcony.receives(`<presence from='${juliet}/chamber' to='${juliet}'><show>xa</show></presence>`);
  await chamber.close();
  balcony.receives(`<presence type='unavailable' from='${juliet}/chamber' to='${juliet}'/>`);
  balcony.receivesNothing();
});

test("more addresses than can be remembered are refused", async () => {
  const { world, balcony } = await strangers();
  await using _ = world;
  let sent = "";
  for (let number = 0; number <= 1_000; number += 1) sent += `<presence to='${romeo}/${number}' id='${number}'/>`;
  await balcony.sendText(sent);
  const error = balcony.next();
  assert.deepEqual(
    [error.attr("type"), error.attr("id"), error.elements()[0]?.elements()[0]?.name],
    ["error", "1000", "resource-constraint"],
  );
  balcony.receivesNothing();
});
