import { isIP } from "node:net";
import type { Log } from "#kit/log.ts";
import type { Env } from "#kit/env.ts";
import type { Store } from "#kit/storage.ts";
import type { ReloadReport, ServerAdministration } from "#kit/administration.ts";
import type { Config, ListenerConfig } from "./config/config.ts";
import { IssuedFiles } from "./acme/issued-files.ts";
import { Renewals } from "./acme/renewals.ts";
import { serverAdministration } from "./administration.ts";
import type { ServerCore } from "./core.ts";
import type { CoreObserver, ListenerPolicy } from "./core-settings.ts";
import { changeHosts } from "./host-changes.ts";
import { nodeEnv } from "./node-env.ts";
import { openStore } from "./open-store.ts";
import { startCore } from "./start-core.ts";
import { StoreLog } from "./store-log.ts";
import { ConnectionCount, type ConnectionLimitHit } from "./tcp/connection-count.ts";
import { listen, type Listener, type ListenerParts } from "./tcp/listener.ts";
import { canOpenFile, openFilesMax, openFilesNow, openFilesReserved } from "./tcp/open-files.ts";
import { OpenFilesWatch } from "./tcp/open-files-watch.ts";
import { seldom } from "./log-seldom.ts";
import { CertificateStore } from "./tls/certificate-store.ts";
import { certificateSettings } from "./tls/certificate-settings.ts";
import { StartTlsServer } from "./tls/start-tls-server.ts";
import { TlsServers } from "./tls/tls-servers.ts";

/** How often at most the log is told that there is no room. */
const fullToldEveryMs = 1_000;

/** What the server counts; the metrics listen here. */
export interface ServerObserver extends CoreObserver {
  readonly connectionRefused: (limit: ConnectionLimitHit) => void;
  readonly handshakeFailed: (code: string) => void;
}

export interface ServerOptions {
  readonly config: Config;
  /** Absolute. Certificates made by us and the SQLite file lie here. */
  readonly dataDir: string;
  readonly log: Log;
  readonly observer: ServerObserver;
  readonly env?: Env;
}

/** A server that listens. */
export interface RunningServer {
  readonly core: ServerCore;
  readonly listeners: readonly Listener[];
  readonly certificates: CertificateStore;
  readonly store: Pick<Store, "health">;
  readonly connections: ConnectionCount;
  /** What else listens is added here, so that it does not spin when files run out. */
  readonly openFiles: OpenFilesWatch;
  readonly administration: ServerAdministration;
  /**
   * Takes over what can change without a restart: certificates and hosts.
   *
   * @returns what became of it, and the configuration that is in force now: without the hosts that could not be added
   */
  readonly reload: (
    config: Config,
  ) => Promise<Pick<ReloadReport, "certificates" | "problems" | "hosts"> & { readonly config: Config }>;
  /** Stops accepting, tells every client, waits at most `deadlineMs`, closes the store. */
  readonly stop: (deadlineMs: number) => Promise<void>;
}

/**
 * Starts everything: store, hosts, certificates, listeners. What was opened is closed again when a later part fails.
 *
 * @throws StoreError, CertificateError, ModuleConflict, ListenError: each with a message that says what to do
 */
