import assert from "node:assert/strict";
import { test } from "node:test";
import { serialize } from "#protocol/xml/serialize.ts";
import { befriend, instantMessaging } from "#testing/scenario/contacts.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { clientState } from "./server.ts";

const juliet = "juliet@capulet.example";
const contacts = Array.from({ length: 20 }, (_, index) => `friend${index}@montague.example`);
const minutes = 60;
const texts = 12;

interface Traffic {
  readonly stanzas: number;
  readonly bytes: number;
  /** Ten seconds of the hour in which anything was sent: a radio stays up about as long for one stanza. */
  readonly wakeUps: number;
  readonly texts: number;
}

/** A telephone's hour: twenty contacts come and go and type every few minutes; now and then one says something. */
async function busyHour(state: "active" | "inactive"): Promise<Traffic> {
  await using world = await startWorld({
    accounts: [juliet, ...contacts],
    modules: [...instantMessaging, clientState],
  });
  const phone = await world.login(`${juliet}/phone`);
  const friends = [];
  for (const contact of contacts) {
    const friend = await world.login(`${contact}/desk`);
    await befriend(friend, phone);
    friends.push(friend);
  }
  await phone.sendText(`<${state} xmlns='urn:xmpp:csi:0'/>`);
  phone.ignoreAll();
  const traffic = { stanzas: 0, bytes: 0, wakeUps: 0, texts: 0 };
  for (let tick = 0; tick < minutes * 6; tick += 1) {
    for (const [index, friend] of friends.entries()) {
      if ((tick + index * 7) % 30 === 0)
        await friend.sendText(`<presence>${tick % 60 < 30 ? "<show>away</show>" : ""}</presence>`);
      if ((tick + index * 5) % 90 === 3)
        for (const chatState of ["composing", "paused"])
          await friend.sendText(
            `<message to='${juliet}' type='chat'><${chatState} xmlns='http://jabber.org/protocol/chatstates'/></message>`,
          );
    }
    if (tick % ((minutes * 6) / texts) === 11)
      await friends[tick % friends.length]?.sendText(`<message to='${juliet}' type='chat'><body>Hi</body></message>`);
    if (phone.pending.length > 0) traffic.wakeUps += 1;
    for (const stanza of phone.pending) {
      traffic.stanzas += 1;
      traffic.bytes += serialize(stanza).length;
      if (stanza.child("jabber:client", "body") !== undefined) traffic.texts += 1;
    }
    phone.ignoreAll();
    await world.advance(10_000);
  }
  return traffic;
}

test("an inactive telephone is woken only by what somebody says, and gets fewer bytes", async (context) => {
  const before = await busyHour("active");
  const after = await busyHour("inactive");
  context.diagnostic(`active ${JSON.stringify(before)}, inactive ${JSON.stringify(after)}`);
  assert.deepEqual([before.texts, after.texts], [texts, texts]);
  assert.equal(after.wakeUps, texts);
  assert.ok(before.wakeUps > 10 * after.wakeUps, `${before.wakeUps} and ${after.wakeUps}`);
  assert.ok(after.bytes < 0.75 * before.bytes, `${before.bytes} and ${after.bytes}`);
});
