import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import type { DomainJid } from "#protocol/jid/jid.ts";
import { domainJid } from "#testing/addresses.ts";
import { makeAuthority, makeCertificate, type CertificatePlan, type Made } from "#testing/certificates.ts";
import { DnsError, type TlsaRecord } from "../dns/dns-answer.ts";
import type { DialledPlace } from "../s2s/dialer.ts";
import { tlsaData } from "./dane.ts";
import type { DaneTarget } from "./dane-targets.ts";
import { JudgePeers, type PeerTrustParts } from "./judge-peers.ts";
import type { TrustVerdict } from "./peer-trust.ts";
import type { PoshAnswer } from "./posh.ts";
import { readCertificate } from "./read-certificate.ts";
import { TrustStore } from "./trust-store.ts";
import { createHash } from "node:crypto";

const now = Date.UTC(2026, 10, 21, 12);
const dayMs = 86_400_000;

const local = domainJid("capulet.example");
const remote = domainJid("montague.example");

let root: Made;
let good: Made;
let wrongName: Made;
let ofHost: Made;
let selfSigned: Made;
let expired: Made;

before(async () => {
  root = await makeAuthority("CN=Root", undefined, { now });
  const issue = (plan: Partial<CertificatePlan>) =>
    makeCertificate({ subject: "CN=x", issuer: root, names: { dns: [remote] }, now, ...plan });
  good = await issue({});
  wrongName = await issue({ names: { dns: ["elsewhere.example"] } });
  ofHost = await issue({ names: { dns: ["xmpp.hosting.example"] } });
  selfSigned = await issue({ issuer: undefined });
  expired = await issue({ issuer: undefined, validDays: [-9, -1] });
});

function judge(parts: Partial<PeerTrustParts> = {}): JudgePeers {
  const anchors = new TrustStore([root.der]);
  return new JudgePeers({
    env: { now: () => now, setTimer: () => ({ cancel: () => {} }) },
    anchors: () => anchors,
    ...parts,
  });
}

const place = (changes: Partial<DialledPlace> = {}): DialledPlace => ({
  host: "xmpp.hosting.example",
  port: 5269,
  address: "192.0.2.1",
  directTls: false,
  validated: true,
  tlsa: [],
  ...changes,
});

function ask(
  made: Made | undefined,
  changes: { readonly at?: DialledPlace; readonly parts?: Partial<PeerTrustParts>; readonly of?: DomainJid } = {},
) {
  const { at, parts, of = remote } = changes;
  return judge(parts).check({ chain: made === undefined ? [] : [made.der], remote: of, local, place: at });
}

/** DANE-EE of its key. */
function tlsaOf(made: Made): TlsaRecord {
  const read = readCertificate(made.der);
  assert(read.ok);
  return { usage: 3, selector: 1, matching: 1, data: tlsaData(read.certificate, { selector: 1, matching: 1 }) };
}

function told(verdict: TrustVerdict): string {
  if (verdict.trusted) return verdict.by;
  return `${verdict.forbidden === true ? "forbidden: " : ""}${verdict.reason}`;
}

const lists = (made: Made, until = now + dayMs): Partial<PeerTrustParts> => {
  const fingerprints = [{ "sha-256": createHash("sha256").update(made.der).digest("base64") }];
  return { posh: async (): Promise<PoshAnswer> => ({ ok: true, fingerprints, until }) };
};

