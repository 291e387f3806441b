import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import {
  anyPurpose,
  clientAuth,
  emailProtection,
  extension,
  keyUsages,
  makeAuthority,
  makeCertificate,
  serverAuth,
  type CertificatePlan,
  type Made,
} from "#testing/certificates.ts";
import { opensslVerifies } from "#testing/openssl-verify.ts";
import { buildChain, readChain, shownCertificatesMax, signatureChecksMax } from "./build-chain.ts";
import { certificateBytesMax } from "./read-certificate.ts";
import { TrustStore } from "./trust-store.ts";

const now = Date.UTC(2026, 10, 21, 12);
const dayMs = 86_400_000;
const domain = "montague.example";
const names = { dns: [domain] };
const rsa = (modulusLength: number) => ({
  name: "RSASSA-PKCS1-v1_5",
  modulusLength,
  publicExponent: new Uint8Array([1, 0, 1]),
  hash: "SHA-256",
});

/** 1.3.6.1.4.1.55738.1, which means nothing to anybody, and NULL. */
const unknownExtension = extension("1.3.6.1.4.1.55738.1", true, new Uint8Array([5, 0]));
/** requireExplicitPolicy: 0. RFC 5280 §4.2.1.11 */
const policyConstraints = extension("2.5.29.36", true, new Uint8Array([0x30, 3, 0x80, 1, 0]));
/** anyPolicy */
const policies = extension("2.5.29.32", true, new Uint8Array([0x30, 8, 0x30, 6, 6, 4, 0x55, 0x1d, 0x20, 0]));

/** nameConstraints with dNSNames. RFC 5280 §4.2.1.10 */
function dnsConstraints(which: "permitted" | "excluded", ...bases: readonly string[]) {
  const wrap = (tag: number, content: Buffer) => Buffer.concat([Buffer.from([tag, content.length]), content]);
  const subtrees = bases.map((base) => wrap(0x30, wrap(0x82, Buffer.from(base))));
  const list = wrap(which === "permitted" ? 0xa0 : 0xa1, Buffer.concat(subtrees));
  return extension("2.5.29.30", true, wrap(0x30, list));
}

let root: Made;
let middle: Made;
let stranger: Made;

before(async () => {
  root = await makeAuthority("CN=Root of Verona", undefined, { now });
  middle = await makeAuthority("CN=Below the root", root, { now });
  stranger = await makeAuthority("CN=Nobody knows it", undefined, { now });
});

interface Case {
  readonly name: string;
  readonly make: () => Promise<{
    /** The peer's own first. */
    readonly chain: readonly Made[];
    readonly anchors?: readonly Made[];
    readonly pinned?: readonly Made[];
  }>;
  /** Undefined: it is good. */
  readonly refused?: RegExp;
  /** Why OpenSSL says something else. */
  readonly opensslDiffers?: string;
}

function leaf(plan: Partial<CertificatePlan> = {}, issuer: Made = middle): Promise<Made> {
  return makeCertificate({
    subject: `CN=${domain}`,
    issuer,
    names,
    authority: false,
    keyUsage: keyUsages.digitalSignature,
    purposes: [serverAuth],
    now,
    ...plan,
  });
}

/** One certificate of the usual chain is different. */
function leafIs(plan: Partial<CertificatePlan>): Case["make"] {
  return async () => ({ chain: [await leaf(plan), middle] });
}

function middleIs(plan: Partial<CertificatePlan>, leafPlan: Partial<CertificatePlan> = {}): Case["make"] {
  return async () => {
    const issuer = await makeAuthority("CN=A middle one", root, { now, ...plan });
    return { chain: [await leaf(leafPlan, issuer), issuer] };
  };
}

function rootIs(plan: Partial<CertificatePlan>): Case["make"] {
  return async () => {
    const anchor = await makeAuthority("CN=Another root", undefined, { now, ...plan });
    return { chain: [await leaf({}, anchor)], anchors: [anchor] };
  };
}

