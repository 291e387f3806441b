import { childrenOf, contextTag, DerError, expectTag, oidText, readDer, tags, type DerValue } from "./der.ts";

/** id-on-xmppAddr, RFC 6120 §13.7.1.4 */
const idOnXmppAddr = "1.3.6.1.5.5.7.8.5";
/** id-on-dnsSRV, RFC 4985 §2 */
const idOnDnsSrv = "1.3.6.1.5.5.7.8.7";
/** Certificates of big sites have a few hundred; each is looked at. */
export const namesMax = 1_000;

/** A name of subjectAltName, or the base of a name constraint. RFC 5280 §4.2.1.6 */
export type GeneralName =
  | { readonly kind: "dns" | "srv" | "xmpp" | "email" | "uri"; readonly text: string }
  /** An address; in a constraint, address and mask. */
  | { readonly kind: "ip"; readonly octets: Uint8Array }
  | { readonly kind: "directory"; readonly parts: readonly string[] }
  /** Anything else, told apart by its type. */
  | { readonly kind: "other"; readonly type: string };

/** Of the value of a subjectAltName extension. @throws DerError */
export function readSubjectAltName(extension: Uint8Array): readonly GeneralName[] {
  const names = childrenOf(readDer(extension, tags.sequence));
  if (names.length === 0 || names.length > namesMax) throw new DerError("no names, or too many");
  return names.map(readGeneralName);
}

/**
 * Read from the ASN.1, each name by itself: in a text made of all of them, one could pretend to be two (A28).
 *
 * @throws DerError
 */
export function readGeneralName(value: DerValue): GeneralName {
  switch (value.tag) {
    case contextTag(0, "constructed"):
      return readOtherName(value);
    case contextTag(1, "primitive"):
      return { kind: "email", text: ascii(value.content) };
    case contextTag(2, "primitive"):
      return { kind: "dns", text: ascii(value.content) };
    case contextTag(4, "constructed"):
      return { kind: "directory", parts: directoryParts(expectTag(childrenOf(value)[0], tags.sequence)) };
    case contextTag(6, "primitive"):
      return { kind: "uri", text: ascii(value.content) };
    case contextTag(7, "primitive"):
      return { kind: "ip", octets: value.content };
    case contextTag(3, "constructed"):
    case contextTag(5, "constructed"):
    case contextTag(8, "primitive"):
      return { kind: "other", type: `form ${value.tag & 0x1f}` };
    default:
      throw new DerError("a name of no form");
  }
}

/**
 * The parts of a distinguished name, each as one text that is equal where the parts are: the kind of string and its case
 * do not count. RFC 5280 §7.1
 */
export function directoryParts(name: DerValue): readonly string[] {
  return childrenOf(name).map((part) =>
    childrenOf(expectTag(part, tags.set))
      .map((attribute) => {
        const [type, value] = childrenOf(expectTag(attribute, tags.sequence));
        const text = Buffer.from(expectTag(value, undefined).content).toString("utf8");
        return `${oidText(expectTag(type, tags.oid))}=${text.trim().replace(/\s+/g, " ").toLowerCase()}`;
      })
      .toSorted()
      .join("+"),
  );
}

function readOtherName(value: DerValue): GeneralName {
  const [type, wrapped] = childrenOf(value);
  const oid = oidText(expectTag(type, tags.oid));
  const inner = readDer(expectTag(wrapped, contextTag(0, "constructed")).content);
  // [rfc6120-13.7.1.4-02]
  if (oid === idOnXmppAddr) {
    return { kind: "xmpp", text: utf8(expectTag(inner, tags.utf8String).content) };
  }
  // [rfc6120-13.7.1.2.1-05]
  if (oid === idOnDnsSrv) return { kind: "srv", text: ascii(expectTag(inner, tags.ia5String).content) };
  return { kind: "other", type: oid };
}

function ascii(content: Uint8Array): string {
  if (content.some((octet) => octet >= 0x80)) throw new DerError("an IA5String that is not ASCII");
  return Buffer.from(content).toString("latin1");
}

function utf8(content: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch (cause) {
    throw new DerError("a UTF8String that is not UTF-8", { cause });
  }
}
