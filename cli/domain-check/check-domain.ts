import type { DomainJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import type { Config } from "#server/config/config.ts";
import { AddressGuard } from "#server/dns/address-ranges.ts";
import { DnsResolver } from "#server/dns/dns-resolver.ts";
import { parseHosts, parseResolver, SystemFile } from "#server/dns/system-files.ts";
import { resolverSource, trustStore } from "#server/network.ts";
import { nodeEnv } from "#server/node-env.ts";
import { openPosh } from "#server/trust/open-peer-trust.ts";
import { loadTrustStore } from "#server/trust/trust-store.ts";
import { findingsText } from "../check.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { ProgressLine } from "../progress-line.ts";
import { styleOf, type Terminal } from "../terminal.ts";
import { adviceOn } from "./advice.ts";
import { surveyDomain, type SurveyParts } from "./survey-domain.ts";

export interface CheckDomainParts {
  readonly config: Config;
  readonly terminal: Terminal;
  readonly json: boolean;
  /** Asked instead of those that the configuration names; undefined for these. */
  readonly resolver?: string | undefined;
}

/** `balcony check DOMAIN`: looks at a domain as others do, and says what is wrong. */
export async function checkDomain(domain: DomainJid, parts: CheckDomainParts): Promise<ExitCode> {
  const { config, terminal, json } = parts;
  const env = nodeEnv();
  using progress = new ProgressLine(terminal);
  // Components are reached where their server is.
  const isOwn = [...config.hosts, ...config.components].some((one) => one.domain === domain);
  // Nobody may come in the name of a domain to the very server that serves it.
  const from = isOwn ? undefined : config.hosts.map((host) => host.domain).find((name) => name !== "localhost");
  const survey = { ...(await surveyParts(config, env, parts.resolver)), from };
  const own = isOwn ? portsOf(config) : undefined;
  // Its listeners are other hosts': DNS need not lead to them.
  const isAlone = isOwn && !talksToServers(config, domain);
  if (isAlone) for (const kind of ["server", "server-direct-tls"]) own?.delete(kind);
  const show = (text: string): void => progress.show(text);
  const found = await surveyDomain(domain, { ...survey, progress: show, signal: terminal.signal });
  const advice = adviceOn(found, { own, isAlone, now: env.now() });
  progress.clear();
  const { findings, lines } = advice;
  if (json) terminal.stdout.write(`${JSON.stringify({ domain, findings, lines })}\n`);
  else {
    terminal.stdout.write(`${findingsText(findings, styleOf(terminal.stdout, terminal.env))}\n`);
    if (lines.length > 0)
      terminal.stdout.write(`\nTo be added to DNS:\n${lines.map((line) => `  ${line}\n`).join("")}`);
  }
  return findings.some(({ state }) => state === "bad") ? exitCodes.failed : exitCodes.done;
}

async function surveyParts(
  config: Config,
  env: Env,
  asked: string | undefined,
): Promise<Omit<SurveyParts, "progress" | "signal" | "from">> {
  const hosts = new SystemFile("/etc/hosts", parseHosts, env);
  const settings = asked === undefined ? resolverSource(config, env) : namedResolver(asked);
  const resolver = new DnsResolver({ env, settings, hosts: () => hosts.read() });
  const anchors = await loadTrustStore(trustStore(config));
  const guard = new AddressGuard([]);
  const web = openPosh({ env, resolver, settings: () => ({ guard, validating: false }), anchors: () => anchors });
  return { env, resolver, anchors, guard, posh: (domain) => web.find(domain) };
}

/** One that is named on the command line. What it says of having validated is believed if it is on this machine. */
function namedResolver(text: string) {
  const place = parseResolver(text);
  if (place === undefined) throw new AdministrationError("invalid", `"${text}" is no address of a resolver`);
  const settings = Promise.resolve({ places: [place], validating: true });
  return () => settings;
}

/** Where our own listeners are, by kind. */
function portsOf({ listeners }: Config): Map<string, number> {
  return new Map(listeners.map(({ kind, port }) => [kind, port]));
}

/** A component talks to whom its host talks to, which is looked at there. */
function talksToServers({ hosts, s2s }: Config, domain: DomainJid): boolean {
  const host = hosts.find((one) => one.domain === domain);
  return host === undefined || (host.s2s.enabled ?? s2s.enabled);
}
