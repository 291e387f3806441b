import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { isDomain, parseJid } from "#protocol/jid/jid.ts";
import { buildChain, readChain } from "#server/trust/build-chain.ts";
import { checkDane, isUsable } from "#server/trust/dane.ts";
import { childrenOf, readDer } from "#server/trust/der.ts";
import { violation } from "#server/trust/name-constraints.ts";
import { namesMax } from "#server/trust/presented-names.ts";
import { readCertificate, type PeerCertificate } from "#server/trust/read-certificate.ts";
import { namesServer } from "#server/trust/server-identity.ts";
import { TrustStore } from "#server/trust/trust-store.ts";
import { bytesOf } from "../engine/byte-strings.ts";
import { fuzzTarget, type FuzzTarget } from "../engine/target.ts";

/** Made for this: an authority, a server's certificate with a name of every form, an authority with constraints, one with RSA-PSS. */
const root = fromBase64(
  "MIIBgDCCASegAwIBAgIQZG0ai61Zj8Xm4iioLSe+5zAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDEwRSb290MCAXDTI2MTEyMDAwMDAwMFoYDzIxMjYxMDI4MDAwMDAwWjAPMQ0wCwYDVQQDEwRSb290MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEyu02nJGyLv5xu/bXfP+OjNC5ar4UTtRKz3scop+PxpxbrcynOafPd4IXuIW7wC1u3vFtp7eZpXBWjWr1ZevtWKNjMGEwDwYDVR0TAQH/BAUwAwEB/zAOBgNVHQ8BAf8EBAMCAQYwHQYDVR0OBBYEFNb5Ait15uMgk4NAUd8XUMzE6rKzMB8GA1UdIwQYMBaAFNb5Ait15uMgk4NAUd8XUMzE6rKzMAoGCCqGSM49BAMCA0cAMEQCIGKQ19AxeIZao7niD/mIJTI/guVj875daL+/ihNHk+K4AiBGIkULxbedTLf5q3Ll/dlw1fXkh/sNWFbtcRNF8NcYqA==",
);
const leaf = fromBase64(
  "MIICJTCCAcugAwIBAgIRAMfa2Yr41FN4wOkEXXjHzZIwCgYIKoZIzj0EAwIwDzENMAsGA1UEAxMEUm9vdDAgFw0yNjExMjAwMDAwMDBaGA8yMTI2MTAyODAwMDAwMFowDDEKMAgGA1UEAxMBYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABEQhd4uJY49JG1RFvH0/q8qE68sHUJUpKqS0PQpuG7/R7Jz2/KNgu1JnKq5Dbg0xBgqPT05AKeLXA+E9mkDQz8KjggEHMIIBAzCBgwYDVR0RBHwweoIJYS5leGFtcGxlggsqLmIuZXhhbXBsZaAkBggrBgEFBQcIB6AYFhZfeG1wcC1zZXJ2ZXIuYS5leGFtcGxloBcGCCsGAQUFBwgFoAsMCWEuZXhhbXBsZYcEwAACAYELYUBhLmV4YW1wbGWGDnhtcHA6YS5leGFtcGxlMAwGA1UdEwEB/wQCMAAwDgYDVR0PAQH/BAQDAgeAMB0GA1UdJQQWMBQGCCsGAQUFBwMBBggrBgEFBQcDAjAdBgNVHQ4EFgQU0YH6UdRiakzTbhnczq6XfOEKg4cwHwYDVR0jBBgwFoAU1vkCK3Xm4yCTg0BR3xdQzMTqsrMwCgYIKoZIzj0EAwIDSAAwRQIgGrhVJ7jhauoKrVZf+3zYpYP3G/mJm+M6QYJTUMPPJeACIQDw0Ofd6o1YG8191iqqFhCC71d1QXGi6t3xs1QWw/g40w==",
);
const middle = fromBase64(
  "MIIBrDCCAVKgAwIBAgIQEketFE+FJ+JWFU1z286ciDAKBggqhkjOPQQDAjAPMQ0wCwYDVQQDEwRSb290MCAXDTI2MTEyMDAwMDAwMFoYDzIxMjYxMDI4MDAwMDAwWjAMMQowCAYDVQQDEwFNMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE+PCHWFgtg3Ke139fgyFH6vIEFSFnJbdMlXJ/K9lY6sknW7qBpdu8w3WvMqGz9VlxPkiDa9fx9FC2Ie96BuazBKOBkDCBjTASBgNVHRMBAf8ECDAGAQH/AgEBMA4GA1UdDwEB/wQEAwIBBjAdBgNVHQ4EFgQUXvfGQSzdcpjC+UCiFqbZVaszwOIwHwYDVR0jBBgwFoAU1vkCK3Xm4yCTg0BR3xdQzMTqsrMwJwYDVR0eAQH/BB0wG6ALMAmCB2V4YW1wbGWhDDAKhwjAAAIA////ADAKBggqhkjOPQQDAgNIADBFAiBw5ux9r8cLpO7yo/1/Jv5zG/bMm4eXcNASphuvcJik4gIhAPZI4J3s899v3FkdO9OmUVG9nhkxz2moYIOUBgCDBRyP",
);
const withRsa = fromBase64(
  "MIIDXTCCAhWgAwIBAgIRANxcUodR7OvxjwZzibkfrtgwPQYJKoZIhvcNAQEKMDCgDTALBglghkgBZQMEAgGhGjAYBgkqhkiG9w0BAQgwCwYJYIZIAWUDBAIBogMCASAwDDEKMAgGA1UEAxMBcjAgFw0yNjExMjAwMDAwMDBaGA8yMTI2MTAyODAwMDAwMFowDDEKMAgGA1UEAxMBcjCCASIwDQYJKoZIhvcNAQEBBQADggEPADCCAQoCggEBALSboVRtfHN9ExUiwbO5rcVrCWgi+m5h6IAzor94CEhPhdITlUUV3e9bvdhYQ25+UWNVDe93FQeQzO1GPL6/SeNZUCM87ZOzKRSwu+ga3ca1AHGeDfjGWD1iw0FqF6giAKf699pj0TrLW85xOBczerYeJMb2sZx50yjH/BMRcb1Qub4EeVA6xZhd35qatGAkVAZDFgSSKowERfFVORcjFKzo73HYkQbn5/FgHwXW8dZlIFmHnc+Fbne0NgrEwklNKHHci5gFqgzHJLC3erycifYfEUGfuW0zixSG5Z+cvCNyIWwzS4tUBmNRfCj4mvHT419M2/g9lQOisIkuK/iyJCkCAwEAAaNYMFYwFAYDVR0RBA0wC4IJci5leGFtcGxlMB0GA1UdDgQWBBQPa3/IFvmyadWx1LkH7pSJWu7AUTAfBgNVHSMEGDAWgBQPa3/IFvmyadWx1LkH7pSJWu7AUTA9BgkqhkiG9w0BAQowMKANMAsGCWCGSAFlAwQCAaEaMBgGCSqGSIb3DQEBCDALBglghkgBZQMEAgGiAwIBIAOCAQEACLAlnK1ZHbxQKQHbPFjLyrvBS8/VGp+vpq+HqoReVsj6iMgg8z3t/w5sjmaHwHhkdsLcAoexEnM+Y2BT27Be1BQ9U2B1SxJh07gKUqIQwNqQQ/nut1kAvAFsho4hyYzkKYttbibvsA3/JXvBYLnA8D3DOTn3V7II9DMIsWCGHc7J2iOs1Wglzb8DVAJeaFPYvjKNNinEa+OE72SMiXXsOvmkbxb8KZOxqHkC4nRDDre+PK/rfhVbpx83nCM0Czi9UknJ5/Xv2YsnCfgjO2zmwz5DUEkzvn4AGpnwYu6DgyoJ+tQ0Sda4udNE9l7JyLXjB3HPeO2dz1nuNJZ07JDPpQ==",
);
/** When all of them are valid. */
const now = Date.UTC(2027, 0, 1);
const anchors = new TrustStore([root]);
const signed = [leaf, middle].map((der) => Buffer.from(signedPart(der)).toString("latin1"));
/** Usages of RFC 6698, and what is listed. */
const listed = [
  [0, root],
  [1, leaf],
  [2, root],
  [3, leaf],
] as const;
const readLeaf = readCertificate(leaf);
const leafNames = readLeaf.ok ? readLeaf.certificate.names : assert.fail("the leaf is read");
const hosts = ["a.example", "x.b.example", "b.example", "r.example", "example"];

