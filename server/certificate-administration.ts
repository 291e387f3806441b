import type { X509Certificate } from "node:crypto";
import type { DomainJid } from "#protocol/jid/jid.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import type { ServerAdministration } from "#kit/administration.ts";
import type { Renewals } from "./acme/renewals.ts";
import type { HostConfig } from "./config/config.ts";
import { daysLeft } from "./tls/load-certificate.ts";
import type { CertificateStore } from "./tls/certificate-store.ts";

/** What this needs of the running server; a store that was opened alone has no certificates. */
export interface CertificateAdministrationParts {
  readonly config: () => { readonly hosts: readonly HostConfig[] };
  readonly certificates: CertificateStore | undefined;
  readonly renewals: Renewals | undefined;
}

type Item = { readonly domain: string; readonly state: "working" | "done" | "failed"; readonly text: string };

/** What administrators do with certificates. */
export function certificateAdministration({
  config,
  certificates,
  renewals,
}: CertificateAdministrationParts): Pick<ServerAdministration, "listCertificates" | "renewCertificates"> {
  return {
    listCertificates: async () => {
      const listed = [];
      for (const { domain, acme } of config().hosts) {
        const loaded = certificates?.find(domain);
        if (loaded === undefined) continue;
        const { leaf, selfSigned } = loaded;
        const state = await renewals?.state(domain);
        const renewal = state && {
          dueAt: instantOf(state.dueAt),
          underWay: state.underWay,
          failures: state.failures?.count ?? 0,
          ...(state.failures && { reason: state.failures.reason }),
        };
        listed.push({
          domain,
          names: namesOf(leaf),
          source: selfSigned ? ("self-signed" as const) : acme ? ("acme" as const) : ("file" as const),
          issuer: issuerOf(leaf),
          expiresAt: leaf.validToDate.toISOString(),
          days: daysLeft(leaf, Date.now()),
          ...(renewal && { renewal }),
        });
      }
      return { certificates: listed };
    },
    renewCertificates: async function* ({ domain }, signal) {
      if (renewals === undefined) return;
      const wanted = config().hosts.filter((host) => host.acme && (domain === undefined || host.domain === domain));
      if (wanted.length === 0) throw nothingToRenew(domain, config().hosts);
      for (const host of wanted) {
        const state = await renewals.state(host.domain);
        const waits = state === undefined || (state.failures === undefined && state.dueAt > Date.now());
        if (domain === undefined && waits) {
          const text =
            state === undefined
              ? "ACME does not look after it at present"
              : `not due before ${instantOf(state.dueAt)}; at once with: balcony certificate renew ${host.domain}`;
          yield { domain: host.domain, state: "done", text };
          continue;
        }
        yield* renew(renewals, host.domain, signal);
      }
    },
  };
}

function nothingToRenew(
  domain: DomainJid | undefined,
  hosts: readonly { readonly domain: DomainJid }[],
): AdministrationError {
  const say = (text: string): AdministrationError => new AdministrationError("not-found", text);
  if (domain === undefined) return say("no host has a certificate by ACME; the key is acme = true in its [[hosts]]");
  if (!hosts.some((host) => host.domain === domain)) return say(`${domain} is not a host of this server`);
  return say(`${domain} has no certificate by ACME: it has no acme = true`);
}

/** Tells what is being done while it is done. */
async function* renew(renewals: Renewals, domain: DomainJid, signal: AbortSignal): AsyncGenerator<Item> {
  const told: Item[] = [];
  let wake = Promise.withResolvers<void>();
  const tell = (state: Item["state"], text: string): void => {
    told.push({ domain, state, text });
    wake.resolve();
  };
  const work = { isOver: false };
  renewals
    .renew(domain, (text) => tell("working", text))
    .then(
      () => tell("done", "a new certificate is in use"),
      (error: unknown) => tell("failed", error instanceof Error ? error.message : String(error)),
    )
    .finally(() => {
      work.isOver = true;
      wake.resolve();
    })
    .catch(() => {});
  const stop = (): void => wake.resolve();
  signal.addEventListener("abort", stop, { once: true });
  // It goes on by itself when nobody listens any more.
  while (!signal.aborted) {
    yield* told.splice(0);
    if (work.isOver && told.length === 0) break;
    await wake.promise;
    wake = Promise.withResolvers();
    if (work.isOver && told.length === 0) break;
  }
  signal.removeEventListener("abort", stop);
}

function namesOf(leaf: X509Certificate): string[] {
  return (leaf.subjectAltName ?? "").split(", ").flatMap((name) => (name.startsWith("DNS:") ? [name.slice(4)] : []));
}

function issuerOf(leaf: X509Certificate): string {
  const parts = new Map(
    leaf.issuer.split("\n").map((part) => [part.split("=")[0] ?? "", part.slice(part.indexOf("=") + 1)]),
  );
  // Node writes it with the escapes of RFC 4514.
  return (parts.get("CN") ?? parts.get("O") ?? "").replaceAll(/\\(.)/gu, "$1");
}

/** What is due is due at the beginning of time. */
function instantOf(ms: number): string {
  return new Date(ms).toISOString();
}
