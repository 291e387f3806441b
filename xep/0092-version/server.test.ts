import assert from "node:assert/strict";
import { test } from "node:test";
import packageFile from "../../package.json" with { type: "json" };
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { assertRoundTrip } from "#testing/round-trip.ts";
import { Version } from "./elements.ts";
import { version } from "./server.ts";

const romeoJid = "romeo@montague.example";
const world = (options: Readonly<Record<string, unknown>> = {}): ReturnType<typeof startWorld> =>
  startWorld({ accounts: [romeoJid], modules: [...instantMessaging, version], options });
const asked = "<iq type='get' id='version_1' to='montague.example'><query xmlns='jabber:iq:version'/></iq>";

test("a version, and the request for one, are read and written without loss", () => {
  const exodus = assertRoundTrip(
    Version,
    "<query xmlns='jabber:iq:version'><name>Exodus</name><version>0.7.0.4</version><os>Windows-XP 5.01.2600</os></query>",
  );
  assert.deepEqual(exodus, { name: "Exodus", version: "0.7.0.4", os: "Windows-XP 5.01.2600" });
  assert.deepEqual(assertRoundTrip(Version, "<query xmlns='jabber:iq:version'/>"), {});
});

test("the server tells its name and version, and keeps its operating system to itself", async () => {
  await using verona = await world();
  const romeo = await verona.login(`${romeoJid}/orchard`);
  await romeo.sendText(asked);
  romeo.receives(
    `<iq type='result' id='version_1' from='montague.example' to='${romeoJid}/orchard'><query xmlns='jabber:iq:version'>` +
      `<name>Balcony</name><version>${packageFile.version}</version></query></iq>`,
  );
});

test("an administrator may have the operating system told", async () => {
  await using verona = await world({ "version.show_system": true });
  const romeo = await verona.login(`${romeoJid}/orchard`);
  await romeo.sendText(asked);
  romeo.receives(
    `<iq type='result' id='version_1' from='montague.example' to='${romeoJid}/orchard'><query xmlns='jabber:iq:version'>` +
      "<name>Balcony</name><version>{any}</version><os>{any}</os></query></iq>",
  );
});
