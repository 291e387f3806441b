import { chmod, mkdir, readFile, rename, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { randomBytes } from "node:crypto";
import { fileNameOf, type PemPair } from "./self-signed.ts";

/** Where ACME's account keys, certificates and what it remembers lie; only the server's own user may look into it. */
export function acmeDirectory(dataDir: string): string {
  return join(dataDir, "acme");
}

/** The certificate with its key, both in one file: so that after a crash they always belong together. */
export function acmeCertificateFile(dataDir: string, domain: string): string {
  return join(acmeDirectory(dataDir), `${fileNameOf(domain)}.pem`);
}

/** What ACME has brought for a host; undefined for nothing yet. */
export async function acmeCertificate(dataDir: string, domain: string): Promise<PemPair | undefined> {
  const file = acmeCertificateFile(dataDir, domain);
  try {
    await stat(file);
    return { certificateFile: file, keyFile: file };
  } catch {
    return undefined;
  }
}

/** All or nothing, for the owner's eyes only. */
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
