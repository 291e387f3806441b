import { keyTree, type ConfigNode, type KeyNode, type SectionNode } from "./key-tree.ts";
import { configSchema } from "./schema.ts";
import type { ConfigurableFeature } from "./sections/features.ts";
import { tomlValue } from "./toml-value.ts";

/** docs/admin/configuration.md: every key of balcony.toml, from the schema that checks it. */
export function generateConfigurationReference(features: readonly ConfigurableFeature[]): string {
  const root = keyTree(configSchema(features));
  return `${[introduction, ...root.children.flatMap((node) => describe(node, []))].join("\n\n")}\n`;
}

const introduction = `# Configuration reference

<!-- Generated from the schema in server/config/ by \`npm run generate\`. Do not edit. -->

Balcony reads \`balcony.toml\` ([TOML](https://toml.io)) from the directory where it is started, or the file that \`--config\` names. Without a file, everything is as said under *default* here. \`balcony init\` writes a file to begin with, \`balcony check\` tells whether a file is right, and \`balcony config show\` prints all that a file and the defaults amount to.

An unknown key, or a value that does not fit, stops the start with the file, the line, and what would be right. File names in it are relative to the directory that it is in. Limits can be switched off with \`false\` or \`"off"\` where that is said.

After a change, \`balcony config reload\` (or SIGHUP) takes over the keys marked *reload*, reads the certificates again, adds and removes hosts, and names the changed keys that wait for a restart. Connections stay, but for those to a host that was removed.`;

function describe(node: ConfigNode, path: readonly string[]): readonly string[] {
  return node.kind === "key" ? [] : describeSection(node, [...path, node.name]);
}

function describeSection(section: SectionNode, path: readonly string[]): readonly string[] {
  const keys = section.children.filter((child) => child.kind === "key");
  const name = path.join(".");
  const heading = `${"#".repeat(Math.min(path.length + 1, 4))} \`${section.isArray ? `[[${name}]]` : `[${name}]`}\``;
  const example = section.facts.example;
  return [
    heading,
    section.facts.description,
    ...(example === undefined ? [] : [`\`\`\`toml\n${example}\n\`\`\``]),
    ...(section.facts.sameAs === undefined ? [] : [`Its tables and keys are those of \`[${section.facts.sameAs}]\`.`]),
    ...(keys.length === 0 ? [] : [keyTable(keys)]),
    ...(section.facts.sameAs === undefined ? section.children.flatMap((child) => describe(child, path)) : []),
  ];
}

function keyTable(keys: readonly KeyNode[]): string {
  const rows = keys.map((key) => {
    const { facts } = key;
    const example = facts.example === undefined ? "" : ` For example \`${cell(tomlValue(facts.example))}\`.`;
    const meaning = `${cell(facts.description)} Must be ${cell(facts.allowed)}.${example}`;
    return `| \`${key.name}\` | ${defaultOf(key)} | ${meaning} | ${facts.change} |`;
  });
  return ["| Key | Default | Meaning | Change by |", "|---|---|---|---|", ...rows].join("\n");
}

function defaultOf({ facts, isRequired }: KeyNode): string {
  if (isRequired) return "must be given";
  if (facts.default === undefined) return "none";
  const unit = typeof facts.default === "number" && facts.unit !== undefined ? ` ${facts.unit}` : "";
  return `\`${cell(tomlValue(facts.default))}\`${unit}`;
}

function cell(text: string): string {
  return text.replaceAll("|", String.raw`\|`);
}
