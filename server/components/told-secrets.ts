import { stat } from "node:fs/promises";
import type { Config } from "../config/config.ts";

const readableByOthers = 0o004;

/**
 * Whether the configuration tells secrets of components to everybody on this machine: what is to be said about it, or
 * undefined where all is well, or nobody can say.
 */
export async function toldSecrets(file: string | undefined, { components }: Config): Promise<string | undefined> {
  if (file === undefined || components.every(({ secret }) => secret === undefined)) return undefined;
  const found = await stat(file).catch(() => undefined);
  if (found === undefined || (found.mode & readableByOthers) === 0) return undefined;
  return "everybody on this machine can read the secrets of components in the configuration: chmod o-r that file";
}
