import { isIP } from "node:net";
import { resolve } from "node:path";
import { unboundChannel } from "#protocol/stream/secure-channel.ts";
import type { Log } from "#kit/log.ts";
import type { Env } from "#kit/env.ts";
import type { Store } from "#kit/storage.ts";
import type { ReloadReport, ServerAdministration } from "#kit/administration.ts";
import type { Config, ListenerConfig } from "./config/config.ts";
import { defaultConfigFile } from "./config/load-config.ts";
import { IssuedFiles } from "./acme/issued-files.ts";
import { Renewals } from "./acme/renewals.ts";
import { serverAdministration } from "./administration.ts";
import { adoptStoredComponents } from "./components/adopt-stored-components.ts";
import { componentSettings } from "./components/component-config.ts";
import { componentListening } from "./components/component-listening.ts";
import { ComponentSecrets } from "./components/component-secrets.ts";
import type { ServerCore } from "./core.ts";
import type { CoreObserver, ListenerPolicy } from "./core-settings.ts";
import { changeHosts } from "./host-changes.ts";
import { peerAddress } from "./link/address-group.ts";
import { serverModules } from "./modules.generated.ts";
import { openNetwork } from "./network.ts";
import { nodeEnv } from "./node-env.ts";
import { openStore } from "./open-store.ts";
import { openWhenFree } from "./open-when-free.ts";
import { hostSettings } from "./settings-of-config.ts";
import { startCore } from "./start-core.ts";
import { StoreLog } from "./store-log.ts";
import { ConnectionCount, type ConnectionLimitHit } from "./tcp/connection-count.ts";
import { isDirect, listen, type Listener, type ListenerParts } from "./tcp/listener.ts";
import { canOpenFile, openFilesMax, openFilesNow, openFilesReserved } from "./tcp/open-files.ts";
import { OpenFilesWatch } from "./tcp/open-files-watch.ts";
import { seldom } from "./log-seldom.ts";
import { CertificateStore } from "./tls/certificate-store.ts";
import { certificateSettings } from "./tls/certificate-settings.ts";
import { peerChannel } from "./tls/peer-tls.ts";
import { PeerTlsServers } from "./tls/peer-tls-servers.ts";
import { SharedChallenges } from "./tls/shared-challenges.ts";
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
  /** Where balcony.toml is, or would be. */
  readonly configFile?: string | undefined;
  /** Absolute. Certificates and secrets made by us and the SQLite file lie here. */
  readonly dataDir: string;
  readonly log: Log;
  readonly observer: ServerObserver;
  readonly env?: Env;
}

