import type { CamelKeys } from "./camel-keys.ts";
import { camelKeys } from "./camel-keys.ts";
import type { z } from "zod";
import { configSchema, type FixedSections, type HostTable } from "./schema.ts";
import type { ConfigurableFeature, FeatureValues } from "./sections/features.ts";

/**
 * What balcony.toml says, checked, with defaults filled in and file names absolute. A bound that is switched off is
 * `Infinity`; a time that is switched off is `undefined`.
 */
export type Config = CamelKeys<FixedSections> & {
  readonly hosts: readonly HostConfig[];
  /** By feature, then by the keys of the file: `enabled` and the feature's options. Only what can be set is here. */
  readonly features: FeatureValues;
};

export type HostConfig = CamelKeys<Omit<HostTable, "features">> & {
  /** What is otherwise here than for all. */
  readonly features: FeatureValues;
};
export type ListenerConfig = Config["listeners"][number];
export type ComponentConfig = Config["components"][number];
export type TlsConfig = Config["tls"];
export type AcmeConfig = Config["acme"];
export type AuthConfig = Config["auth"];
export type StorageConfig = Config["storage"];
export type LimitsConfig = Config["limits"];
export type LogConfig = Config["log"];
export type HttpConfig = Config["http"];

/** What a server without a balcony.toml runs with. */
export function defaultConfig(configurable: readonly ConfigurableFeature[] = []): Config {
  return configOf(configSchema(configurable).parse({}));
}

/** What was checked, under the names that the code has for it. Features keep theirs. */
export function configOf({ hosts, features, ...fixed }: z.output<ReturnType<typeof configSchema>>): Config {
  return {
    ...camelKeys(fixed),
    hosts: hosts.map(({ features: own, ...host }) => ({ ...camelKeys(host), features: own })),
    features,
  };
}
