import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isDomain, parseJid } from "#protocol/jid/jid.ts";
import { makeCertificate, subjectAltName, type Names } from "#testing/certificates.ts";
import { readSubjectAltName } from "./presented-names.ts";
import { readCertificate } from "./read-certificate.ts";
import { namesServer } from "./server-identity.ts";

function isNamed(names: Names, domain: string, host?: string): boolean {
  const jid = parseJid(domain);
  assert(jid !== undefined && isDomain(jid));
  return namesServer(readSubjectAltName(new Uint8Array(subjectAltName(names))), { domain: jid, host });
}

const cases: readonly (readonly [name: string, names: Names, domain: string, isGood: boolean])[] = [
  ["its dNSName [rfc6120-13.7.1.2.1-02] [rfc9525-6.2-02] [rfc9525-6.2-04]", { dns: ["a.example"] }, "a.example", true],
  [
    "one of several names [rfc9525-6.2-01] [rfc9525-6.1.1-01] [rfc9525-6.1.1-03]",
    { dns: ["b.example", "a.example"], ip: ["192.0.2.1"] },
    "a.example",
    true,
  ],
  ["its dNSName, in capitals [rfc9525-6.3-01] [rfc9525-6.3-02]", { dns: ["A.Example"] }, "a.example", true],
  ["another's dNSName", { dns: ["b.example"] }, "a.example", false],
  ["that of a domain above", { dns: ["example"] }, "a.example", false],
  ["that of a domain below", { dns: ["x.a.example"] }, "a.example", false],
  ["a dNSName with a dot at its end", { dns: ["a.example."] }, "a.example", false],
  ["a wildcard [rfc9525-6.3-06] [rfc6120-13.7.1.2.1-08]", { dns: ["*.a.example"] }, "x.a.example", true],
  ["a wildcard in capitals", { dns: ["*.A.example"] }, "x.a.example", true],
  ["a wildcard for two levels", { dns: ["*.a.example"] }, "y.x.a.example", false],
  ["a wildcard for no level", { dns: ["*.a.example"] }, "a.example", false],
  ["a wildcard in a second label [rfc9525-6.3-07]", { dns: ["x.*.example"] }, "x.a.example", false],
  ["two wildcards [rfc9525-6.3-07]", { dns: ["*.*.example"] }, "x.a.example", false],
  ["a wildcard in a part of a label [rfc9525-6.3-07]", { dns: ["x*.a.example"] }, "xy.a.example", false],
  ["a wildcard at the end of a label [rfc9525-6.3-07]", { dns: ["*x.a.example"] }, "yx.a.example", false],
  ["a wildcard for a whole top-level domain", { dns: ["*.example"] }, "a.example", false],
  ["a wildcard for everything", { dns: ["*"] }, "a.example", false],
  ["a wildcard and an internationalized label", { dns: ["*.a.example"] }, "bücher.a.example", true],
  ["a wildcard in an A-label [rfc9525-6.3-07]", { dns: ["xn--b*-kva.a.example"] }, "bücher.a.example", false],
  [
    "its SRVName [rfc6120-13.7.1.2.1-05] [rfc9525-6.2-06] [rfc9525-6.1.1-05]",
    { srv: ["_xmpp-server.a.example"] },
    "a.example",
    true,
  ],
  ["its SRVName in capitals [rfc9525-6.5-03]", { srv: ["_XMPP-Server.A.example"] }, "a.example", true],
  ["the SRVName for clients [rfc9525-6.2-06]", { srv: ["_xmpp-client.a.example"] }, "a.example", false],
  ["an SRVName with a wildcard", { srv: ["_xmpp-server.*.example"] }, "a.example", false],
  ["an SRVName without a service", { srv: ["a.example"] }, "a.example", false],
  ["its XmppAddr [rfc6120-13.7.1.4-02]", { xmpp: ["a.example"] }, "a.example", true],
  ["its XmppAddr, not in UTF-8's own letters but prepared", { xmpp: ["BÜCHER.example"] }, "bücher.example", true],
  ["a user's XmppAddr", { xmpp: ["romeo@a.example"] }, "a.example", false],
  ["an XmppAddr with a resource", { xmpp: ["a.example/orchard"] }, "a.example", false],
  [
    "an internationalized name by its A-label [rfc9525-6.3-03] [rfc9525-6.3-04]",
    { dns: ["xn--bcher-kva.example"] },
    "bücher.example",
    true,
  ],
  ["an A-label in capitals [rfc9525-6.3-04]", { dns: ["XN--BCHER-KVA.example"] }, "bücher.example", true],
  ["an A-label that is another's [rfc9525-6.3-05]", { dns: ["xn--bcher-1ya.example"] }, "bücher.example", false],
  ["an SRVName with A-labels", { srv: ["_xmpp-server.xn--bcher-kva.example"] }, "bücher.example", true],
  ["its IPv4 address [rfc9525-6.2-03] [rfc9525-6.2-05]", { ip: ["192.0.2.1"] }, "192.0.2.1", true],
  ["a neighbour's IPv4 address [rfc9525-6.2-03]", { ip: ["192.0.2.2"] }, "192.0.2.1", false],
  ["a network with its IPv4 address [rfc9525-6.2-03]", { ip: ["192.0.2.0/24"] }, "192.0.2.1", false],
  ["its IPv6 address [rfc9525-6.2-03]", { ip: ["2001:db8::1"] }, "[2001:db8::1]", true],
  ["a neighbour's IPv6 address [rfc9525-6.2-03]", { ip: ["2001:db8::2"] }, "[2001:db8::1]", false],
  ["its address written as a dNSName", { dns: ["192.0.2.1"] }, "192.0.2.1", false],
  ["its address, asked for a name", { ip: ["192.0.2.1"] }, "a.example", false],
  ["its domain as a URI", { uri: ["xmpp:a.example"] }, "a.example", false],
  ["its domain as an address of mail", { email: ["a.example"] }, "a.example", false],
  ["A28 a name that holds another as text", { dns: ["b.example, DNS:a.example"] }, "a.example", false],
  ["A28 a name that ends with another behind a zero", { dns: ["a.example\0.evil.example"] }, "a.example", false],
  ["A28 a URI that holds a name as text", { uri: ["x:, DNS:a.example"] }, "a.example", false],
];