/** Object identifiers, with their lengths, and beginnings of names. */
const words = [
  "\x06\x03U\x1d\x11",
  "\x06\x03U\x1d\x13",
  "\x06\x03U\x1d\x0f",
  "\x06\x03U\x1d\x25",
  "\x06\x03U\x1d\x1e",
  "\x06\x08+\x06\x01\x05\x05\x07\x08\x05",
  "\x06\x08+\x06\x01\x05\x05\x07\x08\x07",
  "\x82\x09a.example",
  "\x82\x01*",
  "\x87\x04",
  "\x01\x01\xff",
  "\x30\x00",
  "\x30\x80",
  "\xa0\x03",
];

export const target: FuzzTarget = {
  // Those of others are texts.
  ...fuzzTarget({
    summary:
      "a certificate is read within bounds or not at all, names nobody whom OpenSSL does not, and cannot be changed",
    bytesMax: 4_096,
    roundExecutions: 150_000,
    words: [],
    seeds: [],
    mutations: [],
    run: (input) => {
      const bytes = bytesOf(input);
      const read = readCertificate(bytes);
      if (read.ok) check(read.certificate);
      if (read.ok) checkListed(read.certificate);
      for (const selector of [0, 1]) isUsable({ usage: 2, selector, matching: 0, data: bytes });
      const chain = readChain([bytes, middle, root]);
      const verdict = chain.ok ? buildChain({ chain: chain.chain, anchors, now }) : chain;
      if (!verdict.ok) return;
      // What is trusted is what the authority has signed, to the last bit.
      assert.ok(signed.includes(Buffer.from(signedPart(bytes)).toString("latin1")) || Buffer.from(root).equals(bytes));
    },
  }),
  words,
  seeds: [root, leaf, middle, withRsa].map((der) => Buffer.from(der).toString("latin1")),
};

