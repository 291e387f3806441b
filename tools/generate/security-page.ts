import { assert } from "#protocol/assert.ts";
import type { SourceFile } from "../tidy/source-files.ts";
import { roomsOfTests, threatsOf, waitingThreats } from "../tidy/threat-tests.ts";

export const securityPagePath = "docs/security.md";
const begin = "<!-- generated: what is tested -->";
const end = "<!-- end of what is generated -->";

/** The page as it is, with its table of threats and where they are tested made anew. */
export function securityPage(files: readonly SourceFile[]): string {
  const page = files.find(({ path }) => path === securityPagePath)?.text ?? `${begin}\n${end}\n`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  assert(from >= 0 && to > from, `${securityPagePath} has the two marks of its table`);
  return `${page.slice(0, from)}${begin}\n\n${table(files)}\n${page.slice(to)}`;
}

function table(files: readonly SourceFile[]): string {
  const rooms = roomsOfTests(files);
  const cells = threatsOf(files).map(({ name }) => {
    const waiting = waitingThreats[name];
    return [name, waiting === undefined ? (rooms.get(name) ?? []).join(", ") : `waits for ${waiting}`] as const;
  });
  const width = Math.max(...cells.map(([, text]) => text.length), 5);
  const row = (name: string, text: string): string => `| ${name.padEnd(3)} | ${text.padEnd(width)} |\n`;
  return row("", "tests") + row("---", "-".repeat(width)) + cells.map(([name, text]) => row(name, text)).join("");
}
