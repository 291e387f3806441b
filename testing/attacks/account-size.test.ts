import assert from "node:assert/strict";
import { test } from "node:test";
import { startWorld, type World } from "../scenario/world.ts";
import type { ScriptedClient } from "../scenario/scripted-client.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

async function begun(
  options: Readonly<Record<string, unknown>>,
): Promise<{ readonly world: World; readonly client: ScriptedClient }> {
  const world = await startWorld({ accounts: [romeo, juliet], options });
  return { world, client: await world.login(`${romeo}/orchard`) };
}

/** The condition of the error, or "result". */
async function ask(client: ScriptedClient, payload: string): Promise<string> {
  client.ignoreAll();
  await client.sendText(`<iq type='set' id='q'>${payload}</iq>`);
  const answer = client.pending.find((element) => element.attr("id") === "q");
  const error = answer?.elements().find(({ name }) => name === "error");
  return error?.elements()[0]?.name ?? answer?.attr("type") ?? "nothing";
}

const contact = (name: string, groups: string): string =>
  `<query xmlns='jabber:iq:roster'><item jid='${name}@capulet.example'>${groups}</item></query>`;
const groups = Array.from({ length: 60 }, (_, at) => `<group>${"g".repeat(1_000)}${at}</group>`).join("");

test("A15 a roster holds no more of names than its client can be sent, and goes on below that", async () => {
  const { world, client } = await begun({ "roster.items_max": 400 });
  await using _ = world;
  const answers: string[] = [];
  for (let at = 0; at < 6; at += 1) answers.push(await ask(client, contact(`c${at}`, groups)));
  assert.deepEqual(answers, [
    "result",
    "result",
    "result",
    "resource-constraint",
    "resource-constraint",
    "resource-constraint",
  ]);
  assert.equal(await ask(client, contact("c1", groups.replaceAll("g", "h"))), "result", "in the place of another");
  assert.equal(await ask(client, contact("c7", "<group>friends</group>")), "result", "a usual one");
  const remove = "<item jid='c0@capulet.example' subscription='remove'/>";
  assert.equal(await ask(client, `<query xmlns='jabber:iq:roster'>${remove}</query>`), "result");
  assert.equal(await ask(client, contact("c8", groups)), "result");
});

const longAddress = (at: number): string => `${"a".repeat(1_000)}${at}@capulet.example/${"r".repeat(1_000)}`;

test("A15 lists of whom to block are bounded in length as well: each change writes all of them anew", async () => {
  const { world, client } = await begun({ "blocking.blocked_max": 100, "privacy-lists.items_max": 100 });
  await using _ = world;
  const block = (jid: string): Promise<string> =>
    ask(client, `<block xmlns='urn:xmpp:blocking'><item jid='${jid}'/></block>`);
  const answers: string[] = [];
  for (let at = 0; at < 8; at += 1) answers.push(await block(longAddress(at)));
  assert.deepEqual(answers.slice(5), ["result", "resource-constraint", "resource-constraint"]);
  const items = (count: number): string =>
    Array.from(
      { length: count },
      (__, at) => `<item type='jid' value='${longAddress(at)}' action='deny' order='${at + 1}'/>`,
    ).join("");
  const list = (count: number): Promise<string> =>
    ask(client, `<query xmlns='jabber:iq:privacy'><list name='l'>${items(count)}</list></query>`);
  assert.equal(await list(8), "resource-constraint");
  assert.equal(await list(6), "result");
});
