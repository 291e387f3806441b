import type { DomainJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import type { Config } from "#server/config/config.ts";
import { AddressGuard } from "#server/dns/address-ranges.ts";
import { DnsResolver } from "#server/dns/dns-resolver.ts";
import { nodeEnv } from "#server/node-env.ts";
import { openPosh } from "#server/trust/open-peer-trust.ts";
import { loadTrustStore } from "#server/trust/trust-store.ts";
import { findingsText } from "../check.ts";
import { exitCodes, type ExitCode } from "../exit-codes.ts";
import { ProgressLine } from "../progress-line.ts";
import { styleOf, type Terminal } from "../terminal.ts";
import { adviceOn } from "./advice.ts";
import { resolverParts } from "./resolver-parts.ts";
import { surveyDomain, type SurveyParts } from "./survey-domain.ts";

export interface CheckDomainParts {
  readonly config: Config;
  readonly terminal: Terminal;
  readonly json: boolean;
}

/** `balcony check DOMAIN`: looks at a domain as others do, and says what is wrong. */
export async function checkDomain(domain: DomainJid, { config, terminal, json }: CheckDomainParts): Promise<ExitCode> {
  const env = nodeEnv();
  using progress = new ProgressLine(terminal);
  const survey = await surveyParts(config, env);
  const own = config.hosts.some((host) => host.domain === domain) ? portsOf(config) : undefined;
  const parts = { ...survey, progress: (text: string) => progress.show(text), signal: terminal.signal };
  const found = await surveyDomain(domain, parts);
  const advice = adviceOn(found, { own, now: env.now() });
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

async function surveyParts(config: Config, env: Env): Promise<Omit<SurveyParts, "progress" | "signal">> {
  const resolver = new DnsResolver(resolverParts(env));
  const anchors = await loadTrustStore({ authorities: "system", files: [] });
  const guard = new AddressGuard([]);
  const settings = () => ({ guard, validating: false });
  const web = openPosh({ env, resolver, settings, anchors: () => anchors });
  const from = config.hosts.map(({ domain }) => domain).find((domain) => domain !== "localhost");
  return { env, resolver, anchors, guard, posh: (domain) => web.find(domain), from };
}

/** Where our own listeners are, by kind. */
function portsOf({ listeners }: Config): ReadonlyMap<string, number> {
  return new Map(listeners.map(({ kind, port }) => [kind, port]));
}
