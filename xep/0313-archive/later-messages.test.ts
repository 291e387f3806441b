import assert from "node:assert/strict";
import { test } from "node:test";
import { withAttributes, withChildren, XmlElement } from "#protocol/xml/element.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { carbons } from "../0280-carbons/server.ts";
import { forwardedStanza } from "../0297-forwarding/elements.ts";
import { NS_STANZA_IDS } from "../0359-stanza-ids/elements.ts";
import { NS_MAM } from "./elements.ts";
import { archive } from "./server.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

/** What people say about messages that were sent before, with and without what goes with it. */
const later = {
  "a correction (XEP-0308)": "<body>Soft! What light</body><replace xmlns='urn:xmpp:message-correct:0' id='m0'/>",
  "a retraction (XEP-0424) [xep0424-5-02]": "<retract xmlns='urn:xmpp:message-retract:1' id='m0'/>",
  "a retraction that asks to be stored [xep0424-3-03] [xep0424-5-02]":
    "<retract xmlns='urn:xmpp:message-retract:1' id='m0'/><store xmlns='urn:xmpp:hints'/>",
  "a reaction (XEP-0444) [xep0444-4-09]":
    "<reactions xmlns='urn:xmpp:reactions:0' id='m0'><reaction>👋</reaction></reactions><store xmlns='urn:xmpp:hints'/>",
  "a receipt (XEP-0184)": "<received xmlns='urn:xmpp:receipts' id='m0'/>",
  "a marker (XEP-0333)": "<displayed xmlns='urn:xmpp:chat-markers:0' id='m0'/>",
};

/** The message as it was before the server told under which id it keeps it, and when it came. */
function bare(message: XmlElement | undefined): string {
  assert.ok(message !== undefined);
  const children = message.children.filter(
    (child) => !(child instanceof XmlElement && (child.ns === NS_STANZA_IDS || child.ns === "urn:xmpp:delay")),
  );
  return serialize(withAttributes(withChildren(message, children), {}));
}

async function archived(client: ScriptedClient): Promise<readonly string[]> {
  client.ignoreAll();
  await client.sendText(`<iq type='set' id='q'><query xmlns='${NS_MAM}'/></iq>`);
  const envelopes = client.pending.flatMap((stanza) => stanza.child(NS_MAM, "result")?.firstElement ?? []);
  client.ignoreAll();
  return envelopes.map((envelope) => bare(forwardedStanza(envelope)));
}

for (const [what, inside] of Object.entries(later))
  for (const away of [false, true])
    test(`${what} passes as it is, is copied to the sender's other device and is in both archives, the recipient ${away ? "away" : "there"}`, async () => {
      await using world = await startWorld({
        accounts: [romeo, juliet],
        modules: [...instantMessaging, carbons, archive],
        options: { archive: true },
      });
      const [garden, home] = [await world.login(`${romeo}/garden`), await world.login(`${romeo}/home`)];
      await home.sendText("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
      const balcony = await world.login(`${juliet}/balcony`);
      if (!away) await balcony.sendText("<presence/>");
      for (const client of [home, balcony]) client.ignoreAll();
      const sent = `<message to='${juliet}' type='chat' id='m1'>${inside}</message>`;
      await garden.sendText(sent);
      if (away) {
        await balcony.sendText("<presence/>");
        assert.equal(balcony.next().name, "presence");
      }
      const arrived = bare(balcony.next());
      const copy = home.next().firstElement?.firstElement;
      assert.equal(bare(copy === undefined ? undefined : forwardedStanza(copy)), arrived);
      assert.deepEqual(await archived(garden), [arrived]);
      assert.deepEqual(await archived(balcony), [arrived]);
      assert.equal(arrived.replace(/^<[^>]*>/u, ""), sent.replace(/^<[^>]*>/u, ""));
      for (const attribute of ["id='m1'", "type='chat'", `to='${juliet}'`, `from='${romeo}/garden'`])
        assert.ok(arrived.includes(attribute), arrived);
    });
