import type { Finding } from "../finding.ts";
import { tlsaData } from "#server/trust/dane.ts";
import type { PeerCertificate } from "#server/trust/read-certificate.ts";
import { asciiDomain } from "#server/trust/ascii-domain.ts";
import { isLocalName } from "../check-dns.ts";
import { addressLine, lineSeconds, srvLine } from "./dns-lines.ts";
import type { PlaceJudgement } from "./judge-place.ts";
import type { Service } from "./services.ts";
import type { PlaceSurvey, ServiceSurvey } from "./survey-dns.ts";
import type { DomainSurvey, Visit } from "./survey-domain.ts";

/** A certificate that expires within this time is worth a word. */
const expiresSoonDays = 14;
const dayMs = 86_400_000;

export interface Advice {
  readonly findings: readonly Finding[];
  /** Records to add, as a zone file has them. */
  readonly lines: readonly string[];
}

export interface AdviceParts {
  /** Kinds of listeners of ours and their ports, where the domain is one of our hosts. */
  readonly own: ReadonlyMap<string, number> | undefined;
  /** Whether the domain is a host of ours that talks to no other server because balcony.toml says so. */
  readonly isAlone?: boolean;
  readonly now: number;
}

/** What a survey means to the administrator: what is well, what is not, and what to write into DNS. */
export function adviceOn(survey: DomainSurvey, parts: AdviceParts): Advice {
  if (parts.isAlone === true) return aloneAdvice(survey, parts);
  const findings = [
    ...survey.dns.services.flatMap((found) => serviceFindings(found, survey)),
    ...survey.dns.places.flatMap(placeFindings),
    ...survey.visits.map((visit) => visitFinding(visit, parts.own)),
    ...survey.visits.flatMap((visit) => trustFindings(visit, survey, parts)),
    ...absenceFindings(survey),
  ];
  return { findings: dedupe(findings), lines: parts.own === undefined ? [] : linesFor(survey, parts.own) };
}

/** Only what clients see matters then, and that no record calls other servers in. */
function aloneAdvice(survey: DomainSurvey, parts: AdviceParts): Advice {
  const { dns, visits } = survey;
  const isClients = ({ service }: { readonly service: Service }): boolean => service.side === "client";
  const calling = dns.services.filter(
    ({ service, answer }) =>
      service.side === "server" && answer.ok && answer.records.some(({ target }) => target !== "."),
  );
  const { findings, lines } = adviceOn(
    {
      ...survey,
      dns: { services: dns.services.filter(isClients), places: dns.places.filter(isClients) },
      visits: visits.filter(({ place }) => isClients(place)),
    },
    { ...parts, isAlone: false },
  );
  const names = calling.map(({ service }) => `${service.name}._tcp.${asciiDomain(survey.domain)}`);
  return {
    findings: [
      ...findings.filter(({ area }) => area !== "servers"),
      hint("servers", "balcony.toml says s2s.enabled = false for it: it talks to no other server"),
      ...(names.length === 0
        ? []
        : [hint("dns", `${names.join(", ")}: calls other servers, who are turned away; take it out`)]),
    ],
    lines,
  };
}

function serviceFindings({ service, answer }: ServiceSurvey, { domain, dns }: DomainSurvey): readonly Finding[] {
  const name = `${service.name}._tcp.${asciiDomain(domain)}`;
  if (!answer.ok) return [bad("dns", `${name}: could not be asked for: ${answer.reason}`)];
  if (answer.records.length === 0) {
    const others = dns.services.filter((found) => found.service.side === service.side);
    const isServed = others.some((found) => found.answer.ok && found.answer.records.length > 0);
    const way = service.directTls ? "direct TLS" : "STARTTLS";
    if (isServed || service.directTls) return [hint("dns", `${name}: no SRV record, so nobody looks for ${way}`)];
    const who = service.side === "server" ? "other servers" : "clients";
    return [hint("dns", `${name}: no SRV record; ${who} go to ${asciiDomain(domain)} port ${service.port}`)];
  }
  if (answer.records.every(({ target }) => target === ".")) {
    return [hint("dns", `${name}: says that there is no such service (target ".")`)];
  }
  const targets = answer.records.map(
    ({ target, port, priority, weight }) => `${target}:${port} (priority ${priority}, weight ${weight})`,
  );
  return [good("dns", `${name}: ${targets.join(", ")}${answer.validated ? "; validated (DNSSEC)" : ""}`)];
}

