import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { authorityFile, labDir } from "./lab.ts";
import { serverAddress } from "./network.ts";
import { runToEnd } from "./process.ts";

const domain = "ours.test";
/** Two minutes at most, on a machine that has nothing else to do. */
const scanMsMax = 900_000;
/** Protocols, ciphers, forward secrecy, preferences, certificate, vulnerabilities: all but simulated browsers and HTTP. */
const checks = ["-p", "-s", "-f", "-P", "-S", "-U"];

export interface ScanPlace {
  readonly port: number;
  readonly startTls: boolean;
}

const findings = z.array(z.object({ id: z.string(), severity: z.string(), finding: z.string() }));
export type Finding = z.infer<typeof findings>[number];

/** All that testssl.sh finds, harmless or not. */
export async function testssl({ port, startTls }: ScanPlace): Promise<readonly Finding[]> {
  const file = join(labDir, `testssl-${port}.json`);
  const protocol = startTls ? ["--starttls", "xmpp", "--xmpphost", domain] : [];
  const plain = ["--quiet", "--color", "0", "--warnings", "off", "--ip", serverAddress, "--add-ca", authorityFile];
  const { code, output } = await runToEnd({
    command: ["testssl", ...plain, ...checks, ...protocol, "--jsonfile", file, `${domain}:${port}`],
    msMax: scanMsMax,
    logFile: join(labDir, `testssl-${port}.log`),
  });
  // Its exit code counts what it does not like; above 240 it was not able to look.
  if (code < 0 || code > 240) throw new Error(`testssl.sh ended with ${code}:\n${output}`);
  return findings.parse(JSON.parse(await readFile(file, "utf8")));
}

/** What sslscan finds. */
export interface SslScan {
  /** Those that the server speaks, in order. */
  readonly protocols: readonly string[];
  readonly renegotiation: boolean;
  readonly compression: boolean;
  readonly heartbleed: boolean;
  /** Ciphers that sslscan itself calls less than good, or that have no forward secrecy or authentication. */
  readonly weakCiphers: readonly string[];
}

export async function sslscan({ port, startTls }: ScanPlace): Promise<SslScan> {
  const file = join(labDir, `sslscan-${port}.xml`);
  const protocol = startTls ? ["--starttls-xmpp"] : [];
  const { code, output } = await runToEnd({
    command: [
      "sslscan",
      "--no-colour",
      "--ipv4",
      `--sni-name=${domain}`,
      `--xml=${file}`,
      ...protocol,
      `${domain}:${port}`,
    ],
    msMax: scanMsMax,
    logFile: join(labDir, `sslscan-${port}.log`),
  });
  const xml = await readFile(file, "utf8");
  if (code !== 0 || !xml.includes("<ssltest ")) throw new Error(`sslscan ended with ${code}:\n${output}\n${xml}`);
  const all = (pattern: RegExp): readonly string[] => [...xml.matchAll(pattern)].map(([, name = ""]) => name);
  const protocols = [...xml.matchAll(/<protocol type="(\w+)" version="([\d.]+)" enabled="1"/gu)];
  const ciphers = [...xml.matchAll(/<cipher [^>]*cipher="([^"]+)"[^>]*strength="([^"]+)"/gu)];
  return {
    protocols: protocols
      .map(([, type = "", version = ""]) => `${type === "tls" ? "TLSv" : "SSLv"}${version}`)
      .toSorted(),
    renegotiation: all(/<renegotiation supported="(1)"/gu).length > 0,
    compression: all(/<compression supported="(1)"/gu).length > 0,
    heartbleed: all(/<heartbleed [^>]*vulnerable="(1)"/gu).length > 0,
    weakCiphers: ciphers.flatMap(([, name = "", strength = ""]) =>
      (strength === "strong" || strength === "acceptable") && /^TLS_|^ECDHE-.*(?:GCM|POLY1305)/u.test(name)
        ? []
        : [name],
    ),
  };
}
