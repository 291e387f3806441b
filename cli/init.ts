import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { AdministrationError } from "#kit/administration-error.ts";
import { domainName } from "#kit/administration-values.ts";
import { defaultConfigFile, parseConfig } from "#server/config/load-config.ts";
import { configTemplate, type TemplateChoices } from "#server/config/template.ts";
import type { ConfigurableFeature } from "#server/config/sections/features.ts";
import { serverModules } from "#server/modules.generated.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { LocalOptions } from "./program.ts";
import type { Terminal } from "./terminal.ts";

const initOptions = z.object({
  domain: domainName.default(domainName.parse("localhost")),
  certificate: z.string().optional(),
  key: z.string().optional(),
  registration: z.enum(["closed", "invite", "open"]).optional(),
});

/** `balcony init` */
export async function runInit(
  { place, json, typed }: LocalOptions,
  { terminal, program }: { readonly terminal: Terminal; readonly program: string },
): Promise<ExitCode> {
  const choices = initOptions.safeParse(typed);
  if (!choices.success) throw new AdministrationError("invalid", z.prettifyError(choices.error));
  const file = await init(place.configFile, choices.data, serverModules);
  terminal.stdout.write(json ? `${JSON.stringify({ file })}\n` : `wrote ${file}; next: ${program} check\n`);
  return exitCodes.done;
}

/** Writes a balcony.toml to begin with; never over one that is there. Gives its name. */
async function init(
  named: string | undefined,
  choices: TemplateChoices,
  features: readonly ConfigurableFeature[],
): Promise<string> {
  const file = resolve(named ?? defaultConfigFile);
  const text = configTemplate(choices, features);
  parseConfig({ file, text }, features);
  try {
    // Not for everybody: a password of the database may be written into it.
    await using handle = await open(file, "wx", 0o640);
    await handle.writeFile(text);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
    if (code === "EEXIST")
      throw new AdministrationError("exists", `${file} is there already; nothing was changed`, { cause });
    throw new AdministrationError("not-allowed", `cannot write ${file}: ${String(cause)}`, { cause });
  }
  return file;
}