describe("by authorities", () => {
  test("a good certificate is trusted until it expires [rfc6120-13.7.2-01] [rfc6120-13.7.2-04] [rfc7590-3.4-03]", async () => {
    assert.deepEqual(await ask(good), { trusted: true, by: "pkix", until: now + 9 * dayMs });
  });

  test("nobody is trusted without a certificate [rfc6120-13.7.2-03]", async () => {
    assert.equal(told(await ask(undefined)), "it showed no certificate");
  });

  test("A34 the right name without a good chain is not trusted, nor is a good chain without the name [rfc6120-13.7.2-02] [rfc6120-13.7.2-05] [rfc9525-6.6-02] [rfc9525-6.6-04]", async () => {
    assert.match(told(await ask(selfSigned)), /^“x” is self-signed and not one that is trusted$/);
    assert.match(told(await ask(expired)), /expired on/);
    assert.match(told(await ask(wrongName)), /^“x” is not for montague\.example$/);
  });

  test("A34 what was trusted for one domain is not trusted for the next one by the same certificate [rfc9525-6.6-01]", async () => {
    const judgePeers = judge();
    const question = { chain: [good.der], local, place: undefined };
    assert.equal((await judgePeers.check({ ...question, remote })).trusted, true);
    assert.equal((await judgePeers.check({ ...question, remote: domainJid("verona.example") })).trusted, false);
  });

  test("A44 who is trusted for a domain is not for those below it, nor the other way round", async () => {
    assert.equal((await ask(good, { of: domainJid("rooms.montague.example") })).trusted, false);
    const component = await makeCertificate({
      subject: "CN=rooms",
      issuer: root,
      names: { dns: ["rooms.montague.example", "*.montague.example"], srv: ["_xmpp-server.rooms.montague.example"] },
      now,
    });
    assert.equal((await ask(component)).trusted, false);
    assert.equal((await ask(component, { of: domainJid("a.rooms.montague.example") })).trusted, false);
    assert.equal((await ask(component, { of: domainJid("rooms.montague.example") })).trusted, true);
  });

  test("the machine's own name counts where DNS was validated [rfc7673-4.1-04] [rfc7673-4.1-05]", async () => {
    assert.equal(told(await ask(ofHost, { at: place() })), "pkix");
    assert.match(told(await ask(ofHost, { at: place({ validated: false }) })), /is not for montague/);
    assert.match(told(await ask(ofHost)), /is not for montague/);
    assert.equal(told(await ask(good, { at: place({ validated: false }) })), "pkix");
  });

  test("authorities that are no longer trusted take everybody with them at once", async () => {
    let anchors = new TrustStore([root.der]);
    const judgePeers = judge({ anchors: () => anchors });
    const question = { chain: [good.der], remote, local, place: undefined };
    assert.equal((await judgePeers.check(question)).trusted, true);
    anchors = new TrustStore([]);
    assert.equal((await judgePeers.check(question)).trusted, false);
  });

  test("a certificate that expires is not trusted out of memory", async () => {
    let time = now;
    const env = { now: () => time, setTimer: () => ({ cancel: () => {} }) };
    const soon = await makeCertificate({
      subject: "CN=x",
      issuer: root,
      names: { dns: [remote] },
      now,
      validDays: [-1, 0.001],
    });
    const judgePeers = judge({ env });
    const question = { chain: [soon.der], remote, local, place: undefined };
    assert.equal((await judgePeers.check(question)).trusted, true);
    time += 0.002 * dayMs;
    assert.match(told(await judgePeers.check(question)), /expired/);
  });
});

