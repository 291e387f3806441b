import { isTest, type SourceFile } from "./source-files.ts";
import type { Violation } from "./violation.ts";

const listPath = "docs/threats.md";
/** A name of a test, or of a row of its table, that begins with threats. */
const namePattern = /(?<=["'`])(?:[AS]\d{1,2} )+/gu;

/** What does not touch anything that exists yet, and the part that it waits for. */
export const waitingThreats: Readonly<Record<string, string>> = {
  A16: "WebSocket",
  A37: "the SOCKS5 proxy",
  A41: "rooms",
  A48: "uploads and pages of administration",
  A51: "imports from archives",
  S16: "personal eventing",
  S17: "personal eventing",
  S18: "personal eventing",
  S19: "personal eventing",
  S20: "rooms",
  S22: "rooms",
  S23: "rooms",
  S24: "rooms",
  S25: "rooms",
  S28: "uploads",
};

/**
 * Every attack and subtle point of docs/threats.md that touches what exists has a test whose name begins with it; the
 * others are said above to wait for something.
 */
export function threatTests(
  files: readonly SourceFile[],
  waiting: Readonly<Record<string, string>> = waitingThreats,
): readonly Violation[] {
  const names = threatsOf(files).map(({ name }) => name);
  const rooms = roomsOfTests(files);
  return names.flatMap((name): readonly Violation[] => {
    const found = rooms.get(name);
    if (waiting[name] !== undefined && found !== undefined)
      return [
        { path: "tools/tidy/threat-tests.ts", message: `${name} waits for nothing: ${found.join(", ")} tests it` },
      ];
    if (waiting[name] === undefined && found === undefined)
      return [
        { path: listPath, message: `no test's name begins with ${name}, and it is not said what that waits for` },
      ];
    return [];
  });
}

/** The table of docs/threats.md: names, and what they stand for. */
export function threatsOf(files: readonly SourceFile[]): readonly { readonly name: string; readonly text: string }[] {
  const text = files.find(({ path }) => path === listPath)?.text ?? "";
  const rows = text.matchAll(/^\| +([AS]\d+) +\| +(.*?) +\|$/gmu);
  return [...rows].map(([, name = "", meaning = ""]) => ({ name, text: meaning }));
}

/** Where the tests of each are: the first two folders, in order. */
export function roomsOfTests(files: readonly SourceFile[]): ReadonlyMap<string, readonly string[]> {
  const rooms = new Map<string, Set<string>>();
  for (const { path, text } of files) {
    if (path.startsWith("tools/") || !(isTest(path) || path.endsWith(".scenario.ts"))) continue;
    const room = path.split("/").slice(0, -1).slice(0, 2).join("/");
    for (const [found] of text.matchAll(namePattern))
      for (const name of found.trim().split(" ")) rooms.set(name, (rooms.get(name) ?? new Set()).add(room));
  }
  return new Map([...rooms].map(([name, found]) => [name, [...found].toSorted()]));
}
