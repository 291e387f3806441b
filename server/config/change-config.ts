import { AdministrationError } from "#kit/administration-error.ts";
import type { Config } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { parseConfig } from "./load-config.ts";
import { readIfThere } from "../private-files.ts";
import { replaceFile } from "./replace-file.ts";
import type { ConfigurableFeature } from "./sections/features.ts";

/** Another text for balcony.toml; undefined where the array is written in a way that cannot be edited. */
export type ConfigEdit = (text: string, before: Config) => string | undefined;

export interface ConfigChange {
  /** balcony.toml, which may not be there yet. */
  readonly file: string;
  readonly features: readonly ConfigurableFeature[];
  /** What is edited, for messages: "hosts". */
  readonly array: string;
  readonly edit: ConfigEdit;
}

/** Edits balcony.toml. @throws AdministrationError; then the file is as it was */
export async function changeConfig(change: ConfigChange): Promise<void> {
  const { file } = change;
  const text = await changedConfig(change);
  try {
    await replaceFile(file, text);
  } catch (cause) {
    throw new AdministrationError("not-allowed", `cannot write ${file}: ${String(cause)}`, { cause });
  }
}

/** The text that the file would have: it is right, as the one before was. @throws AdministrationError */
export async function changedConfig({ file, features, array, edit }: ConfigChange): Promise<string> {
  const text = await readText(file);
  const next = edit(text, parsed(text, { file, features }));
  if (next === undefined)
    throw new AdministrationError(
      "config",
      `${file} has its ${array} in one list; write them as [[${array}]] tables, or change it by hand`,
    );
  parsed(next, { file, features });
  return next;
}

/** What the file says now. @throws AdministrationError */
export async function currentConfig(file: string, features: readonly ConfigurableFeature[]): Promise<Config> {
  return parsed(await readText(file), { file, features });
}

function parsed(text: string, { file, features }: Pick<ConfigChange, "file" | "features">): Config {
  try {
    return parseConfig({ file, text }, features);
  } catch (error) {
    if (error instanceof ConfigError) throw new AdministrationError("config", error.message, { cause: error });
    throw error;
  }
}

async function readText(file: string): Promise<string> {
  try {
    return (await readIfThere(file)) ?? "";
  } catch (cause) {
    throw new AdministrationError("not-allowed", `cannot read ${file}: ${String(cause)}`, { cause });
  }
}
