import tr46 from "tr46";
import { CodePointTable } from "./code-point-table.ts";
import { obeysContextRules } from "./context-rules.ts";
import { canonicalIpv6, isIpv4 } from "./ip-address.ts";
import { isPreparable, withinPartLength } from "./part-length.ts";
import { idnaRuns } from "./unicode.generated.ts";
import { mapWidth } from "./width-mapping.ts";

/**
 * The canonical domainpart, `undefined` if it cannot be one: an IPv4 address, an IPv6 address in brackets, or a host
 * name of LDH labels and U-labels, all in lower case. RFC 7622 §3.2, with erratum 4534 (the mapping is that of RFC 5895).
 *
 * Stricter than what browsers do with UTS #46 (no symbols, nothing is mapped away), and of one mind with it about what
 * is left, since in the end the name is looked up by others who use that.
 */
export function prepareDomainpart(input: string): string | undefined {
  if (!isPreparable(input)) return undefined;
  // Before anything else is done to it. [rfc7622-3.2-03] [rfc7622-3.2-04] [rfc6122-2.2-03] [rfc6122-2.2-04]
  const undotted = input.replace(/[.\u3002\uff0e\uff61]$/, "");
  if (undotted.startsWith("[")) return ipLiteral(undotted); // [rfc7622-3.2-02]
  // Two spellings of a name are one afterwards. [rfc7622-3.2.2-01] [rfc7622-3.2.3-01]
  const name = mapName(undotted);
  // A top-level label of digits alone exists only in IPv4 addresses, so 1.2.3.400 is nobody's name. RFC 1123 §2.1
  if (/(?:^|\.)[0-9]+$/.test(name)) return isIpv4(name) ? name : undefined; // [rfc7622-3.2-02]
  return /^[\0-\x7f]*$/.test(name) && !name.includes("xn--") ? asciiName(name) : internationalName(name);
}

function ipLiteral(input: string): string | undefined {
  const address = input.endsWith("]") ? canonicalIpv6(input.slice(1, -1)) : undefined;
  return address === undefined ? undefined : `[${address}]`;
}

/** RFC 5895 §2. Case is mapped letter by letter, unlike in localparts: DNS software knows no final sigma. */
function mapName(name: string): string {
  const lower = name.replace(/\p{Changes_When_Lowercased}/gu, (character) => character.toLowerCase());
  return mapWidth(lower).normalize("NFC").replaceAll("\u3002", ".");
}

const labelPattern = "(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
const namePattern = new RegExp(`^${labelPattern}(?:\\.${labelPattern})*$`);
/** RFC 1035 §2.3.4, without the octets of the root. */
const nameOctetsMax = 253;

function asciiName(name: string): string | undefined {
  // The DNS is stricter than the 1023 octets of addresses, and the pattern takes no empty name. [rfc7622-3.2-05]
  return name.length <= nameOctetsMax && namePattern.test(name) ? name : undefined;
}

const idnaClasses = new CodePointTable(idnaRuns);
const idnaRules = { checkHyphens: true, checkBidi: true, useSTD3ASCIIRules: true } as const;

/** A name with U-labels or A-labels, the latter turned into the former. RFC 7622 §3.2.1 */
function internationalName(name: string): string | undefined {
  // A U-label is shorter than its A-label in code points; the bound also keeps Punycode, which is quadratic, short.
  if (name.length > 2 * nameOctetsMax) return undefined;
  const labels = name.split(".");
  const { domain, error } = tr46.toUnicode(name, idnaRules); // [rfc7622-3.2.1-02]
  if (error) return undefined;
  const unicodeLabels = domain.split(".");
  const asciiLabels = tr46.toASCII(domain, { ...idnaRules, verifyDNSLength: true })?.split(".");
  // It must be possible, though nobody sends the outcome. [rfc6122-2.2-06] [rfc6122-2.2-07]
  if (asciiLabels === undefined || labels.length !== unicodeLabels.length) return undefined;
  const faithful = labels.every((label, i) => label === (label.startsWith("xn--") ? asciiLabels[i] : unicodeLabels[i]));
  // [rfc7622-3.2.1-01] [rfc7622-5-01]
  return faithful && unicodeLabels.every(isIdna2008Label) ? withinPartLength(domain) : undefined;
}

/** RFC 5892 §3; the letters are those of idnaRuns. */
function isIdna2008Label(label: string): boolean {
  return (
    Array.from(label).every((character) => "PJO".includes(idnaClasses.classOf(character.codePointAt(0)!))) &&
    obeysContextRules(label)
  );
}
