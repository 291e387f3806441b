import { describe, test } from "node:test";
import { startWorld } from "#testing/scenario/world.ts";

const juliet = "juliet@example.com";
const romeo = "romeo@example.net";
const world = await startWorld({ accounts: [juliet, romeo], domains: ["example.com", "example.net"] });
const client = await world.login(`${juliet}/balcony`);

const long = "x".repeat(1_024);
const groups = Array.from({ length: 65 }, (_, number) => `<group>${number}</group>`).join("");

interface Refusal {
  readonly item: string;
  readonly condition: string;
  readonly type?: string;
}

const refusals: Readonly<Record<string, Refusal>> = {
  "[rfc6121-2.3.3-03] two items": {
    item: "<item jid='nurse@example.com'/><item jid='mother@example.com'/>",
    condition: "bad-request",
  },
  "[rfc6121-2.1.5-01] no item": { item: "", condition: "bad-request" },
  "[rfc6121-2.1.2.3-01] an item without an address": { item: "<item name='Nurse'/>", condition: "bad-request" },
  "[rfc6121-2.3.3-03] a group twice": {
    item: "<item jid='nurse@example.com'><group>Servants</group><group>Servants</group></item>",
    condition: "bad-request",
  },
  "[rfc6121-2.3.3-04] a name that is too long": {
    item: `<item jid='nurse@example.com' name='${long}'/>`,
    condition: "not-acceptable",
  },
  "[rfc6121-2.3.3-04] a group without a name": {
    item: "<item jid='nurse@example.com'><group/></item>",
    condition: "not-acceptable",
  },
  "[rfc6121-2.3.3-04] a group with too long a name": {
    item: `<item jid='nurse@example.com'><group>${long}</group></item>`,
    condition: "not-acceptable",
  },
  "too many groups": { item: `<item jid='nurse@example.com'>${groups}</item>`, condition: "not-acceptable" },
  "an address that is none": { item: "<item jid='nurse@@example.com'/>", condition: "jid-malformed" },
  "an address with nothing in front of the domain": { item: "<item jid='@example.com'/>", condition: "jid-malformed" },
  "the user's own address": { item: `<item jid='${juliet}'/>`, condition: "not-allowed", type: "cancel" },
  "[rfc6121-2.5.3-01] the removal of who is not there": {
    item: "<item jid='tybalt@example.com' subscription='remove'/>",
    condition: "item-not-found",
    type: "cancel",
  },
};

describe("a roster set is refused [rfc6121-2.3.3-01]", () => {
  for (const [name, { item, condition, type = "modify" }] of Object.entries(refusals))
    test(name, async () => {
      const query = `<query xmlns='jabber:iq:roster'>${item}</query>`;
      await client.sendText(`<iq type='set' id='s'>${query}</iq>`);
      client.receives(
        `<iq type='error' id='s' to='${juliet}/balcony'>${query}<error type='${type}'>` +
          `<${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>${text(condition)}</error></iq>`,
      );
      client.receivesNothing();
    });
});

for (const [type, query] of [
  ["get", "<query xmlns='jabber:iq:roster'/>"],
  ["set", "<query xmlns='jabber:iq:roster'><item jid='nurse@example.com'/></query>"],
] as const)
  test(`somebody else's roster is forbidden: ${type} [rfc6121-2-02]${type === "set" ? " [rfc6121-2.3.3-02] [rfc6121-2.1.5-03]" : ""}`, async () => {
    await client.sendText(`<iq type='${type}' id='f' to='${romeo}'>${query}</iq>`);
    client.receives(
      `<iq type='error' id='f' from='${romeo}' to='${juliet}/balcony'>${query}<error type='auth'>` +
        `<forbidden xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    );
  });

test("a roster that is full takes no more contacts, whichever way they come", async () => {
  await using small = await startWorld({
    accounts: [juliet, romeo],
    domains: ["example.com", "example.net"],
    options: { "roster.items_max": 1 },
  });
  const user = await small.login(`${juliet}/balcony`);
  await user.sendText(
    "<iq type='set' id='1'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com'/></query></iq>",
  );
  user.receives(`<iq type='result' id='1' to='${juliet}/balcony'/>`);
  // A stranger's request takes no room.
  const stranger = await small.login(`${romeo}/orchard`);
  await stranger.sendText(`<presence type='subscribe' to='${juliet}'/>`);
  const full =
    `<error type='wait'><resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` +
    `<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>the roster is full</text></error>`;
  const query = "<query xmlns='jabber:iq:roster'><item jid='mother@example.com'/></query>";
  await user.sendText(`<iq type='set' id='2'>${query}</iq>`);
  user.receives(`<iq type='error' id='2' to='${juliet}/balcony'>${query}${full}</iq>`);
  for (const type of ["subscribe", "subscribed"]) {
    await user.sendText(`<presence type='${type}' to='mother@example.com' id='3'/>`);
    user.receives(`<presence type='error' from='mother@example.com' to='${juliet}/balcony' id='3'>${full}</presence>`);
  }
  await user.sendText(
    "<iq type='set' id='4'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com' name='Nurse'/></query></iq>",
  );
  user.receives(`<iq type='result' id='4' to='${juliet}/balcony'/>`);
});

test("what could not be stored is neither answered as done nor pushed, and the set fails [rfc6121-2.3.3-01]", async () => {
  await using failing = await startWorld({ accounts: [juliet], domains: ["example.com"] });
  const user = await failing.login(`${juliet}/balcony`);
  await user.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
  user.ignoreAll();
  failing.faults.failCommits("full");
  await user.sendText(
    "<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='nurse@example.com'/></query></iq>",
  );
  const error = user.next();
  user.receivesNothing();
  failing.faults.failCommits(undefined);
  await user.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
  user.receives(`<iq type='result' id='g' to='${juliet}/balcony'><query xmlns='jabber:iq:roster' ver='0'/></iq>`);
  if (error.attr("type") !== "error") throw new Error("the set seems to have worked");
});

test("a roster that is out of reach is answered with an error, not with silence or an empty one [rfc6121-2.2-04]", async () => {
  await using failing = await startWorld({ accounts: [juliet], domains: ["example.com"] });
  const user = await failing.login(`${juliet}/balcony`);
  // What could not be written is read anew, and that fails too.
  failing.faults.failCommits("full");
  failing.faults.failReads("unavailable");
  const query = "<query xmlns='jabber:iq:roster'><item jid='nurse@example.com'/></query>";
  await user.sendText(`<iq type='set' id='s'>${query}</iq>`);
  user.ignoreAll();
  await user.sendText("<iq type='get' id='g'><query xmlns='jabber:iq:roster'/></iq>");
  user.receives(
    `<iq type='error' id='g' to='${juliet}/balcony'><query xmlns='jabber:iq:roster'/><error type='wait'>` +
      `<resource-constraint xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>` +
      `<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>{any}</text></error></iq>`,
  );
  failing.faults.failCommits(undefined);
  failing.faults.failReads(undefined);
});

/** Whether the server says more than the condition. */
function text(condition: string): string {
  return condition === "item-not-found"
    ? ""
    : "<text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>{any}</text>";
}
