import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parse } from "smol-toml";
import { integerOption } from "#kit/option.ts";
import { addTableToToml } from "./add-table.ts";
import { defaultConfig } from "./config.ts";
import { editDistance, nearest } from "./nearest.ts";
import { keyTree, type ConfigNode } from "./key-tree.ts";
import { parseConfig } from "./load-config.ts";
import { generateConfigurationReference } from "./reference.ts";
import { planReload } from "./reload.ts";
import { configSchema } from "./schema.ts";
import type { ConfigurableFeature } from "./sections/features.ts";
import { showConfig } from "./show-config.ts";
import { configTemplate } from "./template.ts";
import { tomlValue } from "./toml-value.ts";

const features: readonly ConfigurableFeature[] = [
  {
    name: "offline",
    implements: [{ xep: 160, title: "Offline Messages" }],
    options: [
      integerOption({ key: "messages_max", default: 500, min: 1, max: 9_000, unit: "messages", description: "Kept." }),
    ],
  },
];

function config(text: string) {
  return parseConfig({ file: "/etc/balcony.toml", text }, features);
}

interface Place {
  readonly path: string;
  readonly node: ConfigNode;
}

function allNodes(node: ConfigNode = keyTree(configSchema(features)), path = ""): readonly Place[] {
  if (node.kind === "key") return [{ path, node }];
  return [{ path, node }, ...node.children.flatMap((child) => allNodes(child, `${path}${path && "."}${child.name}`))];
}

test("every key is described, and its example is accepted where it stands", () => {
  for (const { path, node } of allNodes()) {
    if (node.kind === "section") continue;
    assert.match(node.facts.description, /^[A-Z`].*\.$/s, path);
    assert.match(node.facts.allowed, /^(a|true|one|the|"|some)/, path);
  }
});

describe("the reference", () => {
  const reference = generateConfigurationReference(features);
  test("names every key and table", () => {
    for (const { path, node } of allNodes()) {
      // What repeats another table's keys is described there.
      if (path === "" || path.startsWith("hosts.features.")) continue;
      const written = node.kind === "key" ? `| \`${node.name}\` |` : `[${path}]`;
      assert(reference.includes(written), `${written} of ${path}`);
    }
  });
  test("shows defaults with their units, and how a key changes", () => {
    assert.match(reference, /\| `stanza_bytes_max` \| `262144` bytes \| Size of one stanza\. Must be .* \| restart \|/);
    assert.match(reference, /\| `level` \| `"info"` \| .* \| reload \|/);
    assert.match(reference, /\| `domain` \| must be given \|/);
  });
});

