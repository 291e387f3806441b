import { z } from "zod";
import { AdministrationError } from "#kit/administration-error.ts";
import { domainName } from "#kit/administration-values.ts";
import { loadConfig } from "#server/config/load-config.ts";
import { controlSocket } from "#server/control/control-path.ts";
import { isAnswered } from "#server/control/control-server.ts";
import { serverModules } from "#server/modules.generated.ts";
import { openStore } from "#server/open-store.ts";
import { check, findingsText } from "./check.ts";
import { systemLookup } from "./check-dns.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { LocalOptions } from "./program.ts";
import { styleOf, type Terminal } from "./terminal.ts";

/** `balcony check`, with or without a domain. */
export async function runCheck(
  { place, json, typed, positional: [domain] }: LocalOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const { config, file } = await loadConfig(place.configFile, serverModules);
  if (domain !== undefined) {
    if (typed["dns"] === false) throw new AdministrationError("invalid", "a domain is looked at through DNS");
    const parsed = domainName.safeParse(domain);
    if (!parsed.success) throw new AdministrationError("invalid", z.prettifyError(parsed.error));
    const { checkDomain } = await import("./domain-check/check-domain.ts");
    const { resolver } = typed;
    const asked = typeof resolver === "string" ? resolver : undefined;
    return checkDomain(parsed.data, { config, terminal, json, resolver: asked });
  }
  const findings = await check({
    config,
    configFile: file,
    dataDir: place.dataDir,
    now: Date.now(),
    isRunning: await isAnswered(controlSocket(place.dataDir)),
    tryStore: async () => {
      await using _store = await openStore(config, place.dataDir);
    },
    lookup: typed["dns"] === false ? undefined : systemLookup(),
  });
  const text = json ? JSON.stringify({ findings }) : findingsText(findings, styleOf(terminal.stdout, terminal.env));
  terminal.stdout.write(`${text}\n`);
  const bad = findings.filter(({ state }) => state === "bad");
  if (bad.some(({ area }) => area === "certificate")) return exitCodes.config;
  return bad.length > 0 ? exitCodes.failed : exitCodes.done;
}
