import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers";
import { after, before, test } from "node:test";
import type { Store } from "#kit/storage.ts";
import { currentConfig } from "../config/change-config.ts";
import { nodeEnv } from "../node-env.ts";
import { openMemoryStore } from "../storage/memory-store.ts";
import { adoptStoredComponents, storedComponentsOwner, storedComponentsShape } from "./adopt-stored-components.ts";
import { ComponentSecrets } from "./component-secrets.ts";

const [irc, sms] = ["irc.montague.example", "sms.montague.example"];
const hosts = '# ours\n[[hosts]]\ndomain = "montague.example"\n';
const row = (secret: string, added?: object) => JSON.stringify({ secret, added });
const plain = { subdomains: false, conflict: "refuse-new" };

let parent: string;
let next = 0;

before(async () => {
  parent = await mkdtemp(join(tmpdir(), "balcony-adopt-"));
});

after(() => rm(parent, { recursive: true }));

/** A store of an earlier version, and what is said of it. */
async function stage(text: string, rows: Readonly<Record<string, string>>) {
  const directory = join(parent, `${next++}`);
  const file = `${directory}.toml`;
  await writeFile(file, text);
  const { store } = openMemoryStore({ schedule: (run) => void setImmediate(run) });
  await store.declare([storedComponentsShape]);
  const { name } = storedComponentsShape;
  await store.commit(
    Object.entries(rows).map(([key, value]) => ({ op: "set", store: name, owner: storedComponentsOwner, key, value })),
  );
  const secrets = new ComponentSecrets(directory, nodeEnv());
  const told: { readonly fields: object; readonly text: string }[] = [];
  const line = (fields: object, said: string) => void told.push({ fields, text: said });
  const log = { debug: line, info: line, warn: line, error: line };
  const adopt = async () =>
    adoptStoredComponents({ store, secrets, config: await currentConfig(file, []), file, features: [], log });
  return { file, secrets, told, adopt, left: () => leftIn(store) };
}

async function leftIn(store: Store): Promise<readonly string[]> {
  return [...((await store.load(storedComponentsOwner)).get(storedComponentsShape.name)?.keys() ?? [])];
}

test("components that were kept in the store are in balcony.toml afterwards, with their secrets in files", async () => {
  const added = { name: "Telephones", host: "montague.example", subdomains: true, conflict: "replace-old" };
  const { file, secrets, adopt, left } = await stage(hosts, {
    [irc]: row("the one of irc", plain),
    [sms]: row("the one of sms", added),
  });
  const { components } = await adopt();
  assert.deepEqual(components.map(({ domain }) => domain).toSorted(), [irc, sms]);
  assert.equal(
    await readFile(file, "utf8"),
    `${hosts}\n[[components]]\ndomain = "${irc}"\n\n[[components]]\ndomain = "${sms}"\nname = "Telephones"\nhost = "montague.example"\nsubdomains = true\nconflict = "replace-old"\n`,
  );
  assert.deepEqual([await secrets.read(irc), await secrets.read(sms)], ["the one of irc", "the one of sms"]);
  assert.deepEqual(await left(), []);
  assert.deepEqual((await adopt()).components.length, 2, "once more changes nothing");
});

test("of a component that balcony.toml names, the secret alone is taken over", async () => {
  const text = `${hosts}[[components]]\ndomain = "${irc}"\n`;
  const { file, secrets, adopt, left } = await stage(text, { [irc]: row("the one of irc") });
  await adopt();
  assert.equal(await readFile(file, "utf8"), text);
  assert.equal(await secrets.read(irc), "the one of irc");
  assert.deepEqual(await left(), []);
});

test("a secret that balcony.toml tells stays the only one", async () => {
  const text = `${hosts}[[components]]\ndomain = "${irc}"\nsecret = "in the file"\n`;
  const { secrets, adopt, left } = await stage(text, { [irc]: row("of old", plain) });
  const { components } = await adopt();
  assert.equal(components[0]?.secret, "in the file");
  assert.equal(await secrets.read(irc), undefined);
  assert.deepEqual(await left(), []);
});

test("what cannot be written stays in the store, and the log has the lines to write by hand", async () => {
  const text = `components = []\n${hosts}`;
  const { file, secrets, told, adopt, left } = await stage(text, { [irc]: row("the one of irc", plain) });
  assert.deepEqual((await adopt()).components, []);
  assert.equal(await readFile(file, "utf8"), text);
  assert.deepEqual(await left(), [irc]);
  assert.equal(await secrets.read(irc), "the one of irc", "so that the lines are all it takes");
  const [first] = told;
  assert.match(first?.text ?? "", /write these lines into balcony\.toml/);
  assert.ok(first !== undefined && "lines" in first.fields);
  assert.equal(first.fields.lines, `[[components]]\ndomain = "${irc}"\n`);
});
