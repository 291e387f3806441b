import assert from "node:assert/strict";
import { test } from "node:test";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { assertRoundTrip } from "#testing/round-trip.ts";
import { Time } from "./elements.ts";
import { entityTime } from "./server.ts";

const romeoJid = "romeo@montague.example";

test("a time, and the request for one, are read and written without loss", () => {
  const time = assertRoundTrip(
    Time,
    "<time xmlns='urn:xmpp:time'><tzo>-06:00</tzo><utc>2006-12-19T17:58:35Z</utc></time>",
  );
  assert.deepEqual(time, { tzo: "-06:00", utc: Date.UTC(2006, 11, 19, 17, 58, 35) });
  assert.deepEqual(assertRoundTrip(Time, "<time xmlns='urn:xmpp:time'/>"), {});
});

test("the server tells the time, and not where it stands", async () => {
  await using world = await startWorld({ accounts: [romeoJid], modules: [...instantMessaging, entityTime] });
  const romeo = await world.login(`${romeoJid}/orchard`);
  await world.advance(61_500);
  await romeo.sendText("<iq type='get' id='time_1' to='montague.example'><time xmlns='urn:xmpp:time'/></iq>");
  romeo.receives(
    `<iq type='result' id='time_1' from='montague.example' to='${romeoJid}/orchard'><time xmlns='urn:xmpp:time'>` +
      "<tzo>+00:00</tzo><utc>2026-01-01T00:01:01.500Z</utc></time></iq>",
  );
});

test("an account has no time of its own", async () => {
  await using world = await startWorld({ accounts: [romeoJid], modules: [...instantMessaging, entityTime] });
  const romeo = await world.login(`${romeoJid}/orchard`);
  await romeo.sendText(`<iq type='get' id='time_1' to='${romeoJid}'><time xmlns='urn:xmpp:time'/></iq>`);
  assert.equal(romeo.next().attr("type"), "error");
});
