import { X509Certificate } from "node:crypto";
import { existsSync } from "node:fs";
import { access, constants } from "node:fs/promises";
import { createServer } from "node:net";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { plainStyle, type Style } from "#kit/style.ts";
import { IssuedFiles } from "#server/acme/issued-files.ts";
import { componentListenerByDefault } from "#server/components/component-listening.ts";
import type { Config, HostConfig, ListenerConfig } from "#server/config/config.ts";
import { missingServerListeners, missingServerListenersText } from "#server/config/missing-listeners.ts";
import { CertificateError } from "#server/tls/certificate-error.ts";
import { certificateSettings } from "#server/tls/certificate-settings.ts";
import { loadClientAuthorities } from "#server/tls/client-authorities.ts";
import { daysLeft, loadCertificate } from "#server/tls/load-certificate.ts";
import { loadTrustStore } from "#server/trust/trust-store.ts";
import type { Finding } from "./finding.ts";
import { dnsFindings, type Lookup } from "./check-dns.ts";

/** A certificate that expires within this time is worth a word. */
const expiresSoonDays = 14;

export interface CheckParts {
  readonly config: Config;
  readonly configFile: string | undefined;
  readonly dataDir: string;
  readonly now: number;
  /** Whether a server runs in the data directory: then the ports and the store are its own. */
  readonly isRunning: boolean;
  /** Opens and closes the store; rejects when that cannot be done. */
  readonly tryStore: () => Promise<void>;
  /** Undefined to leave DNS out. */
  readonly lookup: Lookup | undefined;
}

/** Looks at all that a start needs, changes nothing, and says what it found. */
export async function check(parts: CheckParts): Promise<readonly Finding[]> {
  const { config, configFile } = parts;
  const groups = await Promise.all([
    ...config.hosts.map((host) => certificateFindings(host, parts)),
    authorityFindings(parts),
    serverAuthorityFindings(parts),
    ...config.listeners.map((listener) => listenerFindings(listener, parts)),
    componentListenerFindings(parts),
    serverListenerFindings(parts),
    storageFindings(parts),
    ...(parts.lookup === undefined ? [] : [dnsFindings(config, parts.lookup)]),
  ]);
  const file = configFile ?? "no balcony.toml; all by default";
  return [{ area: "configuration", state: "good", text: file }, ...groups.flat()];
}

export function findingsText(findings: readonly Finding[], style: Style = plainStyle): string {
  const marks = { good: style.green("ok  "), hint: style.yellow("hint"), bad: style.red("BAD ") };
  const width = Math.max(...findings.map(({ area }) => area.length));
  const indent = " ".repeat(width + 8);
  return findings
    .flatMap(({ area, state, text, lines = [] }) => [
      `${marks[state]}  ${area.padEnd(width)}  ${text}`,
      ...lines.map((line) => `${indent}${line}`),
    ])
    .join("\n");
}

/** Those whose certificates log users in. */
async function authorityFindings({ config, now }: CheckParts): Promise<readonly Finding[]> {
  const { clientAuthorities } = config.tls;
  if (clientAuthorities === undefined) return [];
  try {
    const { pem } = await loadClientAuthorities(clientAuthorities);
    const authorities = pem.match(/-----BEGIN[^-]*-----[^-]*-----END[^-]*-----/gu) ?? [];
    const expired = authorities.filter((text) => new X509Certificate(text).validToDate.getTime() <= now).length;
    const text = `client_authorities: ${authorities.length} in ${clientAuthorities}`;
    if (expired > 0)
      return [
        { area: "certificate", state: "bad", text: `${text}, of which ${expired} expired; renew or remove them` },
      ];
    return [{ area: "certificate", state: "good", text }];
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return error.problems.map((text) => ({ area: "certificate", state: "bad", text }));
  }
}

/** Those whose certificates prove other servers, where there is something to say of them. */
async function serverAuthorityFindings({ config }: CheckParts): Promise<readonly Finding[]> {
  const { enabled, authorities, authorityFiles } = config.s2s;
  if (!enabled) return [];
  try {
    const { size } = await loadTrustStore({ authorities, files: authorityFiles });
    const nobody = "no authority is trusted: other servers are left to DANE, POSH and dialback";
    if (size === 0) return [{ area: "certificate", state: "hint", text: nobody }];
    const text = `authority_files: ${size} authorities are trusted with other servers`;
    return authorityFiles.length === 0 ? [] : [{ area: "certificate", state: "good", text }];
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return error.problems.map((text) => ({ area: "certificate", state: "bad", text }));
  }
}

