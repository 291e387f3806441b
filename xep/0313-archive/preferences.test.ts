import assert from "node:assert/strict";
import { test } from "node:test";
import { serialize } from "#protocol/xml/serialize.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { NS_MAM } from "./elements.ts";
import { listedMax } from "./preferences.ts";
import { archive } from "./server.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

async function stage(
  options: Readonly<Record<string, unknown>> = {},
): Promise<{ world: World; client: ScriptedClient }> {
  const world = await startWorld({
    accounts: [romeo, juliet],
    modules: [...instantMessaging, archive],
    options: { archive: true, ...options },
  });
  return { world, client: await world.login(`${romeo}/garden`) };
}

const prefs = (byDefault: string, always: readonly string[] = [], never: readonly string[] = []): string => {
  const list = (name: string, jids: readonly string[]): string =>
    `<${name}>${jids.map((jid) => `<jid>${jid}</jid>`).join("")}</${name}>`;
  return `<prefs xmlns='${NS_MAM}' default='${byDefault}'>${list("always", always)}${list("never", never)}</prefs>`;
};

async function kept(client: ScriptedClient): Promise<readonly string[]> {
  client.ignoreAll();
  await client.sendText(`<iq type='set' id='q'><query xmlns='${NS_MAM}'/></iq>`);
  const bodies = client.pending.flatMap((stanza) => /<body>(.*?)<\/body>/u.exec(serialize(stanza))?.[1] ?? []);
  client.ignoreAll();
  return bodies;
}

for (const { wanted, listed, names, ids = "" } of [
  { wanted: prefs("always"), listed: false, names: ["balcony", "chamber"], ids: " [xep0441-2.1.1-01]" },
  { wanted: prefs("never"), listed: true, names: [], ids: " [xep0313-8.1-04] [xep0441-2-01] [xep0441-2.1.1-01]" },
  { wanted: prefs("roster"), listed: false, names: [], ids: " [xep0441-2.1.1-01]" },
  { wanted: prefs("roster"), listed: true, names: ["balcony", "chamber"], ids: " [xep0441-2.3.1-01]" },
  {
    wanted: prefs("never", [juliet]),
    listed: false,
    names: ["balcony", "chamber"],
    ids: " [xep0441-2.1.2-01] [xep0441-2.1.2-02]",
  },
  { wanted: prefs("never", [`${juliet}/chamber`]), listed: false, names: ["chamber"], ids: " [xep0441-2.3.2-01]" },
  {
    wanted: prefs("always", [], [juliet]),
    listed: true,
    names: [],
    ids: " [xep0441-2.1.3-01] [xep0441-2.1.3-02]",
  },
  {
    wanted: prefs("always", [], [`${juliet}/chamber`]),
    listed: true,
    names: ["balcony"],
    ids: " [xep0441-2.3.2-01]",
  },
  {
    wanted: `<prefs xmlns='${NS_MAM}' default='never'/>`,
    listed: true,
    names: [],
    ids: " [xep0441-2.1.2-03] [xep0441-2.1.3-03]",
  },
  {
    wanted: `<prefs xmlns='${NS_MAM}' default='always'/>`,
    listed: false,
    names: ["balcony", "chamber"],
    ids: " [xep0441-2.1.2-03] [xep0441-2.1.3-03]",
  },
  { wanted: prefs("always", [juliet], [juliet]), listed: true, names: [] },
  { wanted: prefs("roster", [`${juliet}/balcony`]), listed: false, names: ["balcony"] },
  { wanted: prefs("never", ["JULIET@Capulet.Example"]), listed: false, names: ["balcony", "chamber"] },
])
  test(`S15 by ${wanted.replace(` xmlns='${NS_MAM}'`, "")} ${listed ? "a contact" : "a stranger"} has kept: ${names.join(", ") || "nothing"}${ids}`, async () => {
    const { world, client } = await stage();
    await using _ = world;
    if (listed)
      await client.sendText(
        `<iq type='set' id='r'><query xmlns='jabber:iq:roster'><item jid='${juliet}'/></query></iq>`,
      );
    await client.sendText(`<iq type='set' id='p'>${wanted}</iq>`);
    assert.equal(client.pending.at(-1)?.attr("type"), "result");
    for (const name of ["balcony", "chamber"])
      await client.sendText(`<message to='${juliet}/${name}' type='chat'><body>${name}</body></message>`);
    assert.deepEqual(await kept(client), names);
  });

