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