const cases: readonly Case[] = [
  { name: "is good [rfc6120-13.7.2-01]", make: leafIs({}) },
  { name: "comes straight from the root", make: async () => ({ chain: [await leaf({}, root)] }) },
  { name: "is followed by its root as well", make: async () => ({ chain: [await leaf(), middle, root] }) },
  {
    name: "comes in any order behind the first",
    make: async () => {
      const lower = await makeAuthority("CN=The lower one", middle, { now });
      return { chain: [await leaf({}, lower), root, stranger, middle, lower] };
    },
  },
  {
    name: "lacks what is between",
    make: async () => ({ chain: [await leaf()] }),
    refused: /not issued by an authority/,
  },

  // Times
  {
    name: "expired yesterday [rfc6120-13.7.2-02]",
    make: leafIs({ validDays: [-9, -1] }),
    refused: /expired on 2026-11-20/,
  },
  { name: "is valid from tomorrow", make: leafIs({ validDays: [1, 9] }), refused: /valid only from 2026-11-22/ },
  { name: "has a middle that expired", make: middleIs({ validDays: [-9, -1] }), refused: /expired/ },
  { name: "has a middle that is not yet valid", make: middleIs({ validDays: [1, 9] }), refused: /only from/ },
  { name: "has a root that expired", make: rootIs({ validDays: [-9, -1] }), refused: /expired/ },

  // Who issued it
  {
    name: "is self-signed",
    make: async () => ({ chain: [await makeCertificate({ subject: `CN=${domain}`, names, now })] }),
    refused: /self-signed and not one that is trusted/,
  },
  {
    name: "is self-signed and pinned [rfc9525-6.6-09]",
    make: async () => {
      const own = await makeCertificate({ subject: `CN=${domain}`, names, now });
      return { chain: [own], anchors: [], pinned: [own] };
    },
  },
  {
    name: "is self-signed and pinned, but has expired",
    make: async () => {
      const own = await makeCertificate({ subject: `CN=${domain}`, names, now, validDays: [-9, -1] });
      return { chain: [own], anchors: [], pinned: [own] };
    },
    refused: /expired/,
  },
  {
    name: "is of another authority",
    make: async () => ({ chain: [await leaf({}, stranger), stranger] }),
    refused: /self-signed|not issued by an authority/,
  },
  {
    name: "says that a trusted authority issued it, which has not",
    make: async () => {
      const forger = await makeAuthority("CN=Root of Verona", undefined, { now });
      return { chain: [await leaf({ withoutKeyIds: true }, forger), forger] };
    },
    refused: /signature of “root of verona” on “montague\.example” is wrong/,
  },
  {
    name: "is of an authority of the same name with another key",
    make: async () => {
      const forger = await makeAuthority("CN=Root of Verona", undefined, { now });
      return { chain: [await leaf({}, forger), forger] };
    },
    refused: /another “root of verona” than the one that is known/,
  },
  {
    name: "is of an authority that was listed without its root",
    make: async () => ({ chain: [await leaf()], anchors: [], pinned: [middle] }),
  },
  {
    name: "is cross-signed: one of its two ways is trusted",
    make: async () => {
      const crossed = await makeAuthority("CN=Below the root", stranger, { now, keys: middle.keys });
      return { chain: [await leaf(), crossed, stranger, middle] };
    },
    opensslDiffers: "it goes the first way only, if the other authority is not known at all",
  },
  {
    name: "is cross-signed: one of its two ways has expired",
    make: async () => {
      const expired = await makeAuthority("CN=Below the root", root, { now, keys: middle.keys, validDays: [-9, -1] });
      return { chain: [await leaf(), expired, middle] };
    },
  },
  {
    name: "leads in a circle",
    make: async () => {
      const one = await makeAuthority("CN=One", undefined, { now });
      const other = await makeAuthority("CN=Other", one, { now });
      const back = await makeAuthority("CN=One", other, { now, keys: one.keys });
      return { chain: [await leaf({}, other), other, back] };
    },
    refused: /not issued by an authority/,
  },

  // Authorities
  {
    name: "was issued by a certificate with CA:FALSE",
    make: middleIs({ authority: false }),
    refused: /is no authority/,
  },
  {
    name: "was issued by a server's certificate",
    make: async () => {
      const server = await leaf();
      return { chain: [await leaf({ subject: "CN=victim.example" }, server), server, middle] };
    },
    refused: /is no authority|may not sign/,
  },
  {
    name: "was issued by a certificate without basicConstraints",
    make: async () => {
      const issuer = await makeCertificate({ subject: "CN=Of old", issuer: root, now });
      return { chain: [await leaf({}, issuer), issuer] };
    },
    refused: /is no authority/,
  },
  {
    name: "was issued with a key that may not sign",
    make: middleIs({ keyUsage: keyUsages.cRLSign }),
    refused: /may not sign/,
  },
  { name: "has a root with CA:FALSE", make: rootIs({ authority: false }), refused: /is no authority/ },
  {
    name: "has a middle with as many below it as it allows",
    make: async () => {
      const upper = await makeAuthority("CN=Upper", root, { now, authority: { pathLength: 1 } });
      const lower = await makeAuthority("CN=Lower", upper, { now });
      return { chain: [await leaf({}, lower), lower, upper] };
    },
  },
  {
    name: "has a middle with more below it than it allows",
    make: async () => {
      const upper = await makeAuthority("CN=Upper", root, { now, authority: { pathLength: 0 } });
      const lower = await makeAuthority("CN=Lower", upper, { now });
      return { chain: [await leaf({}, lower), lower, upper] };
    },
    refused: /allows 0 authorities below it, and there are 1/,
  },
  {
    name: "has a middle that issued itself a new key, which does not count",
    make: async () => {
      const upper = await makeAuthority("CN=Upper", root, { now, authority: { pathLength: 0 } });
      const renewed = await makeAuthority("CN=Upper", upper, { now });
      return { chain: [await leaf({}, renewed), renewed, upper] };
    },
  },
  {
    name: "is at the end of nine",
    make: async () => {
      const chain = [middle];
      for (let depth = 0; depth < 7; depth += 1) {
        chain.unshift(await makeAuthority(`CN=Depth ${depth}`, chain[0], { now }));
      }
      return { chain: [await leaf({}, chain[0]), ...chain] };
    },
    refused: /not issued by an authority/,
    opensslDiffers: "it goes down a hundred",
  },

  // Purposes
  { name: "is for servers and clients", make: leafIs({ purposes: [serverAuth, clientAuth] }) },
  { name: "is for servers only, as public authorities have it", make: leafIs({ purposes: [serverAuth] }) },
  { name: "is for clients only", make: leafIs({ purposes: [clientAuth] }) },
  { name: "does not say what it is for", make: leafIs({ purposes: undefined }) },
  {
    name: "is for anything",
    make: leafIs({ purposes: [anyPurpose] }),
    opensslDiffers: "it has anyExtendedKeyUsage count for nothing; RFC 5280 §4.2.1.12 leaves that open",
  },
  {
    name: "is for mail",
    make: leafIs({ purposes: [emailProtection] }),
    refused: /neither for servers nor for clients/,
  },
  { name: "has a middle for servers only", make: middleIs({ purposes: [serverAuth] }) },
  {
    name: "is for clients, below a middle for servers",
    make: middleIs({ purposes: [serverAuth] }, { purposes: [clientAuth] }),
    refused: /different purposes/,
  },
  { name: "has a middle for mail", make: middleIs({ purposes: [emailProtection] }), refused: /different purposes/ },
  {
    name: "has a key that is to sign certificates only",
    make: leafIs({ keyUsage: keyUsages.keyCertSign, authority: undefined }),
    refused: /is not for TLS/,
  },
  { name: "does not say what its key is for", make: leafIs({ keyUsage: undefined }) },

  // Strength
  { name: "has an RSA key of 2048 bits", make: leafIs({ keyAlgorithm: rsa(2_048) }) },
  { name: "has an RSA key of 1024 bits", make: leafIs({ keyAlgorithm: rsa(1_024) }), refused: /RSA key has 1024 bits/ },
  {
    name: "has a middle with an RSA key of 1024 bits",
    make: middleIs({ keyAlgorithm: rsa(1_024) }),
    refused: /1024 bits/,
  },
  {
    name: "is signed with SHA-1",
    make: leafIs({ hash: "SHA-1" }),
    refused: /1\.2\.840\.10045\.4\.1\) that is too weak/,
  },
  {
    name: "has a middle that is signed with SHA-1",
    make: middleIs({ hash: "SHA-1" }),
    refused: /“a middle one”: it is signed by an algorithm/,
  },
  { name: "has a root that signed itself with SHA-1, which nobody relies on", make: rootIs({ hash: "SHA-1" }) },
  { name: "is signed with SHA-384", make: leafIs({ hash: "SHA-384" }) },
  { name: "is on P-384", make: leafIs({ keyAlgorithm: { name: "ECDSA", namedCurve: "P-384" } }) },
  { name: "is on P-521", make: leafIs({ keyAlgorithm: { name: "ECDSA", namedCurve: "P-521" } }) },
  { name: "is on Ed25519", make: leafIs({ keyAlgorithm: { name: "Ed25519" } }) },
  {
    name: "is signed by RSA-PSS",
    make: async () => {
      const pss = { ...rsa(2_048), name: "RSA-PSS", saltLength: 32 };
      const anchor = await makeAuthority("CN=Root with PSS", undefined, { now, keyAlgorithm: pss });
      return { chain: [await leaf({}, anchor)], anchors: [anchor] };
    },
  },

  // Extensions
  {
    name: "has a critical extension that nobody knows",
    make: leafIs({ extensions: [unknownExtension] }),
    refused: /critical extension/,
  },
  {
    name: "has a middle with a critical extension that nobody knows",
    make: middleIs({ extensions: [unknownExtension] }),
    refused: /critical extension/,
  },
  {
    name: "has a middle that makes policies a condition",
    make: middleIs({ extensions: [policyConstraints] }),
    refused: /critical extension \(2\.5\.29\.36\)/,
    opensslDiffers: "it passes over policies unless asked",
  },
  { name: "follows a policy, critically", make: leafIs({ extensions: [policies] }) },
  {
    name: "has its names twice",
    make: leafIs({ extensions: [extension("2.5.29.17", false, new Uint8Array([0x30, 3, 0x82, 1, 0x61]))] }),
    refused: /an extension comes twice/,
  },

  // Name constraints
  {
    name: "is within what its issuer may certify",
    make: middleIs({ extensions: [dnsConstraints("permitted", "example")] }),
  },
  {
    name: "is not within what its issuer may certify",
    make: middleIs({ extensions: [dnsConstraints("permitted", "capulet.example")] }),
    refused: /the name montague\.example is not one that its issuer may certify/,
  },
  {
    name: "only ends in the letters of what its issuer may certify",
    make: middleIs({ extensions: [dnsConstraints("permitted", "tague.example")] }),
    refused: /is not one that its issuer may certify/,
  },
  {
    name: "is what its issuer must not certify",
    make: middleIs({ extensions: [dnsConstraints("excluded", "montague.example")] }),
    refused: /is one that its issuer must not certify/,
  },
  {
    name: "has a wildcard that stands for what its issuer must not certify, too",
    make: middleIs({ extensions: [dnsConstraints("excluded", domain)] }, { names: { dns: ["*.example"] } }),
    refused: /the name \*\.example is one that its issuer must not certify/,
    opensslDiffers: "it compares the star by its letter",
  },
  {
    name: "has an SRVName beyond its issuer's constraints of dNSName [rfc9525-7.6-01] [rfc9525-7.6-02]",
    make: middleIs(
      { extensions: [dnsConstraints("permitted", "capulet.example")] },
      { names: { dns: ["capulet.example"], srv: [`_xmpp-server.${domain}`] } },
    ),
    refused: /_xmpp-server\.montague\.example is not one that its issuer may certify/,
    opensslDiffers: "it holds each form of name to constraints of that form",
  },
  {
    name: "has an XmppAddr beyond its issuer's constraints of dNSName [rfc9525-7.6-01] [rfc9525-7.6-02]",
    make: middleIs(
      { extensions: [dnsConstraints("permitted", "capulet.example")] },
      { names: { dns: ["capulet.example"], xmpp: [domain] } },
    ),
    refused: /is not one that its issuer may certify/,
    opensslDiffers: "it holds each form of name to constraints of that form",
  },
  {
    name: "is constrained by an authority further up",
    make: async () => {
      const upper = await makeAuthority("CN=Upper", root, {
        now,
        extensions: [dnsConstraints("permitted", "capulet.example")],
      });
      const lower = await makeAuthority("CN=Lower", upper, { now });
      return { chain: [await leaf({}, lower), lower, upper] };
    },
    refused: /is not one that its issuer may certify/,
  },
  {
    name: "is constrained by its root",
    make: rootIs({ extensions: [dnsConstraints("excluded", "example")] }),
    refused: /must not certify/,
  },
  {
    name: "has a constraint of a form that is not understood",
    make: middleIs(
      {
        extensions: [
          extension("2.5.29.30", true, new Uint8Array([0x30, 9, 0xa0, 7, 0x30, 5, 0x86, 3, 0x61, 0x2e, 0x62])),
        ],
      },
      { names: { dns: [domain], uri: ["xmpp:romeo@montague.example"] } },
    ),
    refused: /not understood/,
  },
];

