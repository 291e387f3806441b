import assert from "node:assert/strict";
import { test } from "node:test";
import { serverModule } from "#kit/server-module.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { disco } from "../0030-disco/server.ts";
import { Info } from "../0030-disco/elements.ts";
import { contactAddresses } from "../0157-contact-addresses/server.ts";
import { ping } from "../0199-ping/server.ts";
import { Caps, verificationString, verifyCaps } from "./elements.ts";
import { entityCaps } from "./server.ts";

const julietJid = "juliet@capulet.example";
const modules = [...instantMessaging, disco, entityCaps, contactAddresses, ping];
const contacts = { abuse: ["mailto:abuse@capulet.example"] };
const info = "http://jabber.org/protocol/disco#info";

const ask = (node?: string): string =>
  `<iq type='get' id='d1' to='capulet.example'><query xmlns='${info}'${node === undefined ? "" : ` node='${node}'`}/></iq>`;

test("S27: the stream features promise what the server then says of itself", async () => {
  await using world = await startWorld({ accounts: [julietJid], modules, contacts });
  const juliet = world.connect();
  const features = await juliet.authenticate("juliet", "capulet.example", "juliet");
  const caps = Caps.within(features);
  assert.ok(caps !== undefined);
  assert.equal(caps.hash, "sha-1");
  await juliet.bind("balcony");

  await juliet.sendText(ask(`${caps.node}#${caps.ver}`));
  const answer = Info.parse(juliet.next().firstElement!);
  assert.equal(answer.node, `${caps.node}#${caps.ver}`);
  assert.equal(verifyCaps(caps, answer), "verified");
  assert.ok(answer.features.some((feature) => feature.var === "http://jabber.org/protocol/caps"));
  assert.equal(answer.forms.length, 1);

  await juliet.sendText(ask());
  assert.equal(verifyCaps(caps, Info.parse(juliet.next().firstElement!)), "verified");
});

test("before authentication nothing is promised", async () => {
  await using world = await startWorld({ accounts: [julietJid], modules });
  const stranger = world.connect();
  assert.equal(Caps.within(await stranger.open("capulet.example")), undefined);
});

test("an old promise is not found, and no node of another program is", async () => {
  await using world = await startWorld({ accounts: [julietJid], modules });
  const juliet = await world.login(`${julietJid}/balcony`);
  for (const node of ["https://balcony.example#AAAA", "https://balcony.example", "http://psi-im.example#AAAA"]) {
    await juliet.sendText(ask(node));
    juliet.receives(
      `<iq type='error' id='d1' from='capulet.example' to='${julietJid}/balcony'><query xmlns='${info}' node='${node}'/>` +
        `<error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    );
  }
});

test("S35: what only some may use is not promised to all, and they are told of it when they ask", async () => {
  const stage = serverModule({
    name: "stage",
    implements: [],
    start: () => ({ disco: { features: (asker) => (asker === undefined ? [] : ["urn:example:stage"]) } }),
  });
  await using world = await startWorld({ accounts: [julietJid], modules: [...modules, stage] });
  const juliet = world.connect();
  const caps = Caps.within(await juliet.authenticate("juliet", "capulet.example", "juliet"));
  assert.ok(caps !== undefined);
  await juliet.bind("balcony");
  const offersStage = ({ features }: Info): boolean => features.some((feature) => feature.var === "urn:example:stage");

  await juliet.sendText(ask(`${caps.node}#${caps.ver}`));
  const promised = Info.parse(juliet.next().firstElement!);
  assert.equal(verifyCaps(caps, promised), "verified");
  assert.equal(offersStage(promised), false);

  await juliet.sendText(ask());
  const own = Info.parse(juliet.next().firstElement!);
  assert.equal(offersStage(own), true);
  // The string of her own view is a node, too.
  await juliet.sendText(ask(`${caps.node}#${verificationString(own)}`));
  assert.equal(offersStage(Info.parse(juliet.next().firstElement!)), true);
});
