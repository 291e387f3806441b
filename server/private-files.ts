import { randomBytes } from "node:crypto";
import { chmod, mkdir, readFile, rename, unlink, writeFile } from "node:fs/promises";

/** Writes all or nothing, for the eyes of the server's own user; makes the directory, which nobody else may look into. */
export async function writeSecret(file: string, text: string, directory: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await chmod(directory, 0o700);
  const temporary = `${file}.${randomBytes(6).toString("hex")}.new`;
  try {
    await writeFile(temporary, text, { mode: 0o600, flush: true });
    await rename(temporary, file);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error;
  }
}

/** Undefined where there is no such file. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** A domain is made of letters, digits, dots and hyphens, but IPv6 addresses and other scripts are domains too. */
export function fileNameOf(domain: string): string {
  return encodeURIComponent(domain).replaceAll("%", "_");
}
