import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const cast = ["juliet@capulet.example", "nurse@capulet.example", "romeo@montague.example"] as const;
const steps = 150;

/** Somebody with one or two devices, and whom each of them believes to be available. */
interface Actor {
  readonly jid: string;
  readonly devices: Map<string, { readonly client: ScriptedClient; available: boolean; readonly sees: Set<string> }>;
}

for (const seed of ["Verona", "Mantua", "Padua"])
  test(`whatever people say to each other, both sides agree about subscriptions and presence: ${seed}`, async () => {
    await using world = await startWorld({ accounts: cast, modules: instantMessaging });
    const actors = cast.map((jid): Actor => ({ jid, devices: new Map() }));
    let drawn = 0;
    const draw = (below: number): number => {
      drawn += 1;
      return createHash("sha256").update(`${seed} ${drawn}`).digest().readUInt32BE(0) % below;
    };
    const said: string[] = [];
    for (let step = 0; step < steps; step += 1) {
      const actor = actors[draw(actors.length)] ?? assert.fail();
      const other = actors[(actors.indexOf(actor) + 1 + draw(actors.length - 1)) % actors.length] ?? assert.fail();
      said.push(await act(world, actor, other.jid, draw(12), draw(2)));
      for (const each of actors) look(each);
      if (step % 10 === 9) await agree(world, actors, said);
    }
  });

async function act(world: World, actor: Actor, contact: string, what: number, which: number): Promise<string> {
  const resource = ["balcony", "street"][which] ?? "";
  let device = actor.devices.get(resource);
  if (device === undefined) {
    const client = await world.login(`${actor.jid}/${resource}`);
    await client.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
    client.ignoreAll();
    device = { client, available: false, sees: new Set() };
    actor.devices.set(resource, device);
  }
  const subscription = ["subscribe", "subscribed", "unsubscribe", "unsubscribed"][what % 4];
  if (what < 8) {
    await device.client.sendText(`<presence type='${subscription}' to='${contact}'/>`);
    return `${device.client.jid} ${subscription} ${contact}`;
  }
  if (what === 8) {
    const item = `<item jid='${contact}' subscription='remove'/>`;
    await device.client.sendText(`<iq type='set' id='s'><query xmlns='jabber:iq:roster'>${item}</query></iq>`);
    return `${device.client.jid} removes ${contact}`;
  }
  if (what === 9) {
    actor.devices.delete(resource);
    if (which === 0) await device.client.cut();
    else await device.client.close();
    return `${device.client.jid} is gone`;
  }
  const wasAvailable = device.available;
  device.available = what === 10 || !wasAvailable;
  if (!device.available || !wasAvailable) device.sees.clear();
  await device.client.sendText(device.available ? "<presence/>" : "<presence type='unavailable'/>");
  return `${device.client.jid} is ${device.available ? "available" : "unavailable"}`;
}

function look(actor: Actor): void {
  for (const { client, sees } of actor.devices.values())
    while (client.pending.length > 0) {
      const stanza = client.next();
      if (stanza.name !== "presence") continue;
      const from = stanza.attr("from") ?? "";
      const type = stanza.attr("type");
      if (type === undefined) sees.add(from);
      else if (type === "unavailable") sees.delete(from);
    }
}

async function agree(world: World, actors: readonly Actor[], said: readonly string[]): Promise<void> {
  const rosters = new Map<string, Map<string, { subscription: string; ask: boolean; waits: boolean }>>();
  for (const { jid } of actors) {
    const client = await world.login(`${jid}/witness`);
    await client.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
    const items = client.next().child("jabber:iq:roster", "query")?.elements() ?? [];
    await client.sendText("<presence><priority>-1</priority></presence>");
    const waiting = client.pending.filter((each) => each.attr("type") === "subscribe").map((each) => each.attr("from"));
    await client.close();
    const entries = actors.map(({ jid: contact }) => {
      const item = items.find((each) => each.attr("jid") === contact);
      const subscription = item?.attr("subscription") ?? "none";
      return [
        contact,
        { subscription, ask: item?.attr("ask") === "subscribe", waits: waiting.includes(contact) },
      ] as const;
    });
    rosters.set(jid, new Map(entries));
  }
  for (const actor of actors) look(actor);
  const story = said.join("\n");
  for (const one of actors)
    for (const other of actors) {
      if (one === other) continue;
      const mine = rosters.get(one.jid)?.get(other.jid) ?? assert.fail();
      const theirs = rosters.get(other.jid)?.get(one.jid) ?? assert.fail();
      const sees = ["to", "both"].includes(mine.subscription);
      assert.equal(sees, ["from", "both"].includes(theirs.subscription), `${one.jid} sees ${other.jid}\n${story}`);
      assert.equal(mine.ask, theirs.waits, `${one.jid} waits for ${other.jid}\n${story}`);
      const there = [...other.devices].filter(([, { available }]) => available).map(([name]) => `${other.jid}/${name}`);
      for (const [name, device] of one.devices) {
        if (!device.available) continue;
        const seen = [...device.sees].filter((jid) => jid.startsWith(other.jid));
        assert.deepEqual(seen.toSorted(), sees ? there.toSorted() : [], `${one.jid}/${name} of ${other.jid}\n${story}`);
      }
    }
}
