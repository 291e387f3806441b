import assert from "node:assert/strict";
import { test } from "node:test";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { presenceWitness } from "#testing/scenario/subscriptions.ts";
import { startWorld } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];

// RFC 3921 §11.1, where RFC 6121 does not say it again.

const toNobody: readonly (readonly [what: string, stanza: (to: string) => string, condition: string | undefined])[] = [
  ["a message", (to) => `<message to='${to}' type='chat' id='1'><body>Hi</body></message>`, "service-unavailable"],
  ["a request", (to) => `<iq to='${to}' type='get' id='1'><q xmlns='urn:example'/></iq>`, "service-unavailable"],
  ["presence", (to) => `<presence to='${to}' id='1'/>`, undefined],
  ["a request for a subscription", (to) => `<presence type='subscribe' to='${to}' id='1'/>`, undefined],
];

for (const [what, stanza, condition] of toNobody)
  for (const to of ["mercutio@capulet.example", "mercutio@capulet.example/street"])
    test(`${what} to ${to}, who does not exist, gets ${condition ?? "no answer"} [rfc3921-11.1-03]`, async () => {
      const { module, arrivals } = presenceWitness();
      await using world = await startWorld({ accounts, modules: [...instantMessaging, module] });
      const client = await world.login(`${romeo}/orchard`);
      await client.sendText(stanza(to));
      if (condition === undefined) client.receivesNothing();
      // Not even an answer that the own server would swallow.
      assert.deepEqual(arrivals, []);
      const error = client.pending.find((each) => each.attr("id") === "1")?.child("jabber:client", "error");
      assert.equal(error?.elements()[0]?.name, condition);
    });

test("where nothing is kept a message to who is away comes back with service-unavailable [rfc3921-11.1-17]", async () => {
  await using world = await startWorld({ accounts, options: { "messages.offline_messages_max": 0 } });
  const client = await world.login(`${romeo}/orchard`);
  for (const type of ["chat", "normal"]) {
    await client.sendText(`<message to='${juliet}' type='${type}' id='1'><body>Hi</body></message>`);
    const error = client.next();
    assert.deepEqual([error.name, error.attr("type"), error.attr("id")], ["message", "error", "1"]);
    assert.equal(error.child("jabber:client", "error")?.elements()[0]?.name, "service-unavailable");
  }
  const later = await world.login(`${juliet}/balcony`);
  await later.sendText("<presence/>");
  assert.ok(later.pending.every(({ name }) => name !== "message"));
});

test("an error comes of a message that failed, and never of an error [rfc3921-2.1.1-09]", async () => {
  await using world = await startWorld({ accounts });
  const client = await world.login(`${romeo}/orchard`);
  for (const to of ["mercutio@capulet.example", "capulet.example", "@", "mercutio@verona.example"]) {
    await client.sendText(`<message to='${to}' type='chat'><body>Hi</body></message>`);
    assert.equal(client.next().attr("type"), "error", to);
    await client.sendText(`<message to='${to}' type='error'><error type='cancel'/></message>`);
    client.receivesNothing();
  }
});