describe("by DANE, of a place that we connected to", () => {
  test("what the domain lists is trusted, whoever issued it, for a day [rfc7673-4.2-02]", async () => {
    const verdict = await ask(expired, { at: place({ tlsa: [tlsaOf(expired)] }) });
    assert.deepEqual(verdict, { trusted: true, by: "dane", until: now + dayMs });
  });

  test("anything else is forbidden, though an authority or a web server would trust it [rfc7673-4.2-01]", async () => {
    const at = place({ tlsa: [tlsaOf(selfSigned)] });
    assert.match(told(await ask(good, { at, parts: lists(good) })), /^forbidden: by the domain's TLSA records: /);
    assert.match(told(await ask(undefined, { at })), /^forbidden: /);
  });

  test("records that were not validated count for nothing", async () => {
    const at = place({ validated: false, tlsa: [tlsaOf(selfSigned)] });
    assert.equal(told(await ask(good, { at })), "pkix");
    assert.match(told(await ask(selfSigned, { at })), /^“x” is self-signed/);
  });

  test("records that nobody can use leave it to the authorities [rfc7673-4.1-01]", async () => {
    const at = place({ tlsa: [{ ...tlsaOf(selfSigned), matching: 9 }] });
    assert.equal(told(await ask(good, { at })), "pkix");
  });
});

describe("by DANE, of a peer that came to us", () => {
  const targets = (...list: readonly (readonly TlsaRecord[])[]): Partial<PeerTrustParts> => ({
    targets: async (): Promise<readonly DaneTarget[]> => list.map((tlsa, i) => ({ host: `x${i}.example`, tlsa })),
  });

  test("one of the domain's servers is trusted", async () => {
    assert.equal(told(await ask(expired, { parts: targets([tlsaOf(good)], [tlsaOf(expired)]) })), "dane");
  });

  test("none of them is not trusted by an authority either, but dialback may find out", async () => {
    assert.match(told(await ask(good, { parts: targets([tlsaOf(selfSigned)]) })), /^by the domain's TLSA records: /);
  });

  test("where only some of them are described, authorities decide about the others", async () => {
    assert.equal(told(await ask(good, { parts: targets([tlsaOf(selfSigned)], []) })), "pkix");
    assert.equal(told(await ask(good, { parts: targets() })), "pkix");
  });

  test("when DNS cannot be asked, nobody is trusted [rfc7673-3.4-03]", async () => {
    const fails = { targets: () => Promise.reject(new DnsError("failed", "SERVFAIL")) };
    assert.equal(told(await ask(good, { parts: fails })), "could not be found out: SERVFAIL");
  });

  test("without a resolver that validates, it is not asked", async () => {
    assert.equal(told(await ask(good, { parts: { targets: undefined } })), "pkix");
  });
});

describe("by POSH", () => {
  test("what the domain's web server lists is trusted as long as both say [rfc7711-3.3-01]", async () => {
    assert.deepEqual(await ask(selfSigned, { parts: lists(selfSigned) }), {
      trusted: true,
      by: "posh",
      until: now + dayMs,
    });
    const long = await ask(selfSigned, { parts: lists(selfSigned, now + 99 * dayMs) });
    assert.deepEqual(long, { trusted: true, by: "posh", until: now + 9 * dayMs });
    assert.equal(told(await ask(wrongName, { parts: lists(wrongName) })), "posh");
  });

  test("what it does not list is not trusted, and where it has nothing the others decide [rfc7711-3.3-01] [rfc7712-5.2-01]", async () => {
    assert.match(told(await ask(selfSigned, { parts: lists(good) })), /self-signed/);
    const nothing = { posh: async (): Promise<PoshAnswer> => ({ ok: false, reason: "nothing there" }) };
    assert.match(told(await ask(selfSigned, { parts: nothing })), /self-signed/);
    assert.equal(told(await ask(good, { parts: nothing })), "pkix");
  });

  test("what has expired is not trusted, though it is listed [rfc7711-6-04]", async () => {
    assert.match(told(await ask(expired, { parts: lists(expired) })), /expired/);
  });

  test("it is not asked where an authority has spoken, nor where the domain has by DANE", async () => {
    let asked = 0;
    const posh = async (): Promise<PoshAnswer> => {
      asked += 1;
      return { ok: false, reason: "nothing there" };
    };
    await ask(good, { parts: { posh } });
    await ask(wrongName, { at: place({ tlsa: [tlsaOf(good)] }), parts: { posh } });
    assert.equal(asked, 0);
    await ask(wrongName, { parts: { posh } });
    assert.equal(asked, 1);
  });
});

test("whatever is shown, the check gives an answer", async () => {
  for (const chain of [[Buffer.alloc(0)], [Buffer.from("x")], [good.der.slice(0, -1)], [good.der, Buffer.from("x")]]) {
    const verdict = await judge().check({ chain, remote, local, place: undefined });
    assert.equal(verdict.trusted, chain.length === 2);
  }
});

test("A12 strangers' chains are remembered only up to a bound", async () => {
  const judgePeers = judge();
  for (let i = 0; i < 1_100; i += 1) {
    await judgePeers.check({ chain: [Buffer.from(`chain ${i}`)], remote, local, place: undefined });
  }
  assert.equal(judgePeers.remembered, 1_000);
});
