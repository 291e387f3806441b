import { stat } from "node:fs/promises";
import { join } from "node:path";
import { fileNameOf } from "../private-files.ts";
import type { PemPair } from "./self-signed.ts";

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
