import { z } from "zod";
import type { Option } from "#kit/option.ts";
import { choice, flag, integer, overriding, section, sectionFacts } from "../key.ts";

/** What the configuration needs to know of a feature; every ServerModule is one. */
export interface ConfigurableFeature {
  readonly name: string;
  readonly onByDefault?: boolean;
  readonly indispensable?: boolean;
  readonly options?: readonly Option[];
  readonly implements: readonly { readonly xep?: number; readonly rfc?: number; readonly title: string }[];
}

/** Values of features' keys, under the names of the file; what is not there is as by default. */
export type FeatureValues = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

/** `[features.<name>]` for each feature: `enabled`, and its own options. */
export function features(configurable: readonly ConfigurableFeature[]) {
  const shape: Record<string, z.ZodType<Record<string, unknown>>> = {};
  for (const feature of configurable.filter(canBeSet)) shape[feature.name] = featureSection(feature);
  return section(
    { description: "The parts of the server that can be switched and set, each in its own table." },
    shape,
  );
}

/** The same for one host: what is not said there is as for all. */
export function hostFeatures(configurable: readonly ConfigurableFeature[]) {
  const shape: Record<string, z.ZodType<Record<string, unknown> | undefined>> = {};
  for (const feature of configurable.filter(canBeSet)) {
    const keys = Object.entries(featureKeys(feature)).map(([name, key]) => [name, overriding(key)] as const);
    shape[feature.name] = z
      .strictObject(Object.fromEntries(keys))
      .optional()
      .register(sectionFacts, { description: describe(feature) });
  }
  return z.strictObject(shape).prefault({}).register(sectionFacts, {
    description: "What this host has otherwise than `[features]` says for all: other parts, or other values.",
    example: `[[hosts]]\ndomain = "example.org"\nfeatures.registration.enabled = false`,
    sameAs: "features",
  });
}

function canBeSet(feature: ConfigurableFeature): boolean {
  return Object.keys(featureKeys(feature)).length > 0;
}

/** Those that are not set elsewhere. */
function ownOptions(feature: ConfigurableFeature): readonly Option[] {
  return (feature.options ?? []).filter(({ setBy }) => setBy === undefined);
}

function featureSection(feature: ConfigurableFeature): z.ZodType<Record<string, unknown>> {
  return section({ description: describe(feature) }, featureKeys(feature));
}

function featureKeys(feature: ConfigurableFeature): Record<string, z.ZodType> {
  const shape: Record<string, z.ZodType> = {};
  if (feature.indispensable !== true) {
    shape["enabled"] = flag({
      description: "Whether the feature runs.",
      default: feature.onByDefault ?? true,
      change: "restart",
    });
  }
  for (const option of ownOptions(feature)) shape[option.key] = optionSchema(option);
  return shape;
}

function describe(feature: ConfigurableFeature): string {
  return `${feature.implements
    .map(({ xep, rfc, title }) => {
      if (xep !== undefined) return `${title} (XEP-${String(xep).padStart(4, "0")})`;
      return rfc === undefined ? title : `${title} (RFC ${rfc})`;
    })
    .join("; ")}.`;
}

function optionSchema(option: Option): z.ZodType {
  const { description } = option;
  switch (option.kind) {
    case "integer":
      return integer({ ...option, change: "restart" });
    case "boolean":
      return flag({ description, default: option.default, change: "restart" });
    case "choice": {
      const [first, ...rest] = option.choices;
      return choice({
        description,
        choices: [first ?? option.default, ...rest],
        default: option.default,
        change: "restart",
      });
    }
  }
}
