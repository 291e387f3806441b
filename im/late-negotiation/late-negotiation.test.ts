import { test } from "node:test";
import { startWorld } from "#testing/scenario/world.ts";

const jid = "romeo@montague.example";

test("an old client's session request is granted, a second bind is not [rfc6121-1.4-01]", async () => {
  await using world = await startWorld({ accounts: [jid] });
  const romeo = await world.login(`${jid}/orchard`);
  await romeo.sendText("<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>");
  romeo.receives(`<iq type='result' id='s' to='${jid}/orchard'/>`);
  await romeo.sendText(
    "<iq type='set' id='h' to='montague.example'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
  );
  romeo.receives(`<iq type='result' id='h' from='montague.example' to='${jid}/orchard'/>`);
  await romeo.sendText("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  romeo.receives(
    `<iq type='error' id='b' to='${jid}/orchard'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/>` +
      `<error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` +
      `<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>{any}</text></error></iq>`,
  );
});
