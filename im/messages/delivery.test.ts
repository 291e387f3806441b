import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { befriend } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { offlineRows } from "#testing/scenario/stored-rows.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import table from "./tables/delivery.json" with { type: "json" };

// RFC 6121 §8.5.4. S silence, E error, O offline, D the addressed (or only) resource, M the most available, A all
// non-negative.
const types = ["normal", "chat", "groupchat", "headline"] as const;

/** What we chose of what each row of the table allows; a second letter is what strangers get. */
const choices: Readonly<Record<string, Readonly<Record<(typeof types)[number], string>>>> = {
  "no account, bare": { normal: "E", chat: "E", groupchat: "E", headline: "S" },
  "no account, full": { normal: "E", chat: "E", groupchat: "E", headline: "S" },
  "no resources, bare": { normal: "O", chat: "O", groupchat: "E", headline: "S" },
  "no resources, no match": { normal: "ES", chat: "O", groupchat: "E", headline: "S" },
  "negative only, bare": { normal: "O", chat: "O", groupchat: "E", headline: "S" },
  "negative only, match": { normal: "D", chat: "D", groupchat: "D", headline: "D" },
  "negative only, no match": { normal: "ES", chat: "O", groupchat: "E", headline: "S" },
  "one non-negative, bare": { normal: "D", chat: "D", groupchat: "E", headline: "D" },
  "one non-negative, match": { normal: "D", chat: "D", groupchat: "D", headline: "D" },
  "one non-negative, no match": { normal: "ES", chat: "D", groupchat: "E", headline: "S" },
  "several non-negative, bare": { normal: "M", chat: "M", groupchat: "E", headline: "A" },
  "several non-negative, match": { normal: "D", chat: "D", groupchat: "D", headline: "D" },
  "several non-negative, no match": { normal: "ES", chat: "M", groupchat: "E", headline: "S" },
};

const present = ["negative only", "one non-negative", "several non-negative"];
const existing = ["no resources", ...present];
const takers = ["one non-negative", "several non-negative"];

/** The rules that the table sums up, and which of its cells each of them says. */
const rules: readonly {
  readonly ids: string;
  readonly situations: readonly string[];
  readonly to: string;
  readonly types: readonly string[];
}[] = [
  { ids: "[rfc6121-8.5.1-02]", situations: ["no account"], to: "bare", types },
  { ids: "[rfc6121-8.5.1-02]", situations: ["no account"], to: "full", types },
  { ids: "[rfc6121-8.5.2.1.1-01]", situations: ["negative only"], to: "bare", types: ["normal"] },
  { ids: "[rfc6121-8.5.2.1.1-02]", situations: ["one non-negative"], to: "bare", types: ["normal"] },
  {
    ids: "[rfc6121-8.5.2.1.1-03] [rfc3921-11.1-06]",
    situations: ["several non-negative"],
    to: "bare",
    types: ["normal"],
  },
  { ids: "[rfc6121-8.5.2.1.1-04]", situations: ["negative only"], to: "bare", types: ["chat"] },
  { ids: "[rfc6121-8.5.2.1.1-05]", situations: ["one non-negative"], to: "bare", types: ["chat"] },
  {
    ids: "[rfc6121-8.5.2.1.1-06] [rfc6121-8.5.4-02]",
    situations: ["several non-negative"],
    to: "bare",
    types: ["chat"],
  },
  { ids: "[rfc6121-8.5.2.1.1-07]", situations: present, to: "bare", types: ["groupchat"] },
  { ids: "[rfc6121-8.5.2.1.1-08]", situations: ["negative only"], to: "bare", types: ["headline"] },
  {
    ids: "[rfc6121-8.5.2.1.1-09] [rfc6121-8.5.2-01]",
    situations: ["one non-negative"],
    to: "bare",
    types: ["headline"],
  },
  { ids: "[rfc6121-8.5.2.1.1-10]", situations: ["several non-negative"], to: "bare", types: ["headline"] },
  {
    ids: "[rfc6121-8.5.2.1.1-12]",
    situations: ["negative only", "several non-negative"],
    to: "bare",
    types: ["normal", "chat", "headline"],
  },
  { ids: "[rfc6121-8.5.2.1.1-13]", situations: takers, to: "bare", types: ["normal", "chat", "headline"] },
  { ids: "[rfc6121-8.5.2.2.1-01]", situations: ["no resources"], to: "bare", types: ["normal", "chat"] },
  { ids: "[rfc6121-8.5.2.2.1-02]", situations: ["no resources"], to: "bare", types: ["groupchat"] },
  { ids: "[rfc6121-8.5.2.2.1-03]", situations: ["no resources"], to: "bare", types: ["headline"] },
  { ids: "[rfc6121-8.5.3.1-03]", situations: present, to: "match", types },
  { ids: "[rfc6121-8.5.3.2.1-01]", situations: existing, to: "no match", types: ["normal", "groupchat", "headline"] },
  {
    ids: "[rfc6121-8.5.3-01] [rfc6121-8.1-01] [rfc6121-8.5.4-01] [rfc6121-11-02]",
    situations: existing,
    to: "no match",
    types: ["normal"],
  },
  { ids: "[rfc6121-8.5.3.2.1-02]", situations: ["no resources"], to: "no match", types: ["chat"] },
  { ids: "[rfc6121-8.5.3.2.1-03]", situations: ["negative only"], to: "no match", types: ["chat"] },
  { ids: "[rfc6121-8.5.3.2.1-04]", situations: ["one non-negative"], to: "no match", types: ["chat"] },
  {
    ids: "[rfc6121-8.5.3.2.1-05] [rfc6121-8.5.4-02]",
    situations: ["several non-negative"],
    to: "no match",
    types: ["chat"],
  },
  { ids: "[rfc6121-5.2.2-04]", situations: takers, to: "bare", types: ["headline"] },
  { ids: "[rfc6121-5.2.2-04]", situations: present, to: "match", types: ["headline"] },
  { ids: "[rfc6121-5.2.2-04]", situations: existing, to: "no match", types: ["headline"] },
];

