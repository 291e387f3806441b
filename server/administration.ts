import { bareOf, parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { listEntriesMax } from "#kit/administration-values.ts";
import type { BackupProgress, ServerAdministration } from "#kit/administration.ts";
import type { AccountChange } from "#kit/host.ts";
import type { Store } from "#kit/storage.ts";
import type { Config } from "./config/config.ts";
import type { ServerCore } from "./core.ts";
import type { ConnectionCount } from "./tcp/connection-count.ts";
import type { Listener } from "./tcp/listener.ts";
import type { CertificateStore } from "./tls/certificate-store.ts";
import { certificateAdministration } from "./certificate-administration.ts";
import type { Renewals } from "./acme/renewals.ts";
import { hostAdministration } from "./host-administration.ts";
import { sessionAdministration } from "./session-administration.ts";
import { componentAdministration } from "./components/component-administration.ts";
import { federationAdministration } from "./s2s/federation-administration.ts";
import { archiveAdministration } from "./archive-administration.ts";
import { inviteAdministration } from "./invite-administration.ts";
import { serverVersion } from "./version.ts";

export interface AdministrationParts {
  readonly core: ServerCore;
  readonly store: Store;
  /** The one in force. */
  readonly config: () => Config;
  readonly dataDir: string;
  /** What only a listening server has; empty when the store alone was opened. */
  readonly listeners: readonly Listener[];
  readonly certificates: CertificateStore | undefined;
  readonly renewals: Renewals | undefined;
  readonly connections: ConnectionCount | undefined;
  readonly startedAt: number;
}

/** Accounts read from the store at once. */
const pageAccounts = 1_000;

/** What administrators can ask of the core; see {@link ServerAdministration}. */
export function serverAdministration(parts: AdministrationParts): ServerAdministration {
  const { core } = parts;
  return {
    status: () => Promise.resolve(status(parts)),
    addAccount: async ({ address, password }) => {
      accept(await core.accounts.create(address, password));
      return { address };
    },
    setPassword: async ({ address, password }) => {
      const sessionsEnded = core.registry.countSessionsOf(address);
      accept(await core.accounts.setPassword(address, password));
      return { address, sessionsEnded };
    },
    deleteAccount: async ({ address }) => {
      const sessionsEnded = core.registry.countSessionsOf(address);
      accept(await core.accounts.delete(address));
      return { address, sessionsEnded };
    },
    listAccounts: ({ host }) => listAccounts(core, host === undefined ? [...core.hosts.keys()] : [hostOf(core, host)]),
    ...sessionAdministration(core),
    ...inviteAdministration({ core, hosts: () => parts.config().hosts }),
    ...archiveAdministration(core),
    ...componentAdministration(core),
    ...federationAdministration(core),
    ...hostAdministration(parts),
    ...certificateAdministration(parts),
    backup: (request, signal) => backup(parts.store, request.file, signal),
  };
}

function status(parts: AdministrationParts): Awaited<ReturnType<ServerAdministration["status"]>> {
  const { core, store, listeners } = parts;
  const config = parts.config();
  const expiry = new Map(parts.certificates?.expiry().map((each) => [each.domain, each]));
  const { state, lastError, textIndex } = store.health;
  return {
    version: serverVersion,
    pid: process.pid,
    startedAt: new Date(parts.startedAt).toISOString(),
    dataDir: parts.dataDir,
    listeners: listeners.map(({ kind, address, port, tls }) => ({ kind, address, port, tls })),
    hosts: config.hosts.map(({ domain }) => {
      const certificate = expiry.get(domain);
      return {
        domain,
        sessions: core.registry.countSessions(domain),
        ...(certificate && { certificateDays: certificate.days, selfSigned: certificate.selfSigned }),
      };
    }),
    connections: parts.connections?.total ?? 0,
    sessions: core.registry.countSessions(),
    store: {
      kind: config.storage.kind,
      ok: state === "ok",
      ...(state !== "ok" && { detail: lastError?.message ?? "it cannot be reached" }),
    },
    search: {
      state: textIndex.state,
      indexed: textIndex.rowsIndexed,
      waiting: textIndex.rowsWaiting,
      ...(textIndex.lastError && { detail: textIndex.lastError.message }),
    },
    memoryBytes: residentBytes(),
  };
}

async function listAccounts(
  core: ServerCore,
  domains: readonly DomainJid[],
): Promise<Awaited<ReturnType<ServerAdministration["listAccounts"]>>> {
  const accounts: Awaited<ReturnType<ServerAdministration["listAccounts"]>>["accounts"] = [];
  let total = 0;
  for (const domain of domains) {
    for (let after: string | undefined; ;) {
      const page = await core.accounts.list(domain, after, pageAccounts);
      total += page.length;
      for (const address of page.slice(0, Math.max(0, listEntriesMax - accounts.length))) {
        const parsed = parseJid(address);
        const jid = parsed && bareOf(parsed);
        const record = jid === undefined ? undefined : await core.accounts.find(jid);
        accounts.push({
          address,
          sessions: jid === undefined ? 0 : core.registry.countSessionsOf(jid),
          ...(record && { createdAt: new Date(record.createdAt).toISOString() }),
        });
      }
      after = page.at(-1);
      if (page.length < pageAccounts) break;
    }
  }
  return { accounts, total };
}

function hostOf(core: ServerCore, domain: DomainJid): DomainJid {
  if (!core.hosts.has(domain)) throw new AdministrationError("not-found", `${domain} is not a host of this server`);
  return domain;
}

function accept(change: AccountChange): void {
  if (change.ok) return;
  const codes = {
    exists: "exists",
    "no-such-account": "not-found",
    "bad-name": "invalid",
    "bad-password": "invalid",
    tombstone: "exists",
    lookalike: "exists",
    "too-busy": "unavailable",
    store: "unavailable",
  } as const;
  throw new AdministrationError(codes[change.reason], change.text);
}

async function* backup(store: Store, file: string, signal: AbortSignal): AsyncGenerator<BackupProgress> {
  let next = Promise.withResolvers<number | undefined>();
  const copy = store.backup(file, (share) => {
    next.resolve(share);
    next = Promise.withResolvers();
  });
  const ended = copy.then(() => undefined);
  for (;;) {
    const fraction = await Promise.race([next.promise, ended]);
    if (fraction === undefined || signal.aborted) break;
    yield { done: false, fraction };
  }
  await copy;
  yield { done: true, fraction: 1 };
}

/** To ask for it takes a file; where there is none left, the most that it ever was must do (A11). */
function residentBytes(): number {
  try {
    return process.memoryUsage.rss();
  } catch {
    return process.resourceUsage().maxRSS * 1024;
  }
}
