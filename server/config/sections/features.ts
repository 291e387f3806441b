import type { z } from "zod";
import type { Option } from "#kit/option.ts";
import { choice, flag, integer, section } from "../key.ts";

/** What the configuration needs to know of a feature; every ServerModule is one. */
export interface ConfigurableFeature {
  readonly name: string;
  readonly onByDefault?: boolean;
  readonly indispensable?: boolean;
  readonly options?: readonly Option[];
  readonly implements: readonly { readonly xep?: number; readonly rfc?: number; readonly title: string }[];
}

/** `[features.<name>]` for each feature: `enabled`, and its own options. */
export function features(configurable: readonly ConfigurableFeature[]) {
  const shape: Record<string, z.ZodType<Record<string, unknown>>> = {};
  for (const feature of configurable) {
    const isBare = feature.indispensable === true && ownOptions(feature).length === 0;
    if (!isBare) shape[feature.name] = featureSection(feature);
  }
  return section(
    { description: "The parts of the server that can be switched and set, each in its own table." },
    shape,
  );
}

/** Those that are not set elsewhere. */
function ownOptions(feature: ConfigurableFeature): readonly Option[] {
  return (feature.options ?? []).filter(({ setBy }) => setBy === undefined);
}

function featureSection(feature: ConfigurableFeature): z.ZodType<Record<string, unknown>> {
  const shape: Record<string, z.ZodType> = {};
  if (feature.indispensable !== true) {
    shape["enabled"] = flag({
      description: "Whether the feature runs.",
      default: feature.onByDefault ?? true,
      change: "restart",
    });
  }
  for (const option of ownOptions(feature)) shape[option.key] = optionSchema(option);
  return section({ description: describe(feature) }, shape);
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