function check(certificate: PeerCertificate): void {
  assert.ok(certificate.names.length <= namesMax);
  assert.ok(certificate.title.length <= 90 && !certificate.title.includes("\n"));
  assert.match(certificate.fingerprint, /^[0-9a-f]{64}$/u);
  const openssl = new X509Certificate(certificate.der);
  // It reads no name at all where it cannot read one, as a string of another kind in a form that nobody knows.
  if (openssl.subjectAltName === undefined) return;
  const names = certificate.names.filter(({ kind }) => kind === "dns");
  for (const host of hosts) {
    const domain = parseJid(host);
    assert.ok(domain !== undefined && isDomain(domain));
    if (!namesServer(names, { domain })) continue;
    const found = openssl.checkHost(host, { subject: "never", partialWildcards: false });
    assert.notEqual(found, undefined, `OpenSSL does not find ${host}`);
  }
}

/** What a domain lists in DNS is believed of the very certificate, or of one that the listed authority has signed, unchanged. */
function checkListed(certificate: PeerCertificate): void {
  const shown = readChain([certificate.der, root]);
  const domain = parseJid("a.example");
  assert.ok(domain !== undefined && isDomain(domain));
  if (!shown.ok) return;
  const isListed = (usage: number, data: Uint8Array): boolean => {
    const tlsa = [{ usage, selector: 0, matching: 0, data }];
    const question = { chain: shown.chain, tlsa, reference: { domain }, anchors, now };
    return checkDane(question).kind === "match";
  };
  const signedByRoot = signed.includes(Buffer.from(signedPart(certificate.der)).toString("latin1"));
  for (const [usage, data] of listed) {
    if (!isListed(usage, data)) continue;
    const isTheVeryOne = Buffer.from(certificate.der).equals(data);
    assert.ok(usage === 3 ? isTheVeryOne : signedByRoot || isTheVeryOne, `usage ${usage} believes what was changed`);
  }
  const { nameConstraints } = certificate;
  if (nameConstraints === undefined) return;
  const all = [...leafNames, ...certificate.names];
  const complaint = violation(all, nameConstraints);
  // Whatever bounds one name bounds it among others.
  for (const name of all)
    if (violation([name], nameConstraints) !== undefined)
      assert.notEqual(complaint, undefined, "a name slips by others");
}

/** What the signature is about. */
function signedPart(der: Uint8Array): Uint8Array {
  return childrenOf(readDer(der))[0]?.whole ?? der;
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