export async function startServer({
  config,
  dataDir,
  log,
  observer,
  env = nodeEnv(),
}: ServerOptions): Promise<RunningServer> {
  await using opened = new AsyncDisposableStack();
  const certificates = await CertificateStore.open(certificateSettings(config), { dataDir, now: env.now });
  const storeLog = opened.use(new StoreLog(log, env));
  const store = opened.use(await openStore(config, dataDir, storeLog));
  const core = await startCore({ env, log, store, config, observer });
  const tls = new TlsServers({
    certificates,
    settings: config.tls,
    now: env.now,
    handshakeFailed: (code, peer) => {
      observer.handshakeFailed(code);
      log.debug({ peer, code }, "the TLS handshake failed");
    },
  });
  const { totalMax, perAddressMax, unauthenticatedMax, attemptsPerAddressMax, attemptsWindowSeconds } =
    config.limits.connections;
  const room = Math.max(1, openFilesMax() - openFilesNow() - openFilesReserved);
  const tellFull = seldom(env, fullToldEveryMs, (refused) =>
    log.error({ refused, connections: room }, "no more connections: the limit of open files (ulimit -n) is too low"),
  );
  const refused = (limit: ConnectionLimitHit): void => {
    observer.connectionRefused(limit);
    if (limit === "connections-open-files") tellFull();
  };
  const attempts = { max: attemptsPerAddressMax, windowMs: attemptsWindowSeconds * 1_000 };
  const connections = new ConnectionCount(
    { totalMax, perAddressMax, unauthenticatedMax, attempts, openFilesMax: room },
    refused,
  );
  const listeners: Listener[] = [];
  for (const listener of config.listeners)
    for (const parts of listenerParts(listener, { tls, connections, env, log, core }))
      listeners.push(opened.use(await listenOrSay(parts)));
  core.wakeHibernated();
  const openFiles = opened.use(new OpenFilesWatch({ env, log, canOpenFile }));
  for (const listener of listeners) openFiles.add(listener);
  core.onHostRemoved((domain) => tls.forgetHost(domain));
  const held = opened.move();
  const startedAt = env.now();
  let current = config;
  const renewals = held.use(
    new Renewals(
      {
        env,
        log,
        files: new IssuedFiles(dataDir),
        issued: async (domain) => void (await certificates.refresh(certificateSettings(current), domain)),
        counted: (what, by) => observer.counted?.(what, by),
      },
      config,
    ),
  );
  renewals.follow(config);
  return {
    core,
    listeners,
    certificates,
    store,
    connections,
    openFiles,
    administration: serverAdministration({
      core,
      store,
      config: () => current,
      dataDir,
      listeners,
      certificates,
      renewals,
      connections,
      startedAt,
    }),
    reload: async (next) => {
      const { changed, problems } = await certificates.reload(certificateSettings(next));
      const hosts = await changeHosts(core, next, (domain) => certificates.has(domain));
      const unserved = next.hosts.filter(({ domain }) => !core.hosts.has(domain));
      const kept = current.hosts.filter(
        ({ domain }) => core.hosts.has(domain) && !next.hosts.some((host) => host.domain === domain),
      );
      current = { ...next, hosts: [...next.hosts.filter((host) => !unserved.includes(host)), ...kept] };
      renewals.follow(current);
      return {
        certificates: [...changed],
        problems: [...problems, ...hosts.problems],
        hosts: { added: [...hosts.added], removed: [...hosts.removed] },
        config: current,
      };
    },
    stop: async (deadlineMs) => {
      // Listening ends first, so that nobody comes while the others are being told; the store goes last.
      openFiles[Symbol.dispose]();
      const closing = Promise.all(listeners.map((listener) => listener[Symbol.asyncDispose]()));
      await core.stop(deadlineMs);
      await closing;
      await held.disposeAsync();
    },
  };
}

/** A port cannot be had; the message says which and why. */
export class ListenError extends Error {
  override readonly name = "ListenError";
}

interface ListenerContext {
  readonly tls: TlsServers;
  readonly connections: ConnectionCount;
  readonly env: Env;
  readonly log: Log;
  readonly core: ServerCore;
}

function listenerParts(listener: ListenerConfig, context: ListenerContext): readonly ListenerParts[] {
  const { tls, connections, env, log, core } = context;
  const policy: ListenerPolicy = {
    startTls: listener.tls,
    plainWithoutTls: listener.plainWithoutTls,
    location: listener.location,
  };
  const direct = listener.kind === "client-direct-tls";
  const handshakes = direct ? new StartTlsServer(() => tls.directServer()) : tls.startTlsServer();
  return listener.addresses.map((address) => ({
    kind: listener.kind,
    // "::" takes IPv4 too, unless the system was told otherwise.
    address: address === "*" ? "::" : address,
    port: listener.port,
    tls: direct ? "required" : listener.tls,
    startTls: direct || listener.tls !== "none" ? handshakes.upgrade : undefined,
    channelOf: (socket, domain) => tls.channelOf(socket, domain),
    count: connections,
    now: env.now,
    log,
    accept: (transport, connection) => void core.accept(transport, policy, connection.authenticated),
  }));
}

async function listenOrSay(parts: ListenerParts): Promise<Listener> {
  try {
    return await listen(parts);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    // A machine without IPv6 has no "::".
    if (parts.address === "::" && (code === "EAFNOSUPPORT" || code === "EADDRNOTAVAIL"))
      return listenOrSay({ ...parts, address: "0.0.0.0" });
    const place = isIP(parts.address) === 6 ? `[${parts.address}]:${parts.port}` : `${parts.address}:${parts.port}`;
    throw new ListenError(`cannot listen on ${place}: ${reasons[code] ?? String(cause)}`, { cause });
  }
}

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program has this port; stop that program, or choose another port under [[listeners]]",
  EACCES: "not allowed; ports below 1024 need root or CAP_NET_BIND_SERVICE",
  EADDRNOTAVAIL: "this machine does not have this address",
};
