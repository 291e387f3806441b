import { childOf, keyTree, type KeyNode, type SectionNode } from "./key-tree.ts";
import { configSchema } from "./schema.ts";
import type { ConfigurableFeature } from "./sections/features.ts";
import { tomlKey, tomlValue } from "./toml-value.ts";

const widthMax = 100;

export interface TemplateChoices {
  readonly domain: string;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly registration?: "closed" | "invite" | "open" | undefined;
}

/** A balcony.toml to begin with: the host that was asked for, and every other key as a comment with its default. */
export function configTemplate(choices: TemplateChoices, features: readonly ConfigurableFeature[]): string {
  const root = keyTree(configSchema(features));
  const lines = [
    ...comment(
      "Configuration of Balcony. What is commented out shows the default; all keys are explained in docs/admin/configuration.md. After a change: balcony check, then balcony config reload.",
    ),
  ];
  for (const child of root.children) if (child.kind === "section") lines.push(...sectionLines(child, [], choices));
  return `${lines.join("\n")}\n`;
}

function sectionLines(section: SectionNode, path: readonly string[], choices: TemplateChoices): readonly string[] {
  const here = [...path, section.name];
  const name = here.map(tomlKey).join(".");
  const keys = section.children.filter((child) => child.kind === "key");
  // A second table of an array would be a second host or listener: these stay comments as a whole.
  const isChosen = name === "hosts";
  const header = section.isArray ? `[[${name}]]` : `[${name}]`;
  return [
    ...(keys.length === 0 ? [] : ["", ...comment(section.facts.description)]),
    ...(keys.length === 0 ? [] : [section.isArray && !isChosen ? `# ${header}` : header]),
    ...keys.map((key) => keyLine(key, isChosen ? choices : {})),
    ...section.children
      .filter((child) => child.kind === "section")
      .flatMap((child) => (isChosen ? contactLines(child) : sectionLines(child, here, choices))),
  ];
}

function contactLines(section: SectionNode): readonly string[] {
  const admin = childOf(section, "admin");
  if (admin?.kind !== "key") return [];
  return [...comment(section.facts.description), `# ${section.name}.admin = ${tomlValue(admin.facts.example)}`];
}

function keyLine(key: KeyNode, choices: Partial<TemplateChoices>): string {
  const chosen = Object.entries(choices).find(([name]) => name === key.name)?.[1];
  if (chosen !== undefined) return `${key.name} = ${tomlValue(chosen)}`;
  return `# ${key.name} = ${tomlValue(key.facts.default ?? key.facts.example)}`;
}

function comment(text: string): readonly string[] {
  const lines: string[] = [];
  let line = "#";
  for (const word of text.split(/\s+/)) {
    if (line.length + word.length + 1 > widthMax) {
      lines.push(line);
      line = "#";
    }
    line += ` ${word}`;
  }
  return [...lines, line];
}