function idsOf(situation: string, to: string, type: string): string {
  return rules
    .filter((rule) => rule.situations.includes(situation) && rule.to === to && rule.types.includes(type))
    .map(({ ids }) => ids)
    .join(" ");
}

interface Situation {
  /** Juliet's resources and their priorities; undefined for one that is connected and not available. */
  readonly resources: Readonly<Record<string, number | undefined>>;
  readonly match: string;
  readonly most: readonly string[];
  readonly all: readonly string[];
}

const situations: Readonly<Record<string, Situation>> = {
  "no account": { resources: {}, match: "", most: [], all: [] },
  "no resources": { resources: {}, match: "", most: [], all: [] },
  "negative only": { resources: { sleeping: -1, hidden: undefined }, match: "sleeping", most: [], all: [] },
  "one non-negative": {
    resources: { balcony: 0, sleeping: -5, hidden: undefined },
    match: "balcony",
    most: ["balcony"],
    all: ["balcony"],
  },
  "several non-negative": {
    resources: { garden: 1, balcony: 5, chamber: 5, sleeping: -1, hidden: undefined },
    match: "garden",
    most: ["balcony", "chamber"],
    all: ["garden", "balcony", "chamber"],
  },
};

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";

test("we chose something for every row, and only what it allows", () => {
  assert.equal(table.length, Object.keys(choices).length);
  for (const { situation, to, ...allowed } of table)
    for (const type of types)
      for (const letter of choices[`${situation}, ${to}`]?.[type] ?? "?")
        assert.ok(allowed[type].split("/").includes(letter), `${situation}, ${to}: ${type} ${letter}`);
});

