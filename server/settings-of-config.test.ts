import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "./config/load-config.ts";
import { serverModules } from "./modules.generated.ts";
import { coreSettings } from "./settings-of-config.ts";

/** What a feature's option is at the first host. */
function configured(toml: string, feature: string, key: string): unknown {
  const [host] = coreSettings(parseConfig({ file: "/etc/balcony/balcony.toml", text: toml }, serverModules)).hosts;
  const module = serverModules.find(({ name }) => name === feature);
  const option = module?.options?.find((each) => each.key === key);
  assert.ok(module !== undefined && option !== undefined, `${feature}.${key}`);
  return host.configured(module, option);
}

const host = "[[hosts]]\ndomain = 'capulet.example'\n";

for (const [toml, feature, key, expected] of [
  [host, "registration", "policy", "closed"],
  [`${host}registration = 'invite'\n`, "registration", "policy", "invite"],
  [`${host}[limits.login]\nregistrations_per_address_max = 7\n`, "registration", "accounts_per_address_max", 7],
  [`${host}[limits.login]\nregistrations_window_seconds = 60\n`, "registration", "window_seconds", 60],
  [`${host}[features.registration]\npassword_length_min = 12\n`, "registration", "password_length_min", 12],
  [`${host}[features.blocking]\nblocked_max = 5\n`, "blocking", "blocked_max", 5],
  [`features.blocking.blocked_max = 5\n${host}features.blocking.blocked_max = 7\n`, "blocking", "blocked_max", 7],
] as const)
  test(`${feature} is set by its key, wherever that is: ${key} is ${expected}`, () => {
    assert.equal(configured(toml, feature, key), expected);
  });

test("a host runs other features than the others where its own table says so", () => {
  const other = "[[hosts]]\ndomain = 'montague.example'\n";
  const { hosts } = coreSettings(
    parse(`features.ping.enabled = false\n${other}features.ping.enabled = true\nfeatures.carbons.enabled = false`),
  );
  const runs = (name: string) =>
    hosts.map(({ enabled }) => serverModules.some((module) => module.name === name && enabled(module)));
  assert.deepEqual(
    [runs("ping"), runs("carbons")],
    [
      [true, false],
      [false, true],
    ],
  );
});

test("every option that is set elsewhere has such a key", () => {
  for (const { name, options = [] } of serverModules)
    for (const { key, setBy } of options)
      if (setBy !== undefined) assert.notEqual(configured(host, name, key), undefined);
});

function parse(text: string) {
  return parseConfig({ file: "/etc/balcony/balcony.toml", text: `${text}\n${host}` }, serverModules);
}

test("silent clients are asked after five minutes, unless an administrator wants it otherwise [rfc6120-4.6.4-01]", () => {
  assert.equal(coreSettings(parse("")).link.pingAfterMs, 300_000);
  assert.equal(coreSettings(parse("sessions.ping_after_silent_seconds = 900")).link.pingAfterMs, 900_000);
});

test("the size of stanzas is bounded as the administrator wants, above what everybody may send [rfc6120-13.12-08] [rfc6120-13.12-09] [rfc6120-13.12-10]", () => {
  assert.equal(coreSettings(parse("")).link.xml.elementBytesMax, 262_144);
  const bounded = coreSettings(parse("limits.stream.stanza_bytes_max = 20_000"));
  assert.equal(bounded.link.xml.elementBytesMax, 20_000);
  for (const key of ["stanza_bytes_max", "stanza_bytes_max_before_login"])
    assert.throws(() => parse(`limits.stream.${key} = 9_999`), /10[_, ]?000/);
});

test("bandwidth and recipients of a client are bounded as the administrator wants [rfc6120-13.12-12] [rfc6120-13.12-14]", () => {
  const usual = coreSettings(parse(""));
  assert.deepEqual(usual.link.bytesRate, { perSecond: 262_144, burst: 1_048_576 });
  assert.deepEqual(usual.recipients, { max: 1_000, windowMs: 60_000 });
  const text = "[limits.rate]\nsession_bytes_per_second = 5_000\nsession_recipients_max = 20\n";
  const changed = coreSettings(parse(text));
  assert.equal(changed.link.bytesRate?.perSecond, 5_000);
  assert.equal(changed.recipients?.max, 20);
  assert.equal(coreSettings(parse("limits.rate.session_recipients_max = false")).recipients, undefined);
});

for (const { mechanisms, keys, offered } of [
  { mechanisms: ["PLAIN"], keys: ["SHA-256"], offered: [] },
  { mechanisms: ["SCRAM-SHA-1", "PLAIN"], keys: ["SHA-1"], offered: ["SHA-1"] },
  { mechanisms: ["SCRAM-SHA-512", "SCRAM-SHA-256"], keys: ["SHA-256", "SHA-512"], offered: ["SHA-512", "SHA-256"] },
])
  test(`A23 with auth.mechanisms = ${mechanisms.join(", ")} SCRAM is offered with ${offered.join(", ") || "no hash"}`, () => {
    const toml = `auth.mechanisms = ${JSON.stringify(mechanisms)}\n${host}`;
    const { sasl } = coreSettings(parseConfig({ file: "/etc/balcony/balcony.toml", text: toml }, serverModules));
    assert.deepEqual([sasl.scramHashes, sasl.scramOffered], [keys, offered]);
  });
