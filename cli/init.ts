import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { AdministrationError } from "#kit/administration-error.ts";
import { defaultConfigFile, parseConfig } from "#server/config/load-config.ts";
import { configTemplate, type TemplateChoices } from "#server/config/template.ts";
import type { ConfigurableFeature } from "#server/config/sections/features.ts";

/** Writes a balcony.toml to begin with; never over one that is there. Gives its name. */
export async function init(
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
