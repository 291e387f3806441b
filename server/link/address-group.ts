import { isIPv6 } from "node:net";

/**
 * The address of a peer, as people know it: a socket that listens on IPv6 and takes IPv4 too has IPv4 addresses in the
 * form ::ffff:192.0.2.1 (RFC 4291 §2.5.5.2).
 */
export function peerAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

/**
 * The peers that are counted together for limits: one IPv4 address, or one /64 network of IPv6, which is what a single
 * customer gets.
 */
export function addressGroup(given: string): string {
  const address = peerAddress(given);
  if (!isIPv6(address)) return address;
  const [plain = ""] = address.split("%");
  const [head = "", tail] = plain.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups =
    tail === undefined ? left : [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(":")}::/64`;
}