function placeFindings(place: PlaceSurvey): readonly Finding[] {
  const { host, port, addresses, tlsa, validated, isNamed, service } = place;
  const found: Finding[] = [];
  if (!addresses.ok) found.push(bad("dns", `${host}: its address could not be asked for: ${addresses.reason}`));
  else if (addresses.records.length === 0) {
    const text = `${host}: has no address; add an A or AAAA record`;
    found.push(isNamed || service.side === "server" ? bad("dns", text) : hint("dns", text));
  } else found.push(good("dns", `${host}: ${addresses.records.join(", ")}${validated ? "; validated (DNSSEC)" : ""}`));
  if (!tlsa.ok) {
    const text = `_${port}._tcp.${host}: TLSA could not be asked for: ${tlsa.reason}`;
    // Who validates would not connect any more. RFC 7673 §3.4
    found.push(validated ? bad("dns", text) : hint("dns", text));
  } else if (tlsa.records.length > 0) {
    const records = tlsa.records.map(({ usage, selector, matching }) => `${usage} ${selector} ${matching}`);
    found.push(
      good("dns", `_${port}._tcp.${host}: TLSA ${records.join(", ")}${tlsa.validated ? "; validated (DNSSEC)" : ""}`),
    );
  }
  return found;
}

function visitFinding(visit: Visit, own: AdviceParts["own"]): Finding {
  const { place, probe, isPublic } = visit;
  const area = place.service.side === "server" ? "servers" : "clients";
  const where = whereOf(visit);
  if (probe.trouble !== undefined) {
    const { step, reason } = probe.trouble;
    const told = `${where}: ${step === "connect" ? "" : `${stepNames[step]}: `}${reason}`;
    const text = step === "connect" && own !== undefined ? `${told}; ${wayIn(place, own)}` : told;
    // Where no record points nobody was promised anything, unless it is the servers' only way.
    return place.isNamed || place.service.side === "server" ? bad(area, text) : hint(area, text);
  }
  const { tls, afterTls } = probe;
  const offers = [...(afterTls?.names.filter((name) => name !== "mechanisms") ?? []), ...(afterTls?.mechanisms ?? [])];
  const text = `${where}: ${tls?.version} (${tls?.cipher})${tls?.alpn === undefined ? "" : `, ALPN ${tls.alpn}`}; offers ${offers.length === 0 ? "nothing" : offers.join(", ")}`;
  return isPublic ? good(area, text) : hint(area, `${text}; only reachable in your own network`);
}

/** What can be done where a machine of ours does not answer. */
function wayIn({ service, port }: PlaceSurvey, own: NonNullable<AdviceParts["own"]>): string {
  const ours = own.get(service.listener);
  if (ours === undefined)
    return `this server has no listener of kind "${service.listener}": add one to [[listeners]], or take the record away`;
  if (ours !== port) return `this server listens on port ${ours} for it: DNS has to say so`;
  return `does the server run, and does the firewall let TCP port ${port} in?`;
}

function trustFindings(visit: Visit, { domain }: DomainSurvey, { now, own }: AdviceParts): readonly Finding[] {
  const isOurs = own !== undefined;
  const { place, judgement } = visit;
  if (judgement === undefined) return [];
  const where = `${place.host}:${place.port}`;
  const found = [certificateFinding(where, judgement, now)];
  if (place.service.side === "client") {
    const { pkix } = judgement;
    found.push(
      pkix.ok
        ? good("trust", `${where}: clients trust it`)
        : bad("trust", `${where}: clients do not trust it: ${pkix.reason}`),
    );
    return found;
  }
  const { dane, pkix, posh, verdict } = judgement;
  const ways = [
    `DANE: ${"ok" in dane ? (dane.ok ? "yes" : `no, ${dane.reason}`) : dane.reason}`,
    `authorities: ${pkix.ok ? "yes" : `no, ${pkix.reason}`}`,
    `POSH: ${posh.ok ? "yes" : `no, ${posh.reason}`}`,
  ];
  const { state, text: told } = verdictFinding(where, verdict, domain);
  const mend = `a certificate that names ${domain} is needed: certificate and key in [[hosts]], or acme = true (for a component, acme_names)`;
  const text = isOurs && !verdict.trusted && !verdict.forbidden ? `${told}; ${mend}` : told;
  return [...found, { area: "trust", state, text: [text, ...ways].join("; ") }];
}

function verdictFinding(where: string, verdict: PlaceJudgement["verdict"], domain: string): Finding {
  if (verdict.trusted)
    return good("trust", `${where}: other servers trust it for ${domain} by ${methodNames[verdict.by]}`);
  if (verdict.forbidden) {
    return bad(
      "trust",
      `${where}: its TLSA records are wrong: servers that heed them (DANE) will not talk to it at all`,
    );
  }
  return bad(
    "trust",
    `${where}: other servers do not trust its certificate; only those that allow dialback will talk to it`,
  );
}