/** What came by ACME is renewed by the server itself: here it is only seen whether that works. */
async function acmeFinding(domain: string, { dataDir, now }: CheckParts): Promise<Finding> {
  const files = new IssuedFiles(dataDir);
  const certificate = await files.certificate(domain);
  const failures = await files.failures(domain);
  const days = certificate && Math.floor(daysLeft(certificate, now));
  const has = days === undefined ? "has none yet" : `good for ${days} days`;
  const failed = failures === undefined ? "" : `; the last attempt failed: ${failures.reason}`;
  const isGood = failures === undefined && (days === undefined || days >= expiresSoonDays);
  return { area: "certificate", state: isGood ? "good" : "hint", text: `${domain}: by ACME, ${has}${failed}` };
}

async function certificateFindings(host: HostConfig, parts: CheckParts): Promise<readonly Finding[]> {
  const { config, now } = parts;
  const { domain, certificate, key } = host;
  if (host.acme) return [await acmeFinding(domain, parts)];
  if (certificate === undefined || key === undefined) {
    const text = `${domain}: self-signed; clients ask whether to trust it, other servers do not`;
    if (domain === "localhost") return [{ area: "certificate", state: "good", text }];
    const others = "name one of your own by certificate and key, or have one fetched by acme = true";
    return [{ area: "certificate", state: "hint", text: `${text}; ${others}` }];
  }
  try {
    const { minVersion, ciphers, acceptUnsuitable } = certificateSettings(config);
    const settings = { minVersion: minVersion === "1.3" ? "TLSv1.3" : "TLSv1.2", ciphers } as const;
    const loaded = await loadCertificate(domain, { certificateFile: certificate, keyFile: key }, settings, now);
    const days = Math.floor(daysLeft(loaded.leaf, now));
    const state = acceptUnsuitable ? "hint" : "bad";
    if (loaded.unsuitable.length > 0) return loaded.unsuitable.map((text) => ({ area: "certificate", state, text }));
    const isSoon = days < expiresSoonDays;
    return [
      {
        area: "certificate",
        state: isSoon ? "hint" : "good",
        text: `${domain}: good for ${days} days${isSoon ? "; renew it" : ""}`,
      },
    ];
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return error.problems.map((text) => ({ area: "certificate", state: "bad", text }));
  }
}

type ListeningPlace = Pick<ListenerConfig, "kind" | "addresses" | "port">;

async function listenerFindings(listener: ListeningPlace, { isRunning }: CheckParts): Promise<readonly Finding[]> {
  const findings: Finding[] = [];
  for (const address of listener.addresses) {
    const place = `${listener.kind} on ${address} port ${listener.port}`;
    const problem = isRunning ? undefined : await portProblem(address, listener.port);
    findings.push({
      area: "listener",
      state: problem === undefined ? "good" : "bad",
      text: problem === undefined ? `${place}${isRunning ? ", of the running server" : ""}` : `${place}: ${problem}`,
    });
  }
  return findings;
}

/** Where components connect if nothing else is said. */
async function componentListenerFindings(parts: CheckParts): Promise<readonly Finding[]> {
  const { components, listeners } = parts.config;
  if (components.length === 0 || listeners.some(({ kind }) => kind === "component")) return [];
  const { addresses } = componentListenerByDefault;
  // A machine may do without IPv6.
  return listenerFindings({ ...componentListenerByDefault, addresses: addresses.slice(0, 1) }, parts);
}

async function serverListenerFindings({ config }: CheckParts): Promise<readonly Finding[]> {
  const lines = missingServerListeners(config);
  return lines.length === 0 ? [] : [{ area: "listener", state: "hint", text: missingServerListenersText, lines }];
}

async function portProblem(address: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ port, ...(address !== "*" && { host: address }) });
    await once(server, "listening");
    return undefined;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
    if (code === "EADDRINUSE") return "another program has this port; stop that, or choose another under [[listeners]]";
    if (code === "EACCES") return "this user may not listen on it; ports below 1024 need CAP_NET_BIND_SERVICE";
    return code === "EADDRNOTAVAIL" ? "this machine has no such address" : code;
  } finally {
    server.close();
  }
}

async function storageFindings(parts: CheckParts): Promise<readonly Finding[]> {
  const { storage } = parts.config;
  const area = "storage";
  if (parts.isRunning) return [{ area, state: "good", text: `${storage.kind}, in use by the running server` }];
  const file = storage.file ?? join(parts.dataDir, "balcony.sqlite");
  try {
    // Opening it would make it.
    if (storage.kind === "sqlite" && !existsSync(file)) {
      await access(existingDirectory(dirname(file)), constants.W_OK);
      return [{ area, state: "good", text: `${file} will be made at the first start` }];
    }
    await parts.tryStore();
    return [{ area, state: "good", text: storage.kind === "sqlite" ? file : storage.kind }];
  } catch (error) {
    return [{ area, state: "bad", text: `${storage.kind}: ${error instanceof Error ? error.message : String(error)}` }];
  }
}

/** The directory itself, or the nearest one above it that is there. */
function existingDirectory(directory: string): string {
  return existsSync(directory) || dirname(directory) === directory ? directory : existingDirectory(dirname(directory));
}
