import { test } from "node:test";
import { startWorld } from "./world.ts";

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";

test("two people log in, become contacts and chat", async () => {
  await using world = await startWorld({ accounts: [romeoJid, julietJid] });
  const romeo = await world.login(`${romeoJid}/orchard`);
  const juliet = await world.login(`${julietJid}/balcony`);
  await romeo.sendText("<presence/>");
  await juliet.sendText("<presence/>");
  romeo.receives(`<presence from='${romeoJid}/orchard' to='${romeoJid}'/>`);
  juliet.receives(`<presence from='${julietJid}/balcony' to='${julietJid}'/>`);

  await romeo.sendText("<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>");
  romeo.receives(`<iq type='result' id='r1' to='${romeoJid}/orchard'><query xmlns='jabber:iq:roster' ver='0'/></iq>`);
  await romeo.sendText(`<presence type='subscribe' to='${julietJid}' id='s1'/>`);
  romeo.receives(
    `<iq type='set' id='{any}' to='${romeoJid}/orchard'><query xmlns='jabber:iq:roster' ver='{any}'>` +
      `<item jid='${julietJid}' subscription='none' ask='subscribe'/></query></iq>`,
  );
  juliet.receives(`<presence type='subscribe' to='${julietJid}' id='s1' from='${romeoJid}'/>`);
  await juliet.sendText(`<presence type='subscribed' to='${romeoJid}'/>`);
  romeo.receives(`<presence type='subscribed' to='${romeoJid}' from='${julietJid}'/>`);
  romeo.receives(
    `<iq type='set' id='{any}' to='${romeoJid}/orchard'><query xmlns='jabber:iq:roster' ver='{any}'>` +
      `<item jid='${julietJid}' subscription='to'/></query></iq>`,
  );
  romeo.receives(`<presence from='${julietJid}/balcony' to='${romeoJid}'/>`);

  await romeo.sendText(`<message to='${julietJid}' type='chat' id='m1'><body>Neither, fair saint</body></message>`);
  juliet.receives(
    `<message to='${julietJid}' type='chat' id='m1' from='${romeoJid}/orchard'><body>Neither, fair saint</body>` +
      `<stanza-id xmlns='urn:xmpp:sid:0' by='${julietJid}' id='{any}'/></message>`,
  );
  juliet.receivesNothing();
});