describe("a certificate that", { concurrency: 4 }, () => {
  for (const { name, make, refused, opensslDiffers } of cases) {
    test(`${name} is ${refused === undefined ? "good" : "refused"}`, async () => {
      const { chain, anchors = [root], pinned = [] } = await make();
      const read = readChain(chain.map(({ der }) => der));
      const store = new TrustStore(
        anchors.map(({ der }) => der),
        pinned.map(({ der }) => der),
      );
      const verdict = read.ok ? buildChain({ chain: read.chain, anchors: store, now }) : read;
      if (refused === undefined) assert.equal(verdict.ok, true, verdict.ok ? "" : verdict.reason);
      else assert.match(verdict.ok ? "it is good" : verdict.reason, refused);
      const second = await opensslVerifies({
        chain: chain.map(({ pem }) => pem),
        anchors: [...anchors, ...pinned].map(({ pem }) => pem),
        now,
      });
      assert.equal(second === verdict.ok, opensslDiffers === undefined, `openssl verify says ${second}`);
    });
  }
});

after(() => {
  // Nothing may have been left out of the table by a slip.
  assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
});

async function verdictOn(chain: readonly Uint8Array[], anchors: readonly Made[] = [root]) {
  const read = readChain(chain);
  const store = new TrustStore(anchors.map(({ der }) => der));
  return read.ok ? buildChain({ chain: read.chain, anchors: store, now }) : { ...read, signatureChecks: 0 };
}

