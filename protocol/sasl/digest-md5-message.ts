/**
 * Messages of DIGEST-MD5 as byte strings (one character a byte): some directives are UTF-8, others may be ISO 8859-1.
 * RFC 2831 §2.1, §7.1
 */
export type Directives = ReadonlyMap<string, readonly string[]>;

/** Directives of one message that we read. */
export const digestDirectivesMax = 64;

/** Names in lower case, values without quotes. `undefined` for what is not such a list. */
export function readDirectives(message: string): Directives | undefined {
  const directives = new Map<string, string[]>();
  // One directive, or nothing, up to a comma or the end. Lists may have empty elements.
  const element =
    /[ \t\r\n]*(?:([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*=[ \t]*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))[ \t\r\n]*)?(,|$)/gsy;
  let count = 0;
  while (element.lastIndex < message.length) {
    const match = element.exec(message);
    if (match === null || ++count > digestDirectivesMax) return undefined;
    const [, name, quoted, token] = match;
    if (name === undefined) continue;
    const value = quoted === undefined ? (token ?? "") : quoted.replaceAll(/\\(.)/gs, "$1");
    const key = name.toLowerCase();
    directives.set(key, [...(directives.get(key) ?? []), value]);
  }
  return directives;
}

/** The value of a directive that must be there once. */
export function onlyValue(directives: Directives, name: string): string | undefined {
  const values = directives.get(name) ?? [];
  return values.length === 1 ? values[0] : undefined;
}

/** Whether a directive that may be there once is not there twice. */
export function isAtMostOnce(directives: Directives, name: string): boolean {
  return (directives.get(name) ?? []).length <= 1;
}

export function writeDirectives(
  directives: readonly (readonly [name: string, value: string, quoted: boolean])[],
): string {
  return directives.map(([name, value, quoted]) => `${name}=${quoted ? quote(value) : value}`).join(",");
}

function quote(value: string): string {
  return `"${value.replaceAll(/["\\]/g, "\\$&")}"`;
}
