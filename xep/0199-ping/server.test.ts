import { describe, test } from "node:test";
import { befriend, instantMessaging } from "#testing/scenario/contacts.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { assertRoundTrip } from "#testing/round-trip.ts";
import { Ping } from "./elements.ts";
import { ping } from "./server.ts";

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";
const accounts = [romeoJid, julietJid];
const modules = [...instantMessaging, ping];

const pinging = (to?: string): string =>
  `<iq type='get' id='c2s1'${to === undefined ? "" : ` to='${to}'`}><ping xmlns='urn:xmpp:ping'/></iq>`;
const refusal = (from: string, to: string): string =>
  `<iq type='error' id='c2s1' from='${from}' to='${to}'><ping xmlns='urn:xmpp:ping'/><error type='cancel'>` +
  "<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>";

test("a ping is an empty element", () => void assertRoundTrip(Ping, "<ping xmlns='urn:xmpp:ping'/>"));

test("Juliet pings her server, another host, her account, and whoever handles what has no address", async () => {
  await using world = await startWorld({ accounts, modules });
  const juliet = await world.login(`${julietJid}/balcony`);
  for (const to of ["capulet.example", "montague.example", julietJid]) {
    await juliet.sendText(pinging(to));
    juliet.receives(`<iq type='result' id='c2s1' from='${to}' to='${julietJid}/balcony'/>`);
  }
  await juliet.sendText(pinging());
  juliet.receives(`<iq type='result' id='c2s1' to='${julietJid}/balcony'/>`);
  juliet.receivesNothing();
});

test("a contact may ping an account, and reaches its client at the full address", async () => {
  await using world = await startWorld({ accounts, modules });
  const romeo = await world.login(`${romeoJid}/orchard`);
  const juliet = await world.login(`${julietJid}/balcony`);
  await befriend(romeo, juliet);
  await romeo.sendText(pinging(julietJid));
  romeo.receives(`<iq type='result' id='c2s1' from='${julietJid}' to='${romeoJid}/orchard'/>`);
  await romeo.sendText(pinging(`${julietJid}/balcony`));
  juliet.receives(
    `<iq type='get' id='c2s1' from='${romeoJid}/orchard' to='${julietJid}/balcony'><ping xmlns='urn:xmpp:ping'/></iq>`,
  );
});

describe("a stranger's ping tells nothing", () => {
  for (const to of [julietJid, `${julietJid}/balcony`, `${julietJid}/chamber`, "nobody@capulet.example"])
    test(to, async () => {
      await using world = await startWorld({ accounts, modules });
      const romeo = await world.login(`${romeoJid}/orchard`);
      const juliet = await world.login(`${julietJid}/balcony`);
      await juliet.sendText("<presence/>");
      await romeo.sendText(pinging(to));
      romeo.receives(refusal(to, `${romeoJid}/orchard`));
    });
});