test("what was found good is so until the first of its path expires", async () => {
  const soon = await makeAuthority("CN=Ends soon", root, { now, validDays: [-1, 2] });
  const verdict = await verdictOn([(await leaf({}, soon)).der, soon.der]);
  assert(verdict.ok && "until" in verdict);
  assert.equal(verdict.until, now + 2 * dayMs);
  assert.equal(verdict.path.length, 3);
});

test("the search goes on until a path is accepted", async () => {
  const crossed = await makeAuthority("CN=Below the root", stranger, { now, keys: middle.keys });
  const own = await leaf();
  const read = readChain([own.der, middle.der, crossed.der]);
  assert(read.ok);
  const anchors = new TrustStore([root.der, stranger.der]);
  const verdict = buildChain({
    chain: read.chain,
    anchors,
    now,
    accepts: (path) => path.some(({ title }) => title === "“nobody knows it”"),
  });
  assert(verdict.ok);
  assert.deepEqual(
    verdict.path.map(({ title }) => title),
    ["“montague.example”", "“below the root”", "“nobody knows it”"],
  );
});

describe("a thicket of authorities of one name and key, which have all certified one another", () => {
  const name = "CN=Thicket";

  async function thicket(first?: Made): Promise<readonly Uint8Array[]> {
    const top = first ?? (await makeAuthority(name, undefined, { now }));
    const others: Made[] = [];
    while (others.length < shownCertificatesMax - 2) {
      others.push(await makeAuthority(name, top, { now, keys: top.keys, extensions: [policies] }));
    }
    const own = await leaf({}, top);
    return [own, ...others, top].map(({ der }) => der);
  }

  test("costs next to nothing: no signature is checked where nobody whom we trust is named", async () => {
    const verdict = await verdictOn(await thicket());
    assert.deepEqual([verdict.ok, verdict.signatureChecks], [false, 0]);
  });

  test("costs next to nothing: one signature is checked where one says that somebody whom we trust has issued it", async () => {
    const forger = await makeAuthority("CN=Root of Verona", undefined, { now });
    const verdict = await verdictOn(await thicket(await makeAuthority(name, forger, { now, withoutKeyIds: true })));
    assert.deepEqual([verdict.ok, verdict.signatureChecks], [false, 1]);
  });

  test("costs a bounded number of checks where an authority that we trust plays along", async () => {
    const certificates = await thicket(await makeAuthority(name, root, { now, validDays: [-1, 9] }));
    const other = await makeCertificate({ subject: "CN=other", issuer: stranger, names, now });
    const verdict = await verdictOn([other.der, ...certificates.slice(1)]);
    assert.deepEqual([verdict.ok, verdict.signatureChecks], [false, signatureChecksMax]);
    assert.equal((await verdictOn(certificates)).ok, true);
  });
});

