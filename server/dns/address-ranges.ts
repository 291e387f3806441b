import { BlockList, isIP } from "node:net";

/**
 * Addresses that are not for everybody (RFC 6890 and the registries that it made; as of 2026): nothing on the Internet
 * has one, so that a name which leads there leads into somebody's own network, ours perhaps.
 */
const closedRanges: readonly (readonly [network: string, prefix: number, what: string])[] = [
  ["0.0.0.0", 8, "this network"],
  ["10.0.0.0", 8, "private"],
  ["100.64.0.0", 10, "shared behind carriers' NAT"],
  ["127.0.0.0", 8, "loopback"],
  ["169.254.0.0", 16, "link-local"],
  ["172.16.0.0", 12, "private"],
  ["192.0.0.0", 24, "protocol assignments"],
  ["192.0.2.0", 24, "documentation"],
  ["192.31.196.0", 24, "AS112"],
  ["192.52.193.0", 24, "AMT"],
  ["192.88.99.0", 24, "6to4 relays, given up"],
  ["192.168.0.0", 16, "private"],
  ["192.175.48.0", 24, "AS112"],
  ["198.18.0.0", 15, "benchmarks"],
  ["198.51.100.0", 24, "documentation"],
  ["203.0.113.0", 24, "documentation"],
  ["224.0.0.0", 4, "multicast"],
  ["240.0.0.0", 4, "reserved, and broadcast"],
];

/** Of IPv6 only this has been given out; unique-local, link-local and multicast are elsewhere. RFC 4291 §2.4 */
const openRanges6: readonly (readonly [network: string, prefix: number])[] = [["2000::", 3]];

const closedRanges6: readonly (readonly [network: string, prefix: number, what: string])[] = [
  ["2001::", 23, "protocol assignments, Teredo among them"],
  ["2001:db8::", 32, "documentation"],
  ["2620:4f:8000::", 48, "AS112"],
  ["3fff::", 20, "documentation"],
];

/** Forms of IPv6 addresses that stand for one of IPv4, and where in their sixteen octets that one begins. */
const carriers: readonly (readonly [network: string, prefix: number, offset: number])[] = [
  ["::", 96, 12],
  ["::ffff:0:0", 96, 12],
  ["64:ff9b::", 96, 12],
  ["2002::", 16, 2],
];

/** A network as "10.0.0.0/8" or "fd00::/8", or a single address. */
export interface AddressRange {
  readonly network: string;
  readonly prefix: number;
}

/** Undefined when it is none. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [, network = "", digits] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(network);
  if (family === 0 || network.includes("%")) return undefined;
  const bits = family === 4 ? 32 : 128;
  const prefix = digits === undefined ? bits : Number(digits);
  return prefix > bits ? undefined : { network, prefix };
}

/** Which addresses may be connected to: all that the whole Internet can, and those that the configuration lists. */
export class AddressGuard {
  readonly #allowed: BlockList;

  constructor(allowed: readonly AddressRange[]) {
    this.#allowed = listOf(allowed.map(({ network, prefix }) => [network, prefix]));
  }

  /** @param address of IPv4 or IPv6; anything else is refused */
  admits(address: string): boolean {
    const family = isIP(address);
    if (family === 0 || address.includes("%")) return false;
    return contains(this.#allowed, address) || isPublic(address);
  }
}

export function isLoopback(address: string): boolean {
  const bare = address.replace(/%.*/, "");
  return isIP(bare) !== 0 && contains(loopback, bare);
}

function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !contains(closed, address);
  for (const [list, offset] of carried) {
    if (!contains(list, address)) continue;
    const octets = octetsOf(address);
    return octets !== undefined && !contains(closed, octets.slice(offset, offset + 4).join("."));
  }
  return contains(open6, address) && !contains(closed6, address);
}

/** Of an IPv6 address that is one; the platform has brought it into its one short form. */
function octetsOf(address: string): readonly number[] | undefined {
  // The parser of URLs knows every form, that with dots at the end included.
  const short = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1);
  if (short === undefined) return undefined;
  const [head = "", tail] = short.split("::");
  const groups = (text: string): number[] =>
    text === "" ? [] : text.split(":").map((group) => Number.parseInt(group, 16));
  const [before, after] = [groups(head), groups(tail ?? "")];
  const middle = tail === undefined ? [] : Array.from({ length: 8 - before.length - after.length }, () => 0);
  return [...before, ...middle, ...after].flatMap((group) => [group >> 8, group & 0xff]);
}

function contains(list: BlockList, address: string): boolean {
  return list.check(address, isIP(address) === 4 ? "ipv4" : "ipv6");
}

function listOf(ranges: readonly (readonly [network: string, prefix: number, ...rest: unknown[]])[]): BlockList {
  const list = new BlockList();
  for (const [network, prefix] of ranges) list.addSubnet(network, prefix, isIP(network) === 4 ? "ipv4" : "ipv6");
  return list;
}

const closed = listOf(closedRanges);
const open6 = listOf(openRanges6);
const closed6 = listOf(closedRanges6);
const loopback = listOf([
  ["127.0.0.0", 8],
  ["::1", 128],
]);
const carried = carriers.map(([network, prefix, offset]) => [listOf([[network, prefix]]), offset] as const);