describe("a server is known by", () => {
  for (const [name, names, domain, isGood] of cases) {
    test(`${name}: ${isGood ? "yes" : "no"}`, () => assert.equal(isNamed(names, domain), isGood));
  }
});

test("the target of a validated SRV record is as good as the domain, any other is not [rfc7673-4.1-03] [rfc7673-4.1-04] [rfc7673-4.1-05] [rfc9525-6.1.1-02] [rfc7712-6-01]", () => {
  const names = { dns: ["xmpp23.hosting.example"] };
  assert.equal(isNamed(names, "a.example", "xmpp23.hosting.example."), true);
  assert.equal(isNamed(names, "a.example"), false);
  assert.equal(isNamed({ dns: ["a.example"] }, "a.example", "xmpp23.hosting.example"), true);
  assert.equal(isNamed({ srv: ["_xmpp-server.xmpp23.hosting.example"] }, "a.example", "xmpp23.hosting.example"), false);
});

for (const { name, subject } of [
  { name: "a common name proves nothing", subject: "CN=a.example" },
  { name: "A28 a common name within another part proves nothing", subject: "OU=Paying\\, CN\\=a.example" },
  { name: "a domain component proves nothing", subject: "DC=a, DC=example" },
]) {
  test(`${name} [rfc9525-2-02] [rfc9525-2-03] [rfc6120-13.7.1.2.1-02]`, async () => {
    const jid = parseJid("a.example");
    assert(jid !== undefined && isDomain(jid));
    const read = readCertificate((await makeCertificate({ subject })).der);
    assert(read.ok);
    assert.equal(namesServer(read.certificate.names, { domain: jid }), false);
  });
}

test("a certificate whose XmppAddr is not in UTF-8 is not read at all", async () => {
  const read = readCertificate((await makeCertificate({ subject: "CN=x", names: { xmppAsIa5: ["a.example"] } })).der);
  assert.equal(read.ok, false);
});