describe("the template", () => {
  const chosen = { domain: "montague.example", certificate: "/c.pem", key: "/k.pem", registration: "invite" } as const;
  const template = configTemplate(chosen, features);
  test("is the default configuration with the host that was chosen", () => {
    const { hosts, ...rest } = config(template);
    const { hosts: _, ...defaults } = defaultConfig(features);
    assert.deepEqual(rest, defaults);
    assert.equal(hosts.length, 1);
    assert.deepEqual(
      { ...hosts[0], contacts: {} },
      { ...chosen, acme: false, acmeNames: [], contacts: {}, s2s: {}, features: {} },
    );
  });
  test("is still right when every comment that holds a key is made one", () => {
    const uncommented = template.replace(/^# (?=\[|[\w.]+ = )/gm, "");
    const document: unknown = parse(uncommented);
    assert.equal(typeof document, "object");
    const withoutConflicts = uncommented.replace(/^(url|file) = .*$/gm, "");
    assert.deepEqual(config(withoutConflicts).limits, defaultConfig(features).limits);
  });
});

describe("a host is added to balcony.toml", () => {
  const host = { domain: "capulet.example", registration: "open" } as const;
  const added = '[[hosts]]\ndomain = "capulet.example"\nregistration = "open"\n';
  for (const { name, before, after } of [
    { name: "that is empty", before: "", after: `[[hosts]]\ndomain = "localhost"\n\n${added}` },
    {
      name: "that names none, at its end",
      before: "# mine\n[log]\nlevel = 'info' # why\n",
      after: `# mine\n[log]\nlevel = 'info' # why\n\n[[hosts]]\ndomain = "localhost"\n\n${added}`,
    },
    {
      name: "behind the last host and its tables, in front of the next table's comment",
      before: '[[hosts]]\ndomain = "a.example"\n[hosts.contacts]\nadmin = []\n\n# about logs\n[log]\nlevel = "info"\n',
      after: `[[hosts]]\ndomain = "a.example"\n[hosts.contacts]\nadmin = []\n\n${added}\n# about logs\n[log]\nlevel = "info"\n`,
    },
    {
      name: "that ends with a host",
      before: '[log]\nlevel = "info"\n[[hosts]] # first\ndomain = "a.example"',
      after: `[log]\nlevel = "info"\n[[hosts]] # first\ndomain = "a.example"\n\n${added}`,
    },
  ]) {
    test(name, () => {
      const text = addTableToToml(before, { array: "hosts", values: host, implied: [{ domain: "localhost" }] });
      assert.equal(text, after);
      const { hosts } = config(text);
      assert.equal(hosts.at(-1)?.domain, "capulet.example");
      assert.equal(hosts.length, config(before).hosts.length + 1);
    });
  }
  test("unless its hosts are written as one list", () => {
    assert.equal(addTableToToml('hosts = [{ domain = "a.example" }]\n', { array: "hosts", values: host }), undefined);
  });
});

test("a reload takes over what can change, and names what waits for a restart", () => {
  const before = config('log.level = "info"\n[[hosts]]\ndomain = "a.example"\n[[hosts]]\ndomain = "b.example"');
  const after = config(`
    log.level = "debug"
    log.format = "json"
    features.offline.messages_max = 7
    limits.stream.depth_max = 20
    [[hosts]]
    domain = "b.example"
    certificate = "/new.pem"
    key = "/new.key"
    registration = "open"
    features.offline.messages_max = 3
    [[hosts]]
    domain = "c.example"
    [[listeners]]
    port = 5222`);
  const plan = planReload(before, after, features);
  assert.deepEqual(plan.changed.toSorted(), [
    "hosts b.example.certificate",
    "hosts b.example.key",
    "hosts b.example.registration",
    "log.level",
  ]);
  assert.deepEqual(plan.restartNeeded.toSorted(), [
    "features.offline.messages_max",
    "hosts b.example.features.offline.messages_max",
    "limits.stream.depth_max",
    "listeners",
    "log.format",
  ]);
  assert.deepEqual(plan.hosts, { added: ["c.example"], removed: ["a.example"] });
  assert.equal(plan.config.log.level, "debug");
  assert.equal(plan.config.log.format, "auto");
  assert.equal(plan.config.limits.stream.depthMax, before.limits.stream.depthMax);
  assert.deepEqual(
    plan.config.hosts.map(({ domain, key, registration }) => ({ domain, key, registration })),
    [
      { domain: "b.example", key: "/new.key", registration: "open" },
      { domain: "c.example", key: undefined, registration: "closed" },
    ],
  );
});

test("a reload without changes changes nothing", () => {
  const { changed, restartNeeded } = planReload(config(""), config(""), features);
  assert.deepEqual({ changed, restartNeeded }, { changed: [], restartNeeded: [] });
});

test("what is shown says what the file would have to say, and hides the database's password", () => {
  const text = `
    [limits.stream]
    stanza_bytes_max = "off"
    negotiation_seconds_max = false
    [storage]
    kind = "postgresql"
    url = "postgresql://balcony:hunter2@db/balcony"`;
  const shown = showConfig(config(text), features);
  const { storage, ...rest } = shown;
  assert.deepEqual(storage, { kind: "postgresql", url: "postgresql://balcony:…@db/balcony", connections_max: 10 });
  const again = Object.entries(rest)
    .map(([name, value]) => `${name} = ${tomlValue(value)}\n`)
    .join("");
  assert.deepEqual({ ...config(again), storage: undefined }, { ...config(text), storage: undefined });
});

for (const { a, b, distance } of [
  { a: "", b: "", distance: 0 },
  { a: "abc", b: "abc", distance: 0 },
  { a: "", b: "abc", distance: 3 },
  { a: "port", b: "prot", distance: 1 },
  { a: "kitten", b: "sitting", distance: 3 },
  { a: "abc", b: "", distance: 3 },
]) {
  test(`"${a}" and "${b}" are ${distance} edits apart`, () => assert.equal(editDistance(a, b), distance));
}

test("a word that is like none has no nearest one", () => {
  assert.equal(nearest("zzz", ["port", "level"]), undefined);
  assert.equal(nearest("prot", ["level", "port"]), "port");
});
