import type { CamelKeys } from "./camel-keys.ts";
import { camelKeys } from "./camel-keys.ts";
import { configSchema, type FixedSections } from "./schema.ts";
import type { ConfigurableFeature } from "./sections/features.ts";

/**
 * What balcony.toml says, checked, with defaults filled in and file names absolute. A bound that is switched off is
 * `Infinity`; a time that is switched off is `undefined`.
 */
export type Config = CamelKeys<FixedSections> & {
  /** By feature, then by the keys of the file: `enabled` and the feature's options. Only what can be set is here. */
  readonly features: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
};

export type HostConfig = Config["hosts"][number];
export type ListenerConfig = Config["listeners"][number];
export type TlsConfig = Config["tls"];
export type AuthConfig = Config["auth"];
export type StorageConfig = Config["storage"];
export type LimitsConfig = Config["limits"];
export type LogConfig = Config["log"];
export type HttpConfig = Config["http"];

/** What a server without a balcony.toml runs with. */
export function defaultConfig(configurable: readonly ConfigurableFeature[] = []): Config {
  const { features, ...fixed } = configSchema(configurable).parse({});
  return { ...camelKeys(fixed), features };
}