/** A server that listens. */
export interface RunningServer {
  readonly core: ServerCore;
  /** The configuration that it has started with. */
  readonly config: Config;
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
  config: wanted,
  configFile = resolve(defaultConfigFile),
  dataDir,
  log,
  observer,
  env = nodeEnv(),
}: ServerOptions): Promise<RunningServer> {
  await using opened = new AsyncDisposableStack();
  const certificates = await CertificateStore.open(certificateSettings(wanted), { dataDir, now: env.now });
  const storeLog = opened.use(new StoreLog(log, env));
  const store = opened.use(
    await openWhenFree(
      () => openStore(wanted, dataDir, storeLog),
      () => log.warn({}, "another server or a command works on the store; waiting for it"),
    ),
  );
  const secrets = new ComponentSecrets(dataDir, env);
  const adoption = { store, secrets, config: wanted, file: configFile, features: serverModules, log };
  const config = await adoptStoredComponents(adoption);
  const handshakeFailed = (code: string, peer: string | undefined): void => {
    observer.handshakeFailed(code);
    log.debug({ peer: peer === undefined ? peer : peerAddress(peer), code }, "the TLS handshake failed");
  };
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
  const network = await openNetwork({ config, env, log, certificates, connections, handshakeFailed });
  const components = await componentSettings(config, secrets);
  const core = await startCore({ env, log, store, config, components, observer, federation: network });
  const tls = new TlsServers({ certificates, settings: config.tls, now: env.now, handshakeFailed });
  const { contexts } = network;
  const { handshakeSecondsMax } = config.tls;
  const peerTls = new PeerTlsServers({ certificates, contexts, handshakeSecondsMax, handshakeFailed });
  const challenges = new SharedChallenges();
  const listeners: Listener[] = [];
  for (const listener of config.listeners)
    for (const parts of listenerParts(listener, { tls, peerTls, connections, env, log, core }))
      listeners.push(opened.use(await listenOrSay(isDirect(parts.kind) ? { ...parts, sort: challenges.sort } : parts)));
  core.wakeHibernated();
  void core.sendWaiting();
  const openFiles = opened.use(new OpenFilesWatch({ env, log, canOpenFile }));
  for (const listener of listeners) openFiles.add(listener);
  let owner = opened;
  const listenForComponents = componentListening({
    listeners,
    isNeeded: () => core.components.all.size > 0,
    open: async (address, port) => {
      const listener = owner.use(await listenOrSay(componentParts({ address, port }, { connections, env, log, core })));
      openFiles.add(listener);
      return listener;
    },
  });
  await listenForComponents();
  core.onHostRemoved((domain) => {
    tls.forgetHost(domain);
    peerTls.forgetHost(domain);
  });
  const held = opened.move();
  owner = held;
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
        direct: {
          shared: challenges,
          ports: () => listeners.flatMap(({ kind, port }) => (isDirect(kind) ? [port] : [])),
        },
      },
      config,
    ),
  );
  renewals.follow(config);
  return {
    core,
    config,
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
      const wantedComponents = await componentSettings(next, secrets);
      const { changed, problems } = await certificates.reload(certificateSettings(next));
      const untrusted = await network.reload(next);
      // Whoever goes makes room for a host of the same name.
      core.components.follow(wantedComponents.filter(({ domain }) => core.components.all.has(domain)));
      const hosts = await changeHosts(core, next, (domain) => certificates.has(domain));
      const unserved = next.hosts.filter(({ domain }) => !core.hosts.has(domain));
      const kept = current.hosts.filter(
        ({ domain }) => core.hosts.has(domain) && !next.hosts.some((host) => host.domain === domain),
      );
      current = { ...next, hosts: [...next.hosts.filter((host) => !unserved.includes(host)), ...kept] };
      core.followHosts(current.hosts.map((host) => hostSettings(current, host)));
      renewals.follow(current);
      core.components.follow(wantedComponents);
      const unheard = await listenForComponents().then(
        () => [],
        (error: unknown) => [error instanceof Error ? error.message : String(error)],
      );
      return {
        certificates: [...changed],
        problems: [...problems, ...untrusted, ...hosts.problems, ...unheard],
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
  readonly peerTls: PeerTlsServers;
  readonly connections: ConnectionCount;
  readonly env: Env;
  readonly log: Log;
  readonly core: ServerCore;
}

function listenerParts(listener: ListenerConfig, context: ListenerContext): readonly ListenerParts[] {
  const { tls, connections, env, log, core } = context;
  if (listener.kind === "component")
    return listener.addresses.map((address) =>
      componentParts({ address: address === "*" ? "::" : address, port: listener.port }, context),
    );
  if (listener.kind === "server" || listener.kind === "server-direct-tls") return serverParts(listener, context);
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
    accept: (transport, connection) => void core.links.accept(transport, policy, () => connection.authenticated()),
  }));
}

/** Where other servers connect. What they have to do is their host's to say. */
function serverParts(
  listener: ListenerConfig,
  { peerTls, connections, env, log, core }: ListenerContext,
): readonly ListenerParts[] {
  const handshakes = isDirect(listener.kind) ? peerTls.directServer() : peerTls.startTlsServer();
  return listener.addresses.map((address) => ({
    kind: listener.kind,
    address: address === "*" ? "::" : address,
    port: listener.port,
    tls: "required",
    startTls: handshakes.upgrade,
    channelOf: (socket) => peerChannel(socket),
    count: connections,
    now: env.now,
    log,
    accept: (transport, connection) => core.acceptServer(transport, () => connection.authenticated()),
  }));
}

/** Where components connect. There is no TLS on such a connection. */
function componentParts(
  place: { readonly address: string; readonly port: number },
  { connections, env, log, core }: Omit<ListenerContext, "tls" | "peerTls">,
): ListenerParts {
  return {
    ...place,
    kind: "component",
    tls: "none",
    startTls: undefined,
    channelOf: () => unboundChannel,
    count: connections,
    now: env.now,
    log,
    accept: (transport, connection) => core.components.accept(transport, () => connection.authenticated()),
  };
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