test("of a certificate that is trusted itself, the way further up is found as well", async () => {
  const own = await leaf();
  for (const shown of [[own.der], [own.der, middle.der]]) {
    const read = readChain(shown);
    assert(read.ok);
    const anchors = new TrustStore([middle.der, root.der]);
    const wantsRoot = (path: readonly { readonly title: string }[]): boolean =>
      path.at(-1)?.title === "“root of verona”";
    const verdict = buildChain({ chain: read.chain, anchors, now, accepts: wantsRoot });
    assert.equal(verdict.ok && verdict.path.length, 3);
    assert.equal(buildChain({ chain: read.chain, anchors, now }).ok, true);
  }
});

test("a hostile chain costs next to nothing: more certificates, longer ones and broken ones are not looked at", async () => {
  const own = await leaf();
  const many = await verdictOn([own.der, ...Array.from({ length: shownCertificatesMax }, () => middle.der)]);
  assert(!many.ok);
  assert.deepEqual([many.reason, many.signatureChecks], ["it showed too many certificates", 0]);
  const long = await verdictOn([Buffer.alloc(certificateBytesMax + 1, 0x30)]);
  assert(!long.ok);
  assert.match(long.reason, /too long/);
  const deep = Buffer.alloc(20_000, Buffer.from([0x30, 0x80]));
  const broken = await verdictOn([deep]);
  assert(!broken.ok);
  assert.match(broken.reason, /cannot be read/);
  assert.equal((await verdictOn([])).ok, false);
});

test("no byte of a certificate can be changed without its being noticed", async () => {
  const { der } = await leaf();
  const changed: number[] = [];
  for (let index = 0; index < der.length; index += 1) {
    const forged = Uint8Array.from(der);
    forged[index] = (forged[index] ?? 0) ^ 1;
    const verdict = await verdictOn([forged, middle.der]);
    if (verdict.ok) changed.push(index);
  }
  assert.deepEqual(changed, []);
});

test("what cannot be read behind a good chain does no harm", async () => {
  const verdict = await verdictOn([(await leaf()).der, Buffer.from("no certificate"), middle.der]);
  assert.equal(verdict.ok, true);
});
