import { locateToml, type TomlHeader } from "./toml-lines.ts";
import { tomlKey, tomlValue } from "./toml-value.ts";

/** Keys as written in the file; what is undefined is left out. */
export type TableValues = Readonly<Record<string, string | boolean | undefined>>;

export interface NewTable {
  /** Such as "hosts". */
  readonly array: string;
  readonly values: TableValues;
  /** What the server had without the file's saying so, and that would be lost now that it names one. */
  readonly implied?: readonly TableValues[];
}

/**
 * The text of balcony.toml with one more table of an array (`[[hosts]]`) behind those that are there, all else as it was,
 * comments too. Undefined when the file writes that array in a way that cannot be continued (`hosts = [ … ]`).
 *
 * @param text a file that parses
 */
export function addTableToToml(text: string, { array, values, implied = [] }: NewTable): string | undefined {
  const { headers, has } = locateToml(text);
  const mine = headers.filter(({ path }) => path[0] === array);
  if (mine.length === 0 && has([array])) return undefined;
  const lines = text.split("\n");
  const at = endOf(lines, headers, mine.at(-1));
  const before = lines.slice(0, at).join("\n").trimEnd();
  const after = lines.slice(at).join("\n").replace(/^\n+/, "");
  const tables = [...(mine.length === 0 ? implied : []), values];
  const middle = tables.map((table) => block(array, table)).join("\n");
  return `${before === "" ? "" : `${before}\n\n`}${middle}${after === "" ? "" : `\n${after}`}`;
}

function block(array: string, values: TableValues): string {
  const pairs = Object.entries(values).flatMap(([key, value]) =>
    value === undefined ? [] : [`${tomlKey(key)} = ${tomlValue(value)}\n`],
  );
  return `[[${array}]]\n${pairs.join("")}`;
}

/** The index of the line where the last one's tables end, in front of what the next header's comments are. */
function endOf(lines: readonly string[], headers: readonly TomlHeader[], last: TomlHeader | undefined): number {
  if (last === undefined) return lines.length;
  const next = headers.find(({ line }) => line > last.line);
  if (next === undefined) return lines.length;
  let at = next.line - 1;
  while (at > last.line && /^\s*(#|$)/.test(lines[at - 1] ?? "")) at -= 1;
  return at;
}
