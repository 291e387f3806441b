import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { domainJid } from "#testing/addresses.ts";
import { makeAuthority, makeCertificate, type Made } from "#testing/certificates.ts";
import { AddressGuard } from "../dns/address-ranges.ts";
import { DnsError, type RecordType, type RecordTypes, type TlsaRecord } from "../dns/dns-answer.ts";
import { nodeEnv } from "../node-env.ts";
import { tlsaData } from "./dane.ts";
import { openPeerTrust, openPosh, type TrustSettings } from "./open-peer-trust.ts";
import type { TrustVerdict } from "./peer-trust.ts";
import { readCertificate } from "./read-certificate.ts";
import { TrustStore } from "./trust-store.ts";

const local = domainJid("capulet.example");
const remote = domainJid("montague.example");
const loopback = new AddressGuard([{ network: "127.0.0.0", prefix: 8 }]);

let directory: string;
let root: Made;
let good: Made;
let selfSigned: Made;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-trust-"));
  root = await makeAuthority("CN=Root");
  good = await makeCertificate({ subject: "CN=x", issuer: root, names: { dns: [remote] } });
  selfSigned = await makeCertificate({ subject: "CN=x", names: { dns: ["x.example"] } });
  await writeFile(join(directory, "root.pem"), root.pem);
  await writeFile(join(directory, "pinned.pem"), `${root.pem}${good.pem}`);
});

after(() => rm(directory, { recursive: true }));

/** What DNS has, by type and name; "fails" for SERVFAIL. */
type Zone = Readonly<Record<string, readonly unknown[] | "fails">>;

function resolverOf(zone: Zone, validated: boolean) {
  const asked: string[] = [];
  const resolve = async <Type extends RecordType>(name: string, type: Type) => {
    asked.push(`${type} ${name}`);
    const found = zone[`${type} ${name}`] ?? [];
    if (found === "fails") throw new DnsError("failed", "SERVFAIL");
    // The zone of a test has under a type what that type has.
    return { records: found as readonly RecordTypes[Type][], validated, lifeMs: 0 };
  };
  return { resolve, asked };
}

async function verdictOn(
  made: Made,
  zone: Zone,
  { validated = true, ...settings }: Partial<TrustSettings> & { readonly validated?: boolean } = {},
) {
  const resolver = resolverOf(zone, validated);
  const complete = { validating: true, posh: false, guard: loopback, ...settings };
  const files = [join(directory, "root.pem")];
  const trust = await openPeerTrust(
    { authorities: "none", files },
    { env: nodeEnv(), resolver, settings: () => complete },
  );
  const verdict = await trust.check({ chain: [made.der], remote, local, place: undefined });
  return { told: told(verdict), asked: resolver.asked };
}

function told(verdict: TrustVerdict): string {
  return verdict.trusted ? verdict.by : verdict.reason;
}

function tlsaOf(made: Made): TlsaRecord {
  const read = readCertificate(made.der);
  assert(read.ok);
  return { usage: 3, selector: 1, matching: 1, data: tlsaData(read.certificate, { selector: 1, matching: 1 }) };
}

const srv = (target: string, port = 5269) => ({ priority: 0, weight: 0, port, target });
const service = `SRV _xmpp-server._tcp.${remote}`;
const direct = `SRV _xmpps-server._tcp.${remote}`;

