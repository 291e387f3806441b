import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { withAttributes } from "#protocol/xml/element.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import type { ServerModule } from "#kit/server-module.ts";
import type { Stanza } from "#kit/stanza.ts";
import { serverModules } from "#server/modules.generated.ts";
import type { ScriptedClient } from "./scripted-client.ts";
import { startWorld } from "./world.ts";

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";

const reference = await transcript(serverModules);

test("the script has something to say", () => {
  assert.ok(reference.length > 30, `only ${reference.length} elements came`);
  assert.ok(reference.some((line) => line.includes("urn:xmpp:delay")));
});

/** Orders in which the modules are given to the server. Within a step their order must not matter. */
const orders: readonly { readonly name: string; readonly modules: readonly ServerModule[] }[] = [
  { name: "backwards", modules: serverModules.toReversed() },
  ...["the Nurse", "Friar Laurence", "Mercutio", "Tybalt"].map((name) => ({ name, modules: shuffled(name) })),
];

for (const { name, modules } of orders) {
  test(`clients see the same whatever the modules' order: ${name}`, async () => {
    assert.deepEqual(await transcript(modules), reference);
  });
}

test("two features whose order matters are found out", async () => {
  const first = renaming("first");
  const second = renaming("second");
  const one = await transcript([...serverModules, first, second]);
  assert.notDeepEqual(await transcript([...serverModules, second, first]), one);
});

/** A feature that says that it came last: rewrites which do not commute. */
function renaming(name: string): ServerModule {
  const inbound = (_: unknown, stanza: Stanza): Stanza =>
    stanza.rewritten(withAttributes(stanza.element, { "xml:lang": name }));
  return { name, implements: [], start: () => ({ rewrite: { inbound } }) };
}

/** All that two clients receive while they do what many features have a part in. */
async function transcript(modules: readonly ServerModule[]): Promise<readonly string[]> {
  await using world = await startWorld({ accounts: [romeoJid, julietJid], modules });
  const lines: string[] = [];
  const romeo = await world.login(`${romeoJid}/orchard`);
  const juliet = await world.login(`${julietJid}/balcony`);
  const note = (...clients: readonly ScriptedClient[]): void => {
    for (const client of clients)
      while (client.pending.length > 0) lines.push(`${client.jid} ← ${serialize(client.next())}`);
  };
  const says = async (client: ScriptedClient, xml: string): Promise<void> => {
    await client.sendText(xml);
    lines.push(`${client.jid} → ${xml}`);
    note(romeo, juliet);
  };
  for (const client of [romeo, juliet]) {
    await says(client, "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
    await says(client, "<presence><priority>1</priority></presence>");
  }
  await says(romeo, `<presence type='subscribe' to='${julietJid}'/>`);
  await says(juliet, `<presence type='subscribed' to='${romeoJid}'/>`);
  await says(juliet, `<presence type='subscribe' to='${romeoJid}'/>`);
  await says(romeo, `<presence type='subscribed' to='${julietJid}'/>`);
  for (const to of ["capulet.example", julietJid, romeoJid, "montague.example"]) {
    await says(
      romeo,
      `<iq type='get' id='info' to='${to}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    );
    await says(
      romeo,
      `<iq type='get' id='items' to='${to}'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`,
    );
    await says(romeo, `<iq type='get' id='ping' to='${to}'><ping xmlns='urn:xmpp:ping'/></iq>`);
    await says(romeo, `<iq type='get' id='last' to='${to}'><query xmlns='jabber:iq:last'/></iq>`);
    await says(romeo, `<iq type='get' id='none' to='${to}'><query xmlns='urn:example:unknown'/></iq>`);
  }
  await says(juliet, "<iq type='set' id='vcard'><vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard></iq>");
  await says(romeo, `<iq type='get' id='vcard' to='${julietJid}'><vCard xmlns='vcard-temp'/></iq>`);
  await says(romeo, `<message type='chat' to='${julietJid}'><body>I take thee at thy word</body></message>`);
  await says(
    juliet,
    "<iq type='set' id='block'><block xmlns='urn:xmpp:blocking'><item jid='tybalt@capulet.example'/></block></iq>",
  );
  await says(juliet, "<presence type='unavailable'/>");
  await says(romeo, `<message type='chat' to='${julietJid}'><body>Lady, by yonder blessed moon</body></message>`);
  await world.advance(60_000);
  await says(juliet, "<presence/>");
  return lines;
}

/** An order that depends on a word and nothing else. */
function shuffled(word: string): readonly ServerModule[] {
  const rank = (module: ServerModule): string => createHash("sha256").update(`${word} ${module.name}`).digest("hex");
  return serverModules.toSorted((a, b) => (rank(a) < rank(b) ? -1 : 1));
}
