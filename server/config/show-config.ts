import type { Config } from "./config.ts";
import { keyTree, type SectionNode } from "./key-tree.ts";
import { configSchema } from "./schema.ts";
import type { ConfigurableFeature } from "./sections/features.ts";
import { camelKey } from "./camel-keys.ts";

/** All settings under the names of balcony.toml, with `false` for what is switched off and without what is secret. */
export function showConfig(config: Config, features: readonly ConfigurableFeature[]): Record<string, unknown> {
  return showSection(keyTree(configSchema(features)), config, true);
}

function showSection(section: SectionNode, values: object, isCamel: boolean): Record<string, unknown> {
  const shown: Record<string, unknown> = {};
  const properties = new Map<string, unknown>(Object.entries(values));
  for (const node of section.children) {
    const value = properties.get(isCamel ? camelKey(node.name) : node.name);
    if (node.kind === "key") {
      const text = node.facts.secret === true && typeof value === "string" ? withoutSecret(value) : value;
      const isOff = text === Infinity || (text === undefined && node.facts.default !== undefined);
      if (isOff) shown[node.name] = false;
      else if (text !== undefined) shown[node.name] = text;
    } else if (Array.isArray(value)) {
      shown[node.name] = value.map((table: object) => showSection(node, table, isCamel));
    } else if (typeof value === "object" && value !== null) {
      shown[node.name] = showSection(node, value, isCamel && node.name !== "features");
    }
  }
  return shown;
}

/** Of an address with a password the rest is shown, of anything else that there is something. */
function withoutSecret(text: string): string {
  return /^[a-z]+:\/\//i.test(text) ? text.replace(/^([a-z]+:\/\/[^\s:@/]*):[^\s@/]*@/i, "$1:…@") : "…";
}
