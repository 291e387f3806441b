import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld } from "#testing/scenario/world.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";

const romeo = "romeo@montague.example";
const nurse = "nurse@capulet.example";

async function roster(client: ScriptedClient): Promise<readonly string[]> {
  client.ignoreAll();
  await client.sendText("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
  const query = client.pending.at(-1)?.child("jabber:iq:roster", "query");
  return query?.elements().map((item) => `${item.attr("jid")} ${item.attr("name")} ${item.attr("ask")}`) ?? [];
}

/** The nurse asks to see Romeo; his first words are written to a disc that fails, the next ones when it works again. */
const cases = [
  {
    what: "a request to see somebody, and a refusal",
    fails: `<presence type='subscribe' to='${nurse}'/>`,
    next: `<presence type='unsubscribed' to='${nurse}'/>`,
  },
  {
    what: "a contact's name, and another contact",
    fails: `<iq type='set' id='s'><query xmlns='jabber:iq:roster'><item jid='${nurse}' name='Angelica'/></query></iq>`,
    next: `<presence type='subscribe' to='${nurse}'/>`,
  },
] as const;

for (const { what, fails, next } of cases)
  test(`what was made of a write that failed is not stored by the next batch: ${what}`, async () => {
    await using world = await startWorld({ accounts: [romeo, nurse] });
    const other = await world.login(`${nurse}/kitchen`);
    await other.sendText(`<presence type='subscribe' to='${romeo}'/>`);
    const client = await world.login(`${romeo}/orchard`);
    await roster(client);
    client.ignoreAll();
    world.slowDisc(100);
    await client.sendText(fails);
    world.faults.failCommits("read-only");
    await world.advance(150);
    await client.sendText(next);
    await world.advance(60);
    world.faults.failCommits(undefined);
    await world.advance(2_000);
    world.slowDisc(0);
    client.ignoreAll();
    assert.deepEqual(await roster(await world.login(`${romeo}/again`)), []);
  });
