import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { booleanOption, choiceOption, integerOption } from "#kit/option.ts";
import { defaultConfig } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { loadConfig, parseConfig } from "./load-config.ts";
import type { ConfigurableFeature } from "./sections/features.ts";

const features: readonly ConfigurableFeature[] = [
  {
    name: "roster",
    implements: [{ rfc: 6121, title: "Roster" }],
    indispensable: true,
    options: [
      integerOption({
        key: "items_max",
        default: 1000,
        min: 1,
        max: 10_000,
        unit: "contacts",
        description: "Contacts.",
      }),
    ],
  },
  {
    name: "legacy-auth",
    implements: [{ xep: 78, title: "Non-SASL Authentication" }],
    onByDefault: false,
    options: [
      booleanOption({ key: "digest", default: false, description: "Digest." }),
      choiceOption({ key: "mood", choices: ["calm", "angry"], default: "calm", description: "Mood." }),
    ],
  },
  { name: "routing", implements: [{ rfc: 6120, title: "Routing" }], indispensable: true },
];

function parse(text: string) {
  return parseConfig({ file: "/etc/balcony/balcony.toml", text }, features);
}

function complaint(text: string): string {
  try {
    parse(text);
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.message;
  }
  return "none";
}

test("an empty file is the default configuration [rfc3920-2.3-02] [rfc3920-2.5-03] [rfc3920-15.9-01]", () => {
  assert.deepEqual(parse(""), defaultConfig(features));
  assert.deepEqual(
    parse("").hosts.map(({ domain }) => domain),
    ["localhost"],
  );
  assert.deepEqual(
    parse("").listeners.map(({ kind, port }) => ({ kind, port })),
    [
      { kind: "client", port: 5222 },
      { kind: "client-direct-tls", port: 5223 },
      { kind: "server", port: 5269 },
      { kind: "server-direct-tls", port: 5270 },
    ],
  );
});

test("features have their keys, off and on as they say", () => {
  assert.deepEqual(parse("features.roster.items_max = 5").features, {
    roster: { items_max: 5 },
    "legacy-auth": { enabled: false, digest: false, mood: "calm" },
  });
});

test('limits are switched off with false or "off": sizes become Infinity, times undefined', () => {
  const { limits, sessions } = parse(`
    [limits.stream]
    stanza_bytes_max = false
    negotiation_seconds_max = "off"
    [sessions]
    resume_seconds = false`);
  assert.equal(limits.stream.stanzaBytesMax, Infinity);
  assert.equal(limits.stream.negotiationSecondsMax, undefined);
  assert.equal(sessions.resumeSeconds, undefined);
});

test("file names are relative to the file that names them, and domains are canonical", () => {
  const [host] = parse('[[hosts]]\ndomain = "Montague.EXAMPLE"\ncertificate = "tls/crt.pem"\nkey = "/k.pem"').hosts;
  assert.equal(host?.domain, "montague.example");
  assert.equal(host.certificate, "/etc/balcony/tls/crt.pem");
  assert.equal(host.key, "/k.pem");
});