for (const sender of ["a friend", "a stranger"] as const)
  describe(`the table of delivery, with ${sender} who sends`, () => {
    for (const { situation, to } of table)
      for (const type of types)
        test(`${situation}, ${to}: ${type} ${idsOf(situation, to, type)}`, async () => {
          const letters = choices[`${situation}, ${to}`]?.[type] ?? "";
          const letter = letters[sender === "a stranger" ? letters.length - 1 : 0];
          const { resources, match, most, all } = situations[situation] ?? assert.fail(situation);
          await using world = await startWorld({ accounts: [romeoJid, julietJid] });
          const romeo = await world.login(`${romeoJid}/orchard`);
          await romeo.sendText("<presence/>");
          if (sender === "a friend") await makeFriends(world, romeo);
          const devices = await logIn(world, resources);
          romeo.ignoreAll();

          const account = situation === "no account" ? "rosaline@capulet.example" : julietJid;
          const address = to === "bare" ? account : `${account}/${to === "match" ? match : "tomb"}`;
          await romeo.sendText(`<message to='${address}' type='${type}' id='m'><body>Soft!</body></message>`);
          const got = [...devices].filter(([, { pending }]) => pending.length > 0).map(([resource]) => resource);
          const expected = { D: [match], M: most, A: all }[letter ?? ""] ?? [];
          assert.deepEqual(got, expected, "who gets it");
          for (const resource of got) {
            const message = devices.get(resource)?.next();
            assert.deepEqual([message?.attr("to"), message?.attr("from")], [address, romeo.jid]);
            devices.get(resource)?.receivesNothing();
          }
          if (letter === "E")
            romeo.receives(
              `<message from='${address}' to='${romeo.jid}' type='error' id='m'><error type='cancel'>` +
                `<service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>`,
            );
          romeo.receivesNothing();
          assert.equal(await offlineRows(world, julietJid), letter === "O" ? 1 : 0, "stored");
          assertNothingBroke(world);
        });
  });

for (const [to, ids] of [
  [julietJid, "[rfc6121-8.5.2.1.1-11] [rfc6121-8.5.2.2.1-03]"],
  [`${julietJid}/tomb`, "[rfc6121-8.5.3.2.1-06]"],
  ["rosaline@capulet.example", "[rfc6121-8.5.1-02]"],
] as const)
  test(`an error for ${to} that nobody can have is silently dropped ${ids}`, async () => {
    await using world = await startWorld({ accounts: [romeoJid, julietJid] });
    const romeo = await world.login(`${romeoJid}/orchard`);
    const juliet = await world.login(`${julietJid}/balcony`);
    await juliet.sendText("<presence/>");
    juliet.ignoreAll();
    await romeo.sendText(`<message to='${to}' type='error' id='e'><error type='cancel'/></message>`);
    romeo.receivesNothing();
    juliet.receivesNothing();
    await juliet.close();
    await romeo.sendText(`<message to='${to}' type='error' id='e'><error type='cancel'/></message>`);
    romeo.receivesNothing();
    assert.equal(await offlineRows(world, julietJid), 0);
    assertNothingBroke(world);
  });

test("an unknown type is taken for normal, and no type too [rfc6121-5.2.2-06]", async () => {
  await using world = await startWorld({ accounts: [romeoJid, julietJid] });
  const romeo = await world.login(`${romeoJid}/orchard`);
  for (const type of ["", " type='whisper'"])
    await romeo.sendText(`<message to='${julietJid}'${type}><body>Hist!</body></message>`);
  romeo.receivesNothing();
  assert.equal(await offlineRows(world, julietJid), 2);
});

/** What is silent because it broke down is not silent by intent. */
function assertNothingBroke(world: World): void {
  assert.deepEqual(
    world.log.filter(({ level }) => level === "error"),
    [],
  );
}

async function makeFriends(world: World, romeo: ScriptedClient): Promise<void> {
  const juliet = await world.login(`${julietJid}/balcony`);
  await befriend(romeo, juliet);
  await juliet.close();
}

async function logIn(world: World, resources: Situation["resources"]): Promise<ReadonlyMap<string, ScriptedClient>> {
  const devices = new Map<string, ScriptedClient>();
  for (const [resource, priority] of Object.entries(resources)) {
    const device = await world.login(`${julietJid}/${resource}`);
    if (priority !== undefined) await device.sendText(`<presence><priority>${priority}</priority></presence>`);
    devices.set(resource, device);
  }
  for (const device of devices.values()) device.ignoreAll();
  return devices;
}
