/** A value as one would write it in TOML, on one line. */
export function tomlValue(value: unknown): string {
  if (typeof value === "string") return tomlString(value);
  if (Array.isArray(value)) return `[${value.map(tomlValue).join(", ")}]`;
  if (typeof value === "object" && value !== null) {
    const pairs = Object.entries(value).map(([key, item]) => `${tomlKey(key)} = ${tomlValue(item)}`);
    return pairs.length === 0 ? "{}" : `{ ${pairs.join(", ")} }`;
  }
  return String(value);
}

/** A whole document: single values first, then tables. */
export function tomlDocument(tree: Readonly<Record<string, unknown>>, path: readonly string[] = []): string {
  const blocks: string[] = [];
  const pairs = Object.entries(tree).filter(([, value]) => !isTable(value) && !isTables(value));
  if (pairs.length > 0) {
    const header = path.length === 0 ? [] : [`[${path.map(tomlKey).join(".")}]`];
    blocks.push([...header, ...pairs.map(([key, value]) => `${tomlKey(key)} = ${tomlValue(value)}`)].join("\n"));
  }
  for (const [key, value] of Object.entries(tree)) {
    if (isTable(value)) blocks.push(tomlDocument(value, [...path, key]));
    else if (isTables(value))
      for (const one of value) blocks.push(`[[${[...path, key].map(tomlKey).join(".")}]]\n${inTable(one)}`);
  }
  return blocks.filter((block) => block !== "").join("\n\n");
}

function inTable(table: Readonly<Record<string, unknown>>): string {
  return Object.entries(table)
    .map(([key, value]) => `${tomlKey(key)} = ${tomlValue(value)}`)
    .join("\n");
}

function isTable(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTables(value: unknown): value is readonly Readonly<Record<string, unknown>>[] {
  return Array.isArray(value) && value.length > 0 && value.every(isTable);
}

export function tomlKey(name: string): string {
  return /^[\w-]+$/.test(name) ? name : tomlString(name);
}

/** JSON's strings are TOML's basic strings, but for U+007F. */
function tomlString(text: string): string {
  return JSON.stringify(text).replaceAll("\u007f", String.raw`\u007F`);
}
