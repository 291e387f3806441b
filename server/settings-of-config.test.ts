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
] as const)
  test(`${feature} is set by its key, wherever that is: ${key} is ${expected}`, () => {
    assert.equal(configured(toml, feature, key), expected);
  });

test("every option that is set elsewhere has such a key", () => {
  for (const { name, options = [] } of serverModules)
    for (const { key, setBy } of options)
      if (setBy !== undefined) assert.notEqual(configured(host, name, key), undefined);
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
