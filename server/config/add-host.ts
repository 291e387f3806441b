import { locateToml, type TomlHeader } from "./toml-lines.ts";
import { tomlValue } from "./toml-value.ts";

export interface NewHost {
  readonly domain: string;
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
  readonly acme?: boolean | undefined;
  readonly registration?: "closed" | "invite" | "open" | undefined;
}

/**
 * The text of balcony.toml with one more `[[hosts]]`, all else as it was, comments too. Undefined when the file writes
 * its hosts in a way that cannot be continued (`hosts = [ … ]`).
 *
 * @param text a file that parses
 * @param implied hosts that the server had without saying so, and that would be lost now that some are named
 */
export function addHostToToml(text: string, host: NewHost, implied: readonly string[]): string | undefined {
  const { headers, has } = locateToml(text);
  const hostHeaders = headers.filter(({ path }) => path[0] === "hosts");
  if (hostHeaders.length === 0 && has(["hosts"])) return undefined;
  const lines = text.split("\n");
  const blocks = [...(hostHeaders.length === 0 ? implied.map((domain) => block({ domain })) : []), block(host)];
  const at = endOf(lines, headers, hostHeaders.at(-1));
  const before = lines.slice(0, at).join("\n").trimEnd();
  const after = lines.slice(at).join("\n").replace(/^\n+/, "");
  const middle = blocks.join("\n");
  return `${before === "" ? "" : `${before}\n\n`}${middle}${after === "" ? "" : `\n${after}`}`;
}

function block(host: NewHost): string {
  const keys = ["domain", "certificate", "key", "acme", "registration"] as const;
  const pairs = keys.flatMap((key) => (host[key] === undefined ? [] : [`${key} = ${tomlValue(host[key])}\n`]));
  return `[[hosts]]\n${pairs.join("")}`;
}

/** The index of the line where the last host's tables end, in front of what the next header's comments are. */
function endOf(lines: readonly string[], headers: readonly TomlHeader[], last: TomlHeader | undefined): number {
  if (last === undefined) return lines.length;
  const next = headers.find(({ line }) => line > last.line);
  if (next === undefined) return lines.length;
  let at = next.line - 1;
  while (at > last.line && /^\s*(#|$)/.test(lines[at - 1] ?? "")) at -= 1;
  return at;
}
