import { locateToml } from "./toml-lines.ts";

/**
 * The text of balcony.toml without one table of an array, such as one of its `[[hosts]]`, and the tables that belong to
 * it. All else stays, what is written above it too. Undefined when the file writes that array in another way
 * (`hosts = [ … ]`).
 *
 * @param text a file that parses
 * @param index which of them, counted from 0
 */
export function removeTableFromToml(text: string, array: string, index: number): string | undefined {
  const { headers } = locateToml(text);
  if (!headers.some(({ path }) => path[0] === array && path[1] === index)) return undefined;
  const lines = text.split("\n");
  const kept: string[] = [];
  let from = 0;
  for (const [place, { path, line }] of headers.entries()) {
    if (path[0] !== array || path[1] !== index) continue;
    kept.push(...lines.slice(from, line - 1));
    from = endOf(lines, line, headers[place + 1]?.line);
    // One blank line is enough between what was above and what was below.
    if ((kept.at(-1) ?? "").trim() === "") while (from < lines.length && lines[from]?.trim() === "") from += 1;
  }
  kept.push(...lines.slice(from));
  return `${kept.join("\n").trimEnd()}\n`;
}

/** The index of the line behind a table, in front of what the next header's comments are. */
function endOf(lines: readonly string[], header: number, next: number | undefined): number {
  if (next === undefined) return lines.length;
  let at = next - 1;
  while (at > header && /^\s*(#|$)/.test(lines[at - 1] ?? "")) at -= 1;
  return at;
}