for (const byDefault of ["always", "roster", "never"])
  test(`what the administrator decided holds until a user says otherwise: ${byDefault}`, async () => {
    const { world, client } = await stage({ "archive.default": byDefault });
    await using _ = world;
    await client.sendText(`<iq type='get' id='p'><prefs xmlns='${NS_MAM}'/></iq>`);
    client.receives(`<iq type='result' id='p' to='${romeo}/garden'>${prefs(byDefault)}</iq>`);
    await client.sendText(`<message to='${juliet}' type='chat'><body>1</body></message>`);
    assert.equal((await kept(client)).length, byDefault === "always" ? 1 : 0);
  });

test("preferences are kept as they were understood, each address once, and told [xep0441-2.1-01] [xep0441-2.1-02] [xep0441-2.1-03] [xep0441-2.1-04]", async () => {
  const { world, client } = await stage();
  await using _ = world;
  await client.sendText(
    `<iq type='set' id='p'>${prefs("roster", [juliet, "Juliet@capulet.example"], ["nurse@capulet.example"])}</iq>`,
  );
  const shown = prefs("roster", [juliet], ["nurse@capulet.example"]);
  client.receives(`<iq type='result' id='p' to='${romeo}/garden'>${shown}</iq>`);
  await client.sendText(`<iq type='get' id='g'><prefs xmlns='${NS_MAM}'/></iq>`);
  client.receives(`<iq type='result' id='g' to='${romeo}/garden'>${shown}</iq>`);
});

for (const [what, wanted, condition] of [
  ["a default that is none", prefs("sometimes"), "bad-request"],
  ["no default", `<prefs xmlns='${NS_MAM}'/>`, "bad-request"],
  ["an address that is none", prefs("always", ["@"]), "jid-malformed"],
  [
    "A12 lists without an end",
    prefs(
      "always",
      Array.from({ length: listedMax + 1 }, (_, index) => `${index}@x`),
    ),
    "resource-constraint",
  ],
] as const)
  test(`${what}: ${condition}, and nothing changes`, async () => {
    const { world, client } = await stage();
    await using _ = world;
    await client.sendText(`<iq type='set' id='p'>${wanted}</iq>`);
    assert.equal(client.next().child("jabber:client", "error")?.firstElement?.name, condition);
    await client.sendText(`<iq type='get' id='g'><prefs xmlns='${NS_MAM}'/></iq>`);
    client.receives(`<iq type='result' id='g' to='${romeo}/garden'>${prefs("always")}</iq>`);
  });

for (const [from, left] of [
  [`${juliet}/balcony`, 1],
  [juliet, 0],
] as const)
  test(`of what comes in, who sent it counts: with ${from} left out ${left} of the other device's is kept [xep0441-2.3.3-01]`, async () => {
    const { world, client } = await stage();
    await using _ = world;
    await client.sendText(`<iq type='set' id='p'>${prefs("always", [], [from])}</iq>`);
    for (const name of ["balcony", "chamber"]) {
      const sender = await world.login(`${juliet}/${name}`);
      await sender.sendText(`<message to='${romeo}/garden' type='chat'><body>${name}</body></message>`);
    }
    assert.deepEqual(await kept(client), ["chamber"].slice(0, left));
  });

for (const { options, left } of [
  { options: {}, left: ["1", "2", "3", "4"] },
  { options: { "archive.retention_days": 2 }, left: ["3", "4"] },
  { options: { "archive.messages_max": 3 }, left: ["2", "3", "4"] },
  { options: { "archive.messages_max": 1, "archive.retention_days": 3 }, left: ["4"] },
])
  test(`the oldest go first, and no gap is left: ${JSON.stringify(options)} leaves ${left.join(", ")} [xep0313-3.2-01] [xep0313-3.2-02]`, async () => {
    const { world, client } = await stage(options);
    await using _ = world;
    for (const body of ["1", "2", "3", "4"]) {
      await client.sendText(`<message to='${juliet}' type='chat'><body>${body}</body></message>`);
      // A day, of whose hours the server works the last: it looks for what is too old every few.
      world.env.setClock(17 * 3_600_000);
      await world.advance(7 * 3_600_000 - 1);
    }
    const again = await world.login(`${romeo}/home`);
    assert.deepEqual(await kept(again), left);
  });