describe("a wrong file is refused with line, what is wrong and what would be right:", () => {
  const cases: readonly { readonly name: string; readonly text: string; readonly says: string | RegExp }[] = [
    {
      name: "misspelt table",
      text: "\n[listner]\nport = 1",
      says: ':2: unknown key "listner"; did you mean "listeners"?',
    },
    {
      name: "misspelt key",
      text: "[limits.stream]\n\nstanza_byte_max = 1",
      says: ':3: unknown key "stanza_byte_max" in [limits.stream]; did you mean "stanza_bytes_max"?',
    },
    {
      name: "key in the spelling of another language",
      text: "[tls]\nminVersion = '1.3'",
      says: ':2: unknown key "minVersion" in [tls]; did you mean "min_version"?',
    },
    {
      name: "key in the wrong table",
      text: "[limits]\ndepth_max = 10",
      says: ':2: unknown key "depth_max" in [limits]; it belongs in [limits.stream]',
    },
    {
      name: "key that nobody knows",
      text: "[http]\ncolour = 'red'",
      says: ':2: unknown key "colour" in [http]; known here: enabled, address, port',
    },
    {
      name: "unknown key of a host",
      text: "[[hosts]]\ndomain = 'a.example'\n[[hosts]]\ndomain = 'b.example'\nregstration = 'open'",
      says: ':5: unknown key "regstration" in [[hosts]]; did you mean "registration"?',
    },
    {
      name: "unknown feature",
      text: "[features.rooster]\nitems_max = 3",
      says: ':1: unknown key "rooster" in [features]; did you mean "roster"?',
    },
    {
      name: "switching off what is indispensable",
      text: "[features.roster]\nenabled = false",
      says: /:2: unknown key "enabled" in \[features\.roster\]/,
    },
    {
      name: "wrong type",
      text: "log.level = 3",
      says: ':1: log.level is 3, but must be one of "debug", "info", "warn", "error"',
    },
    {
      name: "wrong word",
      text: '[log]\nlevel = "warning"',
      says: ':2: log.level is "warning", but must be one of "debug", "info", "warn", "error"; did you mean "warn"?',
    },
    {
      name: "wrong word in a list",
      text: 'auth.mechanisms = ["SCRAM-SHA-1", "SCRAM-SHA256"]',
      says: /:1: auth\.mechanisms is \["SCRAM-SHA-1","SCRAM-SHA256"\], but must be a list .*; did you mean "SCRAM-SHA-256"\?/,
    },
    {
      name: "number out of range",
      text: "[limits.stream]\nstanza_bytes_max = 3",
      says: ":2: limits.stream.stanza_bytes_max is 3, but must be a whole number of bytes from 10000 to 67108864, or false for no limit",
    },
    {
      name: "option of a feature out of range",
      text: "[features.roster]\nitems_max = 0",
      says: ":2: features.roster.items_max is 0, but must be a whole number of contacts from 1 to 10000",
    },
    {
      name: "number as text",
      text: '[http]\nport = "5280"',
      says: ':2: http.port is "5280", but must be a port from 0 to 65535, 0 for any that is free',
    },
    {
      name: "missing domain",
      text: "[[hosts]]\nregistration = 'open'",
      says: ':1: domain of the 1st [[hosts]] is missing; it must be a domain name, such as "example.org"',
    },
    {
      name: "no domain at all",
      text: "[[hosts]]\ndomain = 'a@b'",
      says: ':2: domain of the 1st [[hosts]] is "a@b", but must be a domain name, such as "example.org"',
    },
    {
      name: "table in place of tables",
      text: "[hosts]\ndomain = 'a.example'",
      says: ":1: hosts must be an array of tables, each begun by [[hosts]]",
    },
    { name: "value in place of a table", text: "tls = true", says: ":1: tls must be a table, begun by [tls]" },
    { name: "not TOML", text: "[log]\nlevel = info", says: /:2: not TOML \(column \d+\): / },
    {
      name: "host twice",
      text: "[[hosts]]\ndomain = 'a.example'\n[[hosts]]\ndomain = 'A.example'",
      says: ":4: a.example is there twice; every host has one [[hosts]]",
    },
    {
      name: "certificate without key",
      text: "[[hosts]]\ndomain = 'a.example'\ncertificate = 'x'",
      says: ':3: a.example has a certificate but no key; add key = "…"',
    },
    {
      name: "no TLS for everybody",
      text: "[[listeners]]\nport = 5222\ntls = 'none'",
      says: /:3: tls = "none" would let others read along on \*; set addresses/,
    },
    {
      name: "direct TLS without TLS",
      text: "[[listeners]]\nkind = 'client-direct-tls'\ntls = 'optional'\naddresses = ['::1']",
      says: /:3: tls = "optional" cannot be on a client-direct-tls listener/,
    },
    {
      name: "two listeners in one place",
      text: "[[listeners]]\nport = 1\n[[listeners]]\nport = 1",
      says: ":4: two listeners want * port 1; give one of them another",
    },
    {
      name: "metrics for everybody",
      text: "http.address = '0.0.0.0'",
      says: /:1: http\.address is "0\.0\.0\.0", but must be a loopback address/,
    },
    { name: "PostgreSQL without an address", text: "storage.kind = 'postgresql'", says: /:1: PostgreSQL needs url = / },
    {
      name: "less room for a client that does not read than it is sent when it resumes",
      text: "[limits.stream]\nunsent_bytes_max = 3_000_000",
      says: /:2: unsent_bytes_max must not be less than unacknowledged_bytes_max \(4194304\): who resumes a session is/,
    },
    {
      name: "less room for a client that does not read than a stanza needs",
      text: "limits.stream.stanza_bytes_max = 5_000_000",
      says: /:1: unsent_bytes_max must not be less than stanza_bytes_max \(5000000\): a stanza goes out whole/,
    },
    {
      name: "bucket smaller than its rate",
      text: "[limits.rate]\nsession_stanzas_burst = 3",
      says: /:2: session_stanzas_burst must be at least session_stanzas_per_second \(200\)/,
    },
  ];
  for (const { name, text, says } of cases) {
    test(name, () => {
      const message = complaint(text);
      if (typeof says === "string") assert.equal(message, `/etc/balcony/balcony.toml${says}`);
      else assert.match(message, says);
    });
  }
});

test("all that is wrong is told at once, in the order of the lines [rfc6120-13.9.5-01]", () => {
  const message = complaint("[tls]\nmin_version = '1.1'\nfoo = 1\n[log]\nlevel = 1\n[http]\nport = -1");
  assert.deepEqual(
    message.split("\n").map((line) => line.split(":")[1]),
    ["2", "3", "5", "7"],
  );
});

test("A52 a wrong database address is not repeated, because a password may be in it", () => {
  const message = complaint("storage.url = 'mysql://balcony:hunter2@db/balcony'");
  assert.match(message, /storage\.url is something else, but must be an address like postgresql:/);
  assert.doesNotMatch(message, /hunter2/);
});

test("no TLS is accepted on loopback, and elsewhere when forced", () => {
  assert.equal(complaint("[[listeners]]\ntls = 'none'\naddresses = ['127.0.0.1', '::1']"), "none");
  assert.equal(complaint("[[listeners]]\ntls = 'optional'\ninsecure_beyond_loopback = true"), "none");
});

test("a file that is named must be there, one that is not need not", async () => {
  const directory = await mkdtemp(join(tmpdir(), "balcony-config-"));
  const file = join(directory, "balcony.toml");
  await assert.rejects(loadConfig(file, features), /balcony\.toml: there is no such file; make one with: balcony init/);
  await writeFile(file, 'log.level = "debug"\n');
  const loaded = await loadConfig(file, features);
  assert.equal(loaded.file, file);
  assert.equal(loaded.config.log.level, "debug");
  await rm(directory, { recursive: true });
});
