import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { serverModule, type ServerModule } from "#kit/server-module.ts";
import { anyJid } from "#testing/addresses.ts";
import { befriend, instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { Info } from "./elements.ts";
import { disco } from "./server.ts";

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";
const info = "http://jabber.org/protocol/disco#info";
const items = "http://jabber.org/protocol/disco#items";

const service = anyJid("plays.capulet.example");
/** A feature with something to say in every place where a feature can. */
const plays = serverModule({
  name: "plays",
  implements: [],
  features: ["urn:example:plays", "urn:example:anything"],
  accountFeatures: ["urn:example:roles"],
  start: () => ({
    disco: {
      identities: [{ category: "directory", type: "chatroom", name: "Plays", lang: "en" }],
      // S35: what the policy does not allow the asker is not announced to them.
      features: (asker) => (asker === anyJid(`${julietJid}/balcony`) ? ["urn:example:stage", "urn:example:plays"] : []),
      items: () => [
        { jid: service, name: "Play-Specific Chatrooms" },
        { jid: service, node: "music" },
      ],
      node: (node) =>
        node === "music"
          ? {
              identities: [{ category: "hierarchy", type: "branch" }],
              features: [info],
              items: [{ jid: service, node: "music/D", name: "Dowland" }],
            }
          : undefined,
    },
    accountDisco: {
      identities: [{ category: "pubsub", type: "pep" }],
      features: (account, asker) => [`urn:example:of:${account.jid}:for:${asker}`],
      items: (account) => [{ jid: account.jid, node: "tune" }],
      node: (_, node) => (node === "tune" ? { identities: [], features: ["urn:example:tune"] } : undefined),
    },
  }),
});

async function verona(...modules: readonly ServerModule[]): Promise<{
  readonly world: World;
  readonly romeo: ScriptedClient;
  readonly juliet: ScriptedClient;
}> {
  const world = await startWorld({
    accounts: [romeoJid, julietJid],
    modules: [...instantMessaging, disco, ...modules],
  });
  const romeo = await world.login(`${romeoJid}/orchard`);
  const juliet = await world.login(`${julietJid}/balcony`);
  return { world, romeo, juliet };
}

const ask = (ns: string, to?: string, node?: string): string =>
  `<iq type='get' id='d1'${to === undefined ? "" : ` to='${to}'`}>` +
  `<query xmlns='${ns}'${node === undefined ? "" : ` node='${node}'`}/></iq>`;
const refusal = (condition: string, from: string, to: string, query: string): string =>
  `<iq type='error' id='d1' from='${from}' to='${to}'>${query}<error type='cancel'>` +
  `<${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`;

test("a host says what it is and what its features are, each once and in order [xep0160-4-01]", async () => {
  const { world, juliet } = await verona();
  await using _ = world;
  await juliet.sendText(ask(info, "capulet.example"));
  juliet.receives(
    `<iq type='result' id='d1' from='capulet.example' to='${julietJid}/balcony'><query xmlns='${info}'>` +
      `<identity category='server' type='im' name='Balcony'/>` +
      `<feature var='${info}'/><feature var='${items}'/><feature var='msgoffline'/></query></iq>`,
  );
});

test("what another feature contributes is found in the host's answers, each once", async () => {
  const { world, romeo, juliet } = await verona(plays);
  await using _ = world;
  const featuresSeenBy = async (client: ScriptedClient): Promise<readonly string[]> => {
    await client.sendText(ask(info, "capulet.example"));
    const answer = Info.parse(client.next().firstElement!);
    assert.deepEqual(answer.identities[1], { category: "directory", type: "chatroom", name: "Plays", lang: "en" });
    return answer.features.map((feature) => feature.var).filter((name) => name.startsWith("urn:example"));
  };
  assert.deepEqual(await featuresSeenBy(romeo), ["urn:example:anything", "urn:example:plays"]);
  // S35
  assert.deepEqual(await featuresSeenBy(juliet), ["urn:example:anything", "urn:example:plays", "urn:example:stage"]);

  await juliet.sendText(ask(items, "capulet.example"));
  juliet.receives(
    `<iq type='result' id='d1' from='capulet.example' to='${julietJid}/balcony'><query xmlns='${items}'>` +
      `<item jid='plays.capulet.example' name='Play-Specific Chatrooms'/>` +
      `<item jid='plays.capulet.example' node='music'/></query></iq>`,
  );
});

test("a host without items has an empty list", async () => {
  const { world, juliet } = await verona();
  await using _ = world;
  await juliet.sendText(ask(items, "capulet.example"));
  juliet.receives(
    `<iq type='result' id='d1' from='capulet.example' to='${julietJid}/balcony'><query xmlns='${items}'/></iq>`,
  );
});

test("a node of a host is described, and listed, by the feature that knows it", async () => {
  const { world, juliet } = await verona(plays);
  await using _ = world;
  await juliet.sendText(ask(info, "capulet.example", "music"));
  juliet.receives(
    `<iq type='result' id='d1' from='capulet.example' to='${julietJid}/balcony'><query xmlns='${info}' node='music'>` +
      `<identity category='hierarchy' type='branch'/><feature var='${info}'/></query></iq>`,
  );
  await juliet.sendText(ask(items, "capulet.example", "music"));
  juliet.receives(
    `<iq type='result' id='d1' from='capulet.example' to='${julietJid}/balcony'><query xmlns='${items}' node='music'>` +
      `<item jid='plays.capulet.example' node='music/D' name='Dowland'/></query></iq>`,
  );
});

for (const ns of [info, items])
  test(`a node that nobody knows is not found: ${ns}`, async () => {
    const { world, juliet } = await verona(plays);
    await using _ = world;
    for (const to of ["capulet.example", julietJid]) {
      await juliet.sendText(ask(ns, to, "dance"));
      juliet.receives(refusal("item-not-found", to, `${julietJid}/balcony`, `<query xmlns='${ns}' node='dance'/>`));
    }
  });

test("an account answers its own sessions, with or without its address", async () => {
  const { world, juliet } = await verona();
  await using _ = world;
  const answer =
    `<query xmlns='${info}'><identity category='account' type='registered'/>` +
    `<feature var='${info}'/><feature var='${items}'/></query>`;
  await juliet.sendText(ask(info, julietJid));
  juliet.receives(`<iq type='result' id='d1' from='${julietJid}' to='${julietJid}/balcony'>${answer}</iq>`);
  await juliet.sendText(ask(info));
  juliet.receives(`<iq type='result' id='d1' to='${julietJid}/balcony'>${answer}</iq>`);
});

test("a contact who sees an account's presence sees what it is, and which resources are there", async () => {
  const { world, romeo, juliet } = await verona(plays);
  await using _ = world;
  await befriend(romeo, juliet);
  await romeo.sendText(ask(info, julietJid));
  romeo.receives(
    `<iq type='result' id='d1' from='${julietJid}' to='${romeoJid}/orchard'><query xmlns='${info}'>` +
      `<identity category='account' type='registered'/><identity category='pubsub' type='pep'/>` +
      `<feature var='${info}'/><feature var='${items}'/>` +
      `<feature var='urn:example:of:${julietJid}:for:${romeoJid}/orchard'/><feature var='urn:example:roles'/></query></iq>`,
  );
  await world.login(`${julietJid}/chamber`);
  await romeo.sendText(ask(items, julietJid));
  // The chamber is connected and has not said that it is available.
  romeo.receives(
    `<iq type='result' id='d1' from='${julietJid}' to='${romeoJid}/orchard'><query xmlns='${items}'>` +
      `<item jid='${julietJid}/balcony'/><item jid='${julietJid}' node='tune'/></query></iq>`,
  );
  await romeo.sendText(ask(info, julietJid, "tune"));
  romeo.receives(
    `<iq type='result' id='d1' from='${julietJid}' to='${romeoJid}/orchard'><query xmlns='${info}' node='tune'>` +
      `<feature var='urn:example:tune'/></query></iq>`,
  );
});

describe("strangers cannot tell an account from one that does not exist", () => {
  for (const to of [julietJid, "nobody@capulet.example"])
    for (const ns of [info, items])
      for (const node of [undefined, "tune", "dance"])
        test(`${to}, ${ns}, node ${node ?? "none"}`, async () => {
          const { world, romeo, juliet } = await verona(plays);
          await using _ = world;
          await juliet.sendText("<presence/>");
          await romeo.sendText(ask(ns, to, node));
          const query = `<query xmlns='${ns}'${node === undefined ? "" : ` node='${node}'`}/>`;
          romeo.receives(refusal("service-unavailable", to, `${romeoJid}/orchard`, query));
        });
});

test("who lets others see their presence does not thereby see theirs", async () => {
  const { world, romeo, juliet } = await verona();
  await using _ = world;
  await romeo.sendText(`<presence type='subscribe' to='${julietJid}'/>`);
  await juliet.sendText(`<presence type='subscribed' to='${romeoJid}'/>`);
  juliet.ignoreAll();
  await juliet.sendText(ask(info, romeoJid));
  juliet.receives(refusal("service-unavailable", romeoJid, `${julietJid}/balcony`, `<query xmlns='${info}'/>`));
});
