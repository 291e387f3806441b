import assert from "node:assert/strict";
import { test } from "node:test";
import { befriend, instantMessaging } from "#testing/scenario/contacts.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { NS_FORWARD } from "./elements.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

for (const inside of [
  `<message xmlns='jabber:client' to='${juliet}' type='chat'><body>Not said</body></message>`,
  `<presence xmlns='jabber:client' to='${juliet}' type='unsubscribe'/>`,
  `<iq xmlns='jabber:client' type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='${juliet}' subscription='remove'/></query></iq>`,
])
  test(`what is in an envelope passes as it is and does nothing: ${inside.slice(1, 9).trim()} [xep0297-7.1-02]`, async () => {
    await using world = await startWorld({ accounts: [romeo, juliet], modules: instantMessaging });
    const [one, other] = [await world.login(`${romeo}/garden`), await world.login(`${juliet}/balcony`)];
    await befriend(one, other);
    const payload = `<forwarded xmlns='${NS_FORWARD}'>${inside}</forwarded>`;
    await one.sendText(`<message to='${juliet}/balcony' type='chat'>${payload}</message>`);
    other.receives(`<message from='${romeo}/garden' to='${juliet}/balcony' type='chat'>${payload}</message>`);
    other.receivesNothing();
    one.receivesNothing();
    await one.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
    const roster = one.next().firstElement;
    assert.equal(roster?.firstElement?.attr("subscription"), "both");
  });