describe("a peer that came to us is looked up", () => {
  const zone: Zone = {
    [service]: [srv("a.example")],
    [direct]: [srv("b.example", 5270)],
    "A a.example": ["192.0.2.1"],
    "A b.example": ["192.0.2.2"],
  };

  test("among all of its domain's servers, by STARTTLS and direct TLS [rfc7673-3.3-01]", async () => {
    const both = {
      ...zone,
      "TLSA _5269._tcp.a.example": [tlsaOf(good)],
      "TLSA _5270._tcp.b.example": [tlsaOf(selfSigned)],
    };
    assert.equal((await verdictOn(selfSigned, both)).told, "dane");
    assert.equal((await verdictOn(good, both)).told, "dane");
  });

  test("though none of its addresses may be connected to", async () => {
    const inside = {
      [service]: [srv("a.example")],
      "A a.example": ["10.0.0.1"],
      "TLSA _5269._tcp.a.example": [tlsaOf(selfSigned)],
    };
    assert.equal((await verdictOn(selfSigned, inside, { guard: new AddressGuard([]) })).told, "dane");
  });

  test("by what was validated only [rfc7673-3.2-02]", async () => {
    const listed = { ...zone, "TLSA _5269._tcp.a.example": [tlsaOf(selfSigned)] };
    const { told: verdict, asked } = await verdictOn(selfSigned, listed, { validated: false });
    assert.match(verdict, /self-signed/);
    assert.deepEqual(
      asked.filter((question) => question.startsWith("TLSA")),
      [],
    );
  });

  test("not at all without a resolver that validates", async () => {
    const { told: verdict, asked } = await verdictOn(good, zone, { validating: false });
    assert.deepEqual([verdict, asked], ["pkix", []]);
  });

  test("and not trusted when DNS fails [rfc7673-3.1-03] [rfc7673-3.4-03]", async () => {
    assert.match((await verdictOn(good, { ...zone, [service]: "fails" })).told, /^could not be found out: SERVFAIL$/);
    const failing = { ...zone, "TLSA _5269._tcp.a.example": "fails" } as const;
    assert.match((await verdictOn(good, failing)).told, /^could not be found out: SERVFAIL$/);
  });

  test("and left to its authority when it says that it has no servers, or has none", async () => {
    assert.equal((await verdictOn(good, { [service]: [srv(".")], [direct]: [srv(".")] })).told, "pkix");
    assert.equal((await verdictOn(good, {})).told, "pkix");
  });
});

test("the trust store is read again, and kept when that fails", async () => {
  const { resolve } = resolverOf({}, false);
  const settings = () => ({ validating: false, posh: false, guard: loopback });
  const trust = await openPeerTrust(
    { authorities: "none", files: [] },
    { env: nodeEnv(), resolver: { resolve }, settings },
  );
  const check = async () => told(await trust.check({ chain: [good.der], remote, local, place: undefined }));
  assert.equal(trust.authorities, 0);
  assert.match(await check(), /not issued by an authority/);
  await trust.reload({ authorities: "none", files: [join(directory, "root.pem")] });
  assert.deepEqual([trust.authorities, await check()], [1, "pkix"]);
  await assert.rejects(
    trust.reload({ authorities: "none", files: [join(directory, "nowhere.pem")] }),
    /authority_files: cannot read/,
  );
  assert.equal(await check(), "pkix");
  await trust.reload({ authorities: "none", files: [join(directory, "pinned.pem")] });
  assert.equal(trust.authorities, 2);
});

test("the system's authorities, and those of Node.js, can all be read", async () => {
  const { resolve } = resolverOf({}, false);
  const settings = () => ({ validating: false, posh: false, guard: loopback });
  for (const authorities of ["system", "bundled"] as const) {
    const trust = await openPeerTrust({ authorities, files: [] }, { env: nodeEnv(), resolver: { resolve }, settings });
    assert(trust.authorities > 20, `${authorities}: ${trust.authorities}`);
  }
});

describe("POSH over HTTPS", () => {
  test("A47 asks no web server on an address that may not be connected to", async () => {
    const posh = openPosh({
      env: nodeEnv(),
      resolver: resolverOf({ [`A ${remote}`]: ["127.0.0.1"] }, false),
      settings: () => ({ guard: new AddressGuard([]), validating: false }),
      anchors: () => new TrustStore([root.der]),
    });
    const answer = await posh.find(remote);
    assert(!answer.ok);
    assert.match(answer.reason, /no address that may be connected to/);
    const literal = await posh.find(domainJid("169.254.169.254"));
    assert(!literal.ok);
    assert.match(literal.reason, /no address that may be connected to/);
  });
});
