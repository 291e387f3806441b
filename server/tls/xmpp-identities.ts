import { AsnConvert } from "@peculiar/asn1-schema";
import { Certificate, id_ce_subjectAltName, SubjectAlternativeName, type GeneralName } from "@peculiar/asn1-x509";
import { fromBER, Utf8String } from "asn1js";
import { isBare, localpartOf, parseJid } from "#protocol/jid/jid.ts";
import type { CertificateIdentity } from "#protocol/sasl/server-context.ts";
import { decodeUtf8 } from "#protocol/sasl/utf8.ts";

/** RFC 6120 §13.7.1.4 */
const idOnXmppAddr = "1.3.6.1.5.5.7.8.5";
/** Nobody has so many accounts; each is looked at when a stream begins. */
const identitiesMax = 100;

/**
 * The accounts that a certificate (DER) names in its subjectAltName, as id-on-xmppAddr. Read from the ASN.1: in a text
 * made of it, a name could pretend to be two (A28). RFC 6120 §13.7.1.4, XEP-0178 §2
 */
export function xmppIdentities(certificate: Uint8Array): readonly CertificateIdentity[] {
  return otherNames(certificate)
    .slice(0, identitiesMax)
    .flatMap((value) => identityOf(value) ?? []);
}

function otherNames(certificate: Uint8Array): readonly ArrayBuffer[] {
  try {
    const { extensions } = AsnConvert.parse(certificate, Certificate).tbsCertificate;
    const [extension, ...others] = (extensions ?? []).filter(({ extnID }) => extnID === id_ce_subjectAltName);
    // RFC 5280 §4.2 allows one; whoever writes two wants to be read in two ways.
    if (extension === undefined || others.length > 0) return [];
    // Copied: flatMap() on a subclass of Array makes another one.
    const names: readonly GeneralName[] = [...AsnConvert.parse(extension.extnValue, SubjectAlternativeName)];
    // [rfc6120-13.7.1.4-02]
    return names.flatMap(({ otherName }) => (otherName?.typeId === idOnXmppAddr ? [otherName.value] : []));
  } catch {
    // OpenSSL takes some things that the schema does not: such a certificate names nobody.
    return [];
  }
}

function identityOf(value: ArrayBuffer): CertificateIdentity | undefined {
  const { result, offset } = fromBER(value);
  // [rfc3920-5.1-12]
  if (offset !== value.byteLength || !(result instanceof Utf8String)) return undefined;
  const text = decodeUtf8(result.valueBlock.valueHexView);
  const jid = text === undefined ? undefined : parseJid(text);
  if (jid === undefined || !isBare(jid)) return undefined;
  const username = localpartOf(jid);
  return username === undefined ? undefined : { address: jid, username };
}
