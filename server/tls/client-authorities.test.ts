import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ClientAuthority, type ClientCertificate } from "#testing/client-authority.ts";
import { CertificateError } from "./certificate-error.ts";
import { expiryOfPeer, loadClientAuthorities } from "./client-authorities.ts";
import { xmppIdentities } from "./xmpp-identities.ts";

let directory: string;
let authority: ClientAuthority;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-authorities-"));
  authority = await ClientAuthority.make("Verona");
});

after(() => rm(directory, { recursive: true }));

test("all authorities of the file are taken, whatever text is between them", async () => {
  const file = join(directory, "two.pem");
  const other = await ClientAuthority.make("Mantua");
  await writeFile(file, `Verona\n${authority.certificate}\nMantua\n${other.certificate}`);
  const { pem } = await loadClientAuthorities(file);
  assert.equal(pem.match(/BEGIN CERTIFICATE/g)?.length, 2);
});

for (const { name, content, message } of [
  { name: "that is missing", content: undefined, message: /^client_authorities: cannot read .*missing\.pem/ },
  { name: "without PEM", content: "Verona", message: /^client_authorities: .* holds no certificate in PEM form/ },
  {
    name: "with damaged PEM",
    content: "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    message: /^client_authorities: .* damaged$/,
  },
]) {
  test(`a file ${name} is refused with one message`, async () => {
    const file = join(directory, content === undefined ? "missing.pem" : "bad.pem");
    if (content !== undefined) await writeFile(file, content);
    await assert.rejects(loadClientAuthorities(file), (error) => {
      assert(error instanceof CertificateError);
      assert.equal(error.problems.length, 1);
      assert.match(error.message, message);
      return true;
    });
  });
}

const certificates: readonly {
  readonly name: string;
  readonly issued: ClientCertificate;
  readonly found: readonly string[];
}[] = [
  { name: "none", issued: { addresses: [], email: "romeo@montague.example" }, found: [] },
  {
    name: "two, in canonical form [rfc6120-13.7.1.4-02]",
    issued: { addresses: ["Romeo@Montague.example", "juliet@capulet.example"] },
    found: ["romeo@montague.example", "juliet@capulet.example"],
  },
  {
    name: "neither domains, nor full addresses, nor what is no address",
    issued: { addresses: ["montague.example", "romeo@montague.example/orchard", "@", "", "romeo@"] },
    found: [],
  },
  {
    name: "none that is written in another kind of string [rfc3920-5.1-12]",
    issued: { addresses: [], ia5Addresses: ["romeo@montague.example"] },
    found: [],
  },
  {
    name: "A28 none inside of another",
    issued: { addresses: ["a@b, othername:XmppAddr::romeo@montague.example", "romeo@montague.example\0.example"] },
    found: [],
  },
];

for (const { name, issued, found } of certificates) {
  test(`the addresses of a certificate: ${name}`, async () => {
    const { cert } = await authority.issue(issued);
    const identities = xmppIdentities(new X509Certificate(cert).raw);
    assert.deepEqual(
      identities,
      found.map((address) => ({ address, username: address.split("@")[0] })),
    );
  });
}

test("a certificate is good until the first expires of it and those that it depends on [rfc6120-13.7.2.3-01]", async () => {
  const year = 365 * 86_400_000;
  const expiry = async (till: number) => {
    const { cert } = await authority.issue({ addresses: [], validMs: [-year, till] });
    const leaf = new X509Certificate(cert);
    const issuer = new X509Certificate(authority.certificate);
    Object.defineProperty(leaf, "issuerCertificate", { value: issuer });
    const found = expiryOfPeer({ getPeerX509Certificate: () => leaf });
    return { found, leaf: leaf.validToDate.getTime(), issuer: issuer.validToDate.getTime() };
  };
  const short = await expiry(60_000);
  assert.equal(short.found, short.leaf);
  const long = await expiry(year);
  assert.equal(long.found, long.issuer);
});

test("what is no certificate names nobody", () => {
  assert.deepEqual(xmppIdentities(Buffer.from("Verona")), []);
});
