import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { isDomain, parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import {
  DnsError,
  type RecordType,
  type RecordTypes,
  type ServiceRecord,
  type TlsaRecord,
} from "#server/dns/dns-answer.ts";
import { parseConfig } from "#server/config/load-config.ts";
import { nodeEnv } from "#server/node-env.ts";
import { tlsaData } from "#server/trust/dane.ts";
import type { PoshAnswer } from "#server/trust/posh.ts";
import { readCertificate } from "#server/trust/read-certificate.ts";
import { TrustStore } from "#server/trust/trust-store.ts";
import { typedTerminal } from "#testing/command-line.ts";
import { makeAuthority, makeCertificate, type CertificatePlan, type Made } from "#testing/certificates.ts";
import { ScriptedServer, type ServerScript } from "#testing/scripted-server.ts";
import { createHash } from "node:crypto";
import { adviceOn } from "./advice.ts";
import { checkDomain } from "./check-domain.ts";
import { surveyDomain } from "./survey-domain.ts";

const domain = domainOf("montague.net");
const target = "xmpp.montague.net";
const serverService = `_xmpp-server._tcp.${domain}`;
const directService = `_xmpps-server._tcp.${domain}`;
const clientService = `_xmpp-client._tcp.${domain}`;

function domainOf(text: string): DomainJid {
  const jid = parseJid(text);
  assert(jid !== undefined && isDomain(jid));
  return jid;
}

let root: Made;
let good: Made;
let stranger: Made;

before(async () => {
  root = await makeAuthority("CN=Root of Verona");
  good = await issue({});
  stranger = await issue({ issuer: undefined, names: { dns: ["elsewhere.example"] } });
});

function issue(plan: Partial<CertificatePlan>): Promise<Made> {
  return makeCertificate({
    subject: `CN=${domain}`,
    issuer: root,
    names: { dns: [domain] },
    validDays: [-1, 60.5],
    ...plan,
  });
}

/** What DNS has, by type and name; "fails" for SERVFAIL. */
type Zone = Readonly<Record<string, readonly unknown[] | "fails">>;

function resolverOf(zone: Zone, validated: boolean) {
  return {
    resolve: async <Type extends RecordType>(name: string, type: Type) => {
      const found = zone[`${type} ${name}`] ?? [];
      if (found === "fails") throw new DnsError("failed", `${type} of ${name}: SERVFAIL`);
      // The zone of a test has under a type what that type has.
      return { records: found as readonly RecordTypes[Type][], validated, lifeMs: 0 };
    },
  };
}

const srv = (port: number, host = target): ServiceRecord => ({ priority: 5, weight: 0, port, target: host });

interface LookParts {
  readonly validated?: boolean;
  readonly posh?: PoshAnswer;
  readonly own?: ReadonlyMap<string, number>;
  readonly from?: string;
  readonly isAlone?: boolean;
}

async function look(zone: Zone, { validated = false, posh, own, from, isAlone = false }: LookParts = {}) {
  const progress: string[] = [];
  const survey = await surveyDomain(domain, {
    env: nodeEnv(),
    resolver: resolverOf(zone, validated),
    anchors: new TrustStore([root.der]),
    guard: { admits: () => true },
    posh: async () => posh ?? { ok: false, reason: "is answered with 404" },
    from,
    progress: (text) => progress.push(text),
    signal: new AbortController().signal,
  });
  const { findings, lines } = adviceOn(survey, { own, isAlone, now: Date.now() });
  return { findings: findings.map(({ area, state, text }) => `${state} ${area} ${text}`), lines, progress };
}

/** With one server for other servers, at the SRV record's target. */
async function lookAt(
  script: Partial<ServerScript>,
  parts: LookParts & { readonly tlsa?: readonly TlsaRecord[] | "fails" } = {},
) {
  await using server = await ScriptedServer.start({ chain: [good], ...script });
  const service = script.directTls === true ? directService : serverService;
  const zone = {
    [`SRV ${service}`]: [srv(server.port)],
    [`A ${target}`]: ["127.0.0.1"],
    ...(parts.tlsa !== undefined && { [`TLSA _${server.port}._tcp.${target}`]: parts.tlsa }),
  };
  const { findings, lines, progress } = await look(zone, parts);
  const clean = (text: string): string => text.replaceAll(String(server.port), "PORT");
  return { findings: findings.map(clean), lines: lines.map(clean), progress, headers: server.headers };
}

function assertHas(findings: readonly string[], wanted: RegExp): void {
  assert(
    findings.some((line) => wanted.test(line)),
    `${wanted} is not in:\n${findings.join("\n")}`,
  );
}

function tlsaOf(made: Made): TlsaRecord {
  const read = readCertificate(made.der);
  assert(read.ok);
  return { usage: 3, selector: 1, matching: 1, data: tlsaData(read.certificate, { selector: 1, matching: 1 }) };
}

test("where all is well, it says so step by step", async () => {
  const after =
    "<dialback xmlns='urn:xmpp:features:dialback'/><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";
  const { findings, progress, headers } = await lookAt({ after }, { from: "capulet.example" });
  assert.deepEqual(
    findings.filter((line) => line.startsWith("bad")),
    [],
  );
  assertHas(
    findings,
    /^good dns _xmpp-server\._tcp\.montague\.net: xmpp\.montague\.net:PORT \(priority 5, weight 0\)$/,
  );
  assertHas(findings, /^good dns xmpp\.montague\.net: 127\.0\.0\.1$/);
  assertHas(
    findings,
    /^good servers xmpp\.montague\.net:PORT \[127\.0\.0\.1\] STARTTLS: TLSv1\.3 \(TLS_\w+\); offers dialback, EXTERNAL$/,
  );
  assertHas(
    findings,
    /^good trust xmpp\.montague\.net:PORT: certificate “montague\.net”, issued below “root of verona”, good for 60 days$/,
  );
  assertHas(
    findings,
    /^good trust .*: other servers trust it for montague\.net by its authority; DANE: .* no TLSA record; authorities: yes; POSH: no, is answered with 404$/,
  );
  assert.deepEqual(progress, [
    "asking DNS about montague.net",
    `1 of 1: connecting to xmpp.montague.net port ${progress[1]?.split(" ").at(-1)}`,
  ]);
  assert.equal(headers.length, 2);
  assert.match(headers[1] ?? "", /from='capulet\.example' to='montague\.net' version='1\.0' xmlns='jabber:server'/);
});

describe("a server", () => {
  for (const { name, script, says } of [
    {
      name: "with direct TLS",
      script: { directTls: true, alpn: "xmpp-server" },
      says: /^good servers .* direct TLS: TLSv1\.3 \(\w+\), ALPN xmpp-server; offers nothing$/,
    },
    {
      name: "that does not offer TLS",
      script: { before: "<dialback xmlns='urn:xmpp:features:dialback'/>" },
      says: /^bad servers .* STARTTLS: no STARTTLS: does not offer TLS$/,
    },
    {
      name: "that does not serve the domain",
      script: {
        instead:
          "<stream:error><host-unknown xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
      },
      says: /^bad servers .* no stream: ended the stream with host-unknown$/,
    },
    {
      name: "that sends what is no stream",
      script: { instead: "<a></b>" },
      says: /^bad servers .* no stream: sent what is no stream/,
    },
    {
      name: "that hangs up",
      script: { instead: "</stream:stream>" },
      says: /^bad servers .* no stream: closed the stream$/,
    },
  ]) {
    test(name, async () => assertHas((await lookAt(script)).findings, says));
  }

  test("where nobody listens", async () => {
    const { findings } = await look({ [`SRV ${serverService}`]: [srv(1)], [`A ${target}`]: ["127.0.0.1"] });
    assertHas(findings, /^bad servers xmpp\.montague\.net:1 \[127\.0\.0\.1\] STARTTLS: refuses connections/);
    assertHas(findings, /^bad servers no other server can talk to this domain$/);
  });
});

describe("a certificate", () => {
  for (const { name, plan, says } of [
    {
      name: "for another name",
      plan: { names: { dns: ["x.example"] } },
      says: /^bad trust .*do not trust its certificate; only those that allow dialback.*“montague\.net” is for x\.example, not for montague\.net/,
    },
    {
      name: "that is self-signed",
      plan: { issuer: undefined },
      says: /^good trust .*: certificate “montague\.net”, self-signed, good for 60 days$/,
    },
    {
      name: "that has expired",
      plan: { validDays: [-9, -2] as const },
      says: /^bad trust .* expired 2 days ago; renew it$/,
    },
    {
      name: "that expires soon",
      plan: { validDays: [-9, 5.5] as const },
      says: /^hint trust .* good for 5 days; renew it$/,
    },
  ]) {
    test(name, async () => assertHas((await lookAt({ chain: [await issue(plan)] })).findings, says));
  }

  test("that DANE stands for, and one that it does not", async () => {
    const fits = await lookAt({ chain: [stranger] }, { validated: true, tlsa: [tlsaOf(stranger)] });
    assertHas(fits.findings, /^good dns _PORT\._tcp\.xmpp\.montague\.net: TLSA 3 1 1; validated \(DNSSEC\)$/);
    assertHas(
      fits.findings,
      /^good trust .* other servers trust it for montague\.net by DANE; DANE: yes; authorities: no/,
    );
    const wrong = await lookAt({}, { validated: true, tlsa: [tlsaOf(stranger)], own: new Map() });
    assertHas(
      wrong.findings,
      /^bad trust .* its TLSA records are wrong: servers that heed them \(DANE\) will not talk to it at all/,
    );
    const hex = Buffer.from(tlsaOf(good).data).toString("hex");
    assert.deepEqual(wrong.lines, [`_PORT._tcp.xmpp.montague.net. 3600 IN TLSA 3 1 1 ${hex}`]);
  });

  test("that DANE would stand for, if it were signed", async () => {
    const { findings } = await lookAt({ chain: [stranger] }, { tlsa: [tlsaOf(stranger)] });
    assertHas(findings, /^bad trust .* DANE: there are TLSA records, but the way to them was not validated/);
  });

  test("about which DANE cannot be asked", async () => {
    assertHas(
      (await lookAt({}, { validated: true, tlsa: "fails" })).findings,
      /^bad dns _PORT.*TLSA could not be asked for: TLSA of .*SERVFAIL$/,
    );
  });

  test("that POSH stands for", async () => {
    const fingerprints = [{ "sha-256": createHash("sha256").update(stranger.der).digest("base64") }];
    const posh = { ok: true, fingerprints, until: Infinity } as const;
    assertHas((await lookAt({ chain: [stranger] }, { posh })).findings, /^good trust .* by POSH; .* POSH: yes$/);
  });
});

test("clients' side: what they find, and whether they trust it", async () => {
  await using server = await ScriptedServer.start({ chain: [stranger] });
  const { findings } = await look({ [`SRV ${clientService}`]: [srv(server.port)], [`A ${target}`]: ["127.0.0.1"] });
  assertHas(findings, /^good clients xmpp\.montague\.net:\d+ \[127\.0\.0\.1\] STARTTLS: TLSv1\.3/);
  assertHas(findings, /^bad trust .*: clients do not trust it: “montague\.net” is self-signed/);
  assert.match(server.headers[0] ?? "", /xmlns='jabber:client'/);
});

describe("DNS", () => {
  for (const { name, zone, says } of [
    {
      name: "without an address for a target",
      zone: { [`SRV ${serverService}`]: [srv(1)] },
      says: /^bad dns xmpp\.montague\.net: has no address/,
    },
    { name: "without anything", zone: {}, says: /^bad dns montague\.net: has no address/ },
    {
      name: "that refuses the service",
      zone: { [`SRV ${serverService}`]: [srv(0, ".")], [`SRV ${directService}`]: [srv(0, ".")] },
      says: /^hint servers the domain says that it does not talk to other servers$/,
    },
    {
      name: "that does not answer",
      zone: { [`SRV ${serverService}`]: "fails" as const },
      says: /^bad dns _xmpp-server\._tcp\.montague\.net: could not be asked for: .*SERVFAIL$/,
    },
  ]) {
    test(name, async () => assertHas((await look(zone)).findings, says));
  }

  test("a host of ours is told which lines it lacks", async () => {
    const own = new Map([
      ["server", 5269],
      ["server-direct-tls", 5270],
      ["client", 5222],
    ]);
    const { lines } = await look({ [`SRV ${clientService}`]: [srv(1)] }, { own });
    assert.deepEqual(lines, [
      "_xmpp-server._tcp.montague.net. 3600 IN SRV 5 0 5269 xmpp.montague.net.",
      "_xmpps-server._tcp.montague.net. 3600 IN SRV 5 0 5270 xmpp.montague.net.",
      "xmpp.montague.net. 3600 IN A (the public address of this server)",
    ]);
    assert.deepEqual((await look({})).lines, []);
  });

  test("where it is signed, a host of ours is told its TLSA line", async () => {
    const { lines } = await lookAt({}, { validated: true, own: new Map() });
    const hex = Buffer.from(tlsaOf(good).data).toString("hex");
    assert.deepEqual(lines, [`_PORT._tcp.xmpp.montague.net. 3600 IN TLSA 3 1 1 ${hex}`]);
  });
});

for (const { name, own, says } of [
  {
    name: "is where it should be",
    own: [["server", 1]],
    says: /; does the server run, and does the firewall let TCP port 1 in\?$/,
  },
  {
    name: "is elsewhere",
    own: [["server", 5269]],
    says: /; this server listens on port 5269 for it: DNS has to say so$/,
  },
  {
    name: "is not there",
    own: [["client", 5222]],
    says: /; this server has no listener of kind "server": add one to \[\[listeners\]\]/,
  },
] as const)
  test(`a machine of ours that does not answer, and whose listener ${name}: what to do is said`, async () => {
    const zone = { [`SRV ${serverService}`]: [srv(1)], [`A ${target}`]: ["127.0.0.1"] };
    assertHas((await look(zone, { own: new Map(own) })).findings, says);
    const { findings } = await look(zone);
    assert.ok(!findings.some((finding) => says.test(finding)), "of others nothing is known");
  });

test("one of ours that is not trusted is told where its certificate comes from", async () => {
  const says =
    /; a certificate that names montague\.net is needed: certificate and key in \[\[hosts\]\], or acme = true/;
  assertHas((await lookAt({ chain: [stranger] }, { own: new Map() })).findings, says);
  assert.ok(!(await lookAt({ chain: [stranger] }, {})).findings.some((finding) => says.test(finding)));
});

test("a host of ours that talks to no other server is looked at as clients do, and no record is to call servers", async () => {
  await using server = await ScriptedServer.start({ chain: [good] });
  const zone = {
    [`SRV ${serverService}`]: [srv(1)],
    [`SRV ${clientService}`]: [srv(server.port)],
    [`A ${target}`]: ["127.0.0.1"],
  };
  const { findings, lines } = await look(zone, { own: new Map([["client", server.port]]), isAlone: true });
  assertHas(findings, /^hint servers balcony\.toml says s2s\.enabled = false for it/);
  assertHas(
    findings,
    /^hint dns _xmpp-server\._tcp\.montague\.net: calls other servers, who are turned away; take it out$/,
  );
  assertHas(findings, /^good trust .*: clients trust it$/);
  assert.ok(!findings.some((finding) => finding.startsWith("bad ")));
  assert.deepEqual(lines, []);
});

test("where DNS says that there is no such service, no lines for it are proposed", async () => {
  const own = new Map([
    ["server", 5269],
    ["server-direct-tls", 5270],
  ]);
  assert.deepEqual((await look({ [`SRV ${serverService}`]: [srv(0, ".")] }, { own })).lines, []);
});

test("the command prints JSON, and its exit code says whether something is bad", async () => {
  const { terminal, out } = typedTerminal();
  // DNS is not asked about this name, and no web server on loopback is.
  const code = await checkDomain(domainOf("localhost"), {
    config: parseConfig({ file: "balcony.toml", text: "" }, []),
    terminal,
    json: true,
  });
  const found: unknown = JSON.parse(out());
  assert(typeof found === "object" && found !== null && "findings" in found && Array.isArray(found.findings));
  const isBad = found.findings.some((finding: { readonly state: string }) => finding.state === "bad");
  assert.equal(code, isBad ? 1 : 0);
});
