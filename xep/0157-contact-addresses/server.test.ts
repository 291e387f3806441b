import assert from "node:assert/strict";
import { test } from "node:test";
import { parseElement } from "#protocol/xml/read.ts";
import { matches } from "#testing/scenario/match.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { disco } from "../0030-disco/server.ts";
import { ServerInfo } from "./elements.ts";
import { contactAddresses } from "./server.ts";

const julietJid = "juliet@capulet.example";
const modules = [...instantMessaging, disco, contactAddresses];
const NS_INFO = "http://jabber.org/protocol/disco#info";
const asked = `<iq type='get' id='disco1' to='capulet.example'><query xmlns='${NS_INFO}'/></iq>`;

test("the form is that of XEP-0157, in its order", () => {
  const form = ServerInfo.result({
    support: "xmpp:support@shakespeare.lit",
    abuse: "mailto:abuse@shakespeare.lit\nxmpp:abuse@shakespeare.lit",
    status: "https://status.shakespeare.lit",
  });
  const expected = parseElement(
    "<x xmlns='jabber:x:data' type='result'>" +
      "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/network/serverinfo</value></field>" +
      "<field var='abuse-addresses'><value>mailto:abuse@shakespeare.lit</value><value>xmpp:abuse@shakespeare.lit</value></field>" +
      "<field var='status-addresses'><value>https://status.shakespeare.lit</value></field>" +
      "<field var='support-addresses'><value>xmpp:support@shakespeare.lit</value></field></x>",
  );
  assert.equal(matches(expected, form), undefined);
});

test("the host says whom to write to", async () => {
  const contacts = { admin: ["mailto:xmpp@capulet.example", "xmpp:nurse@capulet.example"], abuse: [] };
  await using world = await startWorld({ accounts: [julietJid], modules, contacts });
  const juliet = await world.login(`${julietJid}/chamber`);
  await juliet.sendText(asked);
  const form = juliet.next().firstElement?.child("jabber:x:data", "x");
  assert.ok(form !== undefined);
  const expected = parseElement(
    "<x xmlns='jabber:x:data' type='result'>" +
      "<field var='FORM_TYPE' type='hidden'><value>http://jabber.org/network/serverinfo</value></field>" +
      "<field var='admin-addresses'><value>mailto:xmpp@capulet.example</value>" +
      "<value>xmpp:nurse@capulet.example</value></field></x>",
  );
  assert.equal(matches(expected, form), undefined);
});

test("a host without contacts has no form", async () => {
  await using world = await startWorld({ accounts: [julietJid], modules, contacts: { abuse: [] } });
  const juliet = await world.login(`${julietJid}/chamber`);
  await juliet.sendText(asked);
  assert.equal(juliet.next().firstElement?.child("jabber:x:data", "x"), undefined);
});
