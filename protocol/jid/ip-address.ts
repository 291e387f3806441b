/** Whether the text is four decimal numbers 0 … 255 without leading zeros. RFC 3986 §3.2.2, IPv4address. */
export function isIpv4(text: string): boolean {
  const octet = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])";
  return new RegExp(`^${octet}(?:\\.${octet}){3}$`).test(text);
}

/**
 * The one spelling of an IPv6 address, with a zone kept as it is; `undefined` if the text is none.
 * RFC 5952 for the spelling (lower case, no leading zeros, the longest run of zeros as `::`), RFC 6874 for `%25zone`.
 */
export function canonicalIpv6(text: string): string | undefined {
  const [, address = "", zone = ""] = /^([0-9a-f:.]{2,45})(%25[a-z0-9._~-]{1,64})?$/i.exec(text) ?? [];
  const groups = ipv6Groups(address);
  return groups === undefined ? undefined : spellIpv6(groups) + zone;
}

function ipv6Groups(address: string): readonly number[] | undefined {
  const halves = address.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half, index) => groupsOf(half, index === halves.length - 1));
  if (head === undefined) return undefined;
  if (halves.length === 1) return head.length === 8 ? head : undefined;
  if (tail === undefined) return undefined;
  const zeros = 8 - head.length - tail.length;
  return zeros < 1 ? undefined : [...head, ...Array.from({ length: zeros }, () => 0), ...tail];
}

/** The 16-bit groups of one side of `::`; the last side may end in the dotted form of IPv4. */
function groupsOf(half: string, last: boolean): readonly number[] | undefined {
  if (half === "") return [];
  const groups: number[] = [];
  const pieces = half.split(":");
  for (const [index, piece] of pieces.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(piece)) {
      groups.push(Number.parseInt(piece, 16));
    } else if (last && index === pieces.length - 1 && isIpv4(piece)) {
      const [a = 0, b = 0, c = 0, d = 0] = piece.split(".").map(Number);
      groups.push(a * 256 + b, c * 256 + d);
    } else return undefined;
  }
  return groups;
}

function spellIpv6(groups: readonly number[]): string {
  const hex = groups.map((group) => group.toString(16)).join(":");
  // ::ffff:0:0/96, the one prefix where every reader expects the dotted form. RFC 5952 §5
  const [, high, low] = /^0:0:0:0:0:ffff:([^:]+):([^:]+)$/.exec(hex) ?? [];
  if (high !== undefined && low !== undefined) return `::ffff:${dotted(high)}.${dotted(low)}`;
  const runs = hex.match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  if (longest === "") return hex;
  const at = hex.search(new RegExp(`\\b${longest}\\b`));
  return `${hex.slice(0, at).replace(/:$/, "")}::${hex.slice(at + longest.length).replace(/^:/, "")}`;
}

function dotted(group: string): string {
  const value = Number.parseInt(group, 16);
  return `${value >> 8}.${value & 255}`;
}
