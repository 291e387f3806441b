import { createHash, X509Certificate } from "node:crypto";
import { join } from "node:path";
import { z } from "zod";
import { readIfThere, writeSecret } from "../private-files.ts";
import { acmeCertificateFile, acmeDirectory } from "../tls/acme-files.ts";
import type { Failures } from "./renewal-plan.ts";

const reasonCharsMax = 2_000;
const failuresSchema = z.object({
  count: z.int().min(1),
  lastAt: z.number(),
  reason: z.string(),
  notBefore: z.number().optional(),
});

/** What ACME keeps in the data directory: account keys, certificates with their keys, and failed attempts. */
export class IssuedFiles {
  readonly #dataDir: string;

  constructor(dataDir: string) {
    this.#dataDir = dataDir;
  }

  get #directory(): string {
    return acmeDirectory(this.#dataDir);
  }

  /** The key of the account at an authority, made at first use. Each authority has its own. */
  async accountKey(directoryUrl: string, make: () => Promise<string>): Promise<string> {
    const name = createHash("sha256").update(directoryUrl).digest("hex").slice(0, 16);
    const file = join(this.#directory, `account-${name}.key.pem`);
    const kept = await readIfThere(file);
    if (kept !== undefined) return kept;
    const made = await make();
    await writeSecret(file, made, this.#directory);
    return made;
  }

  /** What was issued for a host; undefined for nothing, or nothing that can be read. */
  async certificate(domain: string): Promise<X509Certificate | undefined> {
    const pem = await readIfThere(acmeCertificateFile(this.#dataDir, domain));
    try {
      return pem === undefined ? undefined : new X509Certificate(pem);
    } catch {
      return undefined;
    }
  }

  keep(domain: string, chain: string, key: string): Promise<void> {
    return writeSecret(
      acmeCertificateFile(this.#dataDir, domain),
      `${chain.trimEnd()}\n${key.trimEnd()}\n`,
      this.#directory,
    );
  }

  async failures(domain: string): Promise<Failures | undefined> {
    const text = await readIfThere(this.#failuresFile(domain));
    if (text === undefined) return undefined;
    try {
      return failuresSchema.safeParse(JSON.parse(text)).data;
    } catch {
      // Whatever it was: it only spared the authority an attempt.
      return undefined;
    }
  }

  /** @param failures undefined when the last attempt was a success */
  keepFailures(domain: string, failures: Failures | undefined): Promise<void> {
    const text =
      failures === undefined
        ? "null"
        : JSON.stringify({ ...failures, reason: failures.reason.slice(0, reasonCharsMax) });
    return writeSecret(this.#failuresFile(domain), text, this.#directory);
  }

  #failuresFile(domain: string): string {
    return acmeCertificateFile(this.#dataDir, domain).replace(/pem$/, "failures.json");
  }
}