function certificateFinding(where: string, { leaf, chain }: PlaceJudgement, now: number): Finding {
  if (leaf === undefined) return bad("trust", `${where}: its certificate cannot be read`);
  const days = Math.trunc((leaf.notAfter - now) / dayMs);
  const issuer = chain.ok ? `, issued below ${chain.authority}` : leaf.subject === leaf.issuer ? ", self-signed" : "";
  const isOver = leaf.notAfter < now;
  const time = isOver ? `expired ${-days} days ago` : `good for ${days} days`;
  const text = `${where}: certificate ${leaf.title}${issuer}, ${time}`;
  if (isOver) return bad("trust", `${text}; renew it`);
  return days < expiresSoonDays ? hint("trust", `${text}; renew it`) : good("trust", text);
}

/** What should be there and is not. */
function absenceFindings({ visits, dns }: DomainSurvey): readonly Finding[] {
  const reached = visits.some(({ place, probe }) => place.service.side === "server" && probe.afterTls !== undefined);
  const refuses = dns.services.filter(({ service }) => service.side === "server");
  const isRefused = refuses.some(({ answer }) => answer.ok && answer.records.some(({ target }) => target === "."));
  if (reached) return [];
  return isRefused
    ? [hint("servers", "the domain says that it does not talk to other servers")]
    : [bad("servers", "no other server can talk to this domain")];
}

function linesFor({ domain, dns, visits }: DomainSurvey, own: ReadonlyMap<string, number>): readonly string[] {
  const ascii = asciiDomain(domain);
  if (isLocalName(ascii)) return [];
  const targets = dns.places.filter(({ isNamed }) => isNamed).map(({ host }) => host);
  const isRefused = (side: Service["side"]): boolean =>
    dns.services.some(
      ({ service, answer }) =>
        service.side === side && answer.ok && answer.records.some((record) => record.target === "."),
    );
  const lines = dns.services.flatMap(({ service, answer }) => {
    // Whoever says that there is no such service means it.
    const port = isRefused(service.side) ? undefined : own.get(service.listener);
    if (port === undefined || !answer.ok || answer.records.length > 0) return [];
    return [srvLine(service, ascii, targets[0] ?? ascii, port)];
  });
  for (const { host, addresses, service, isNamed } of dns.places) {
    const isOurs = own.has(service.listener) && (isNamed || targets.length === 0);
    if (!isOurs || !addresses.ok || addresses.records.length > 0) continue;
    lines.push(addressLine(host));
  }
  for (const visit of visits) {
    const { place, judgement } = visit;
    if (place.service.side !== "server" || !place.validated || judgement?.leaf === undefined) continue;
    const isMissing = place.tlsa.ok && place.tlsa.records.length === 0;
    const isWrong = "ok" in judgement.dane && !judgement.dane.ok;
    if (isMissing || isWrong) lines.push(tlsaLine(place, judgement.leaf));
  }
  return [...new Set(lines)];
}

/** Of its key: it stays as it is when the certificate is renewed with the same key. RFC 7671 §5.1 */
function tlsaLine({ host, port }: PlaceSurvey, leaf: PeerCertificate): string {
  const data = Buffer.from(tlsaData(leaf, { selector: 1, matching: 1 })).toString("hex");
  return `_${port}._tcp.${host}. ${lineSeconds} IN TLSA 3 1 1 ${data}`;
}

function whereOf({ place, address }: Visit): string {
  const { host, port, service } = place;
  return `${host}:${port}${host === address ? "" : ` [${address}]`} ${service.directTls ? "direct TLS" : "STARTTLS"}`;
}

/** Servers come before clients, so the graver one of two stays. */
function dedupe(findings: readonly Finding[]): readonly Finding[] {
  const texts = new Set<string>();
  return findings.filter(({ area, text }) => {
    const isNew = !texts.has(`${area} ${text}`);
    texts.add(`${area} ${text}`);
    return isNew;
  });
}

const stepNames = { stream: "no stream", starttls: "no STARTTLS", tls: "TLS handshake failed" } as const;
const methodNames = { dane: "DANE", pkix: "its authority", posh: "POSH" } as const;

function good(area: Finding["area"], text: string): Finding {
  return { area, state: "good", text };
}

function hint(area: Finding["area"], text: string): Finding {
  return { area, state: "hint", text };
}

function bad(area: Finding["area"], text: string): Finding {
  return { area, state: "bad", text };
}
