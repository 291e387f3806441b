import { existsSync } from "node:fs";
import { join } from "node:path";
import type { ReloadReport, ServerStatus } from "#kit/administration.ts";
import type { Log } from "#kit/log.ts";
import { AtRest } from "#server/at-rest.ts";
import type { Config } from "#server/config/config.ts";
import { toldSecrets } from "#server/components/told-secrets.ts";
import { loadConfig } from "#server/config/load-config.ts";
import { missingServerListeners, missingServerListenersText } from "#server/config/missing-listeners.ts";
import { planReload } from "#server/config/reload.ts";
import { AlreadyRunningError } from "#server/control/already-running-error.ts";
import { isAnswered, startControl } from "#server/control/control-server.ts";
import { controlSocket } from "#server/control/control-path.ts";
import { withFiles } from "#server/control/with-files.ts";
import { startMonitor, type Health, type Monitor } from "#server/http/monitor.ts";
import { openLog, type ServerLog } from "#server/log.ts";
import { Metrics } from "#server/metrics.ts";
import { serverModules } from "#server/modules.generated.ts";
import { nodeEnv } from "#server/node-env.ts";
import { releaseMemory, threadFigures } from "#server/release-memory.ts";
import { startServer, type RunningServer } from "#server/server.ts";
import { firstStartBanner } from "./banner.ts";
import { makeDataDirectory, refuseForeignOwner } from "./data-directory.ts";
import { exitCodes, type ExitCode } from "./exit-codes.ts";
import { measure, observerOf } from "./observe.ts";
import { styleOf, type Terminal } from "./terminal.ts";

export interface StartParts {
  /** As `--config` says. */
  readonly configFile: string | undefined;
  /** Absolute. */
  readonly dataDir: string;
  readonly terminal: Terminal;
  readonly program: string;
  /** To be repeated in commands that are proposed. */
  readonly options: string;
  readonly signals: Signals;
}

/** What the operating system tells a server. */
export interface Signals {
  /** SIGHUP. The returned function ends listening. */
  readonly onReload: (run: () => void) => () => void;
  /** SIGTERM and SIGINT: resolves at the first. */
  readonly stop: Promise<string>;
  /** A bug has surfaced where nobody could catch it: rejects. */
  readonly crash: Promise<never>;
}

/**
 * Runs a server until it is told to stop.
 *
 * @throws ConfigError, CertificateError, AlreadyRunningError, StoreError and what else keeps it from starting
 */
export async function start(parts: StartParts): Promise<ExitCode> {
  const { dataDir, terminal, signals } = parts;
  const { config, file } = await loadConfig(parts.configFile, serverModules);
  if (await isAnswered(controlSocket(dataDir))) {
    throw new AlreadyRunningError(`a server runs in ${dataDir} already; see: ${parts.program} status${parts.options}`);
  }
  const isFirst = await prepare(config, dataDir);
  using log = openLog(config.log);
  const careless = await toldSecrets(file, config);
  if (careless !== undefined) log.log.warn({ file }, careless);
  // The quotes of TOML that need no others around them.
  const lines = missingServerListeners(config).map((line) => line.replaceAll('"', "'"));
  if (lines.length > 0) log.log.warn({ file, lines }, missingServerListenersText);
  const metrics = new Metrics();
  const server = await startServer({ config, configFile: file, dataDir, log: log.log, observer: observerOf(metrics) });
  const running = new Running({
    config: server.config,
    server,
    log,
    metrics,
    features: serverModules,
    configFile: parts.configFile,
    file,
  });
  try {
    await using opened = new AsyncDisposableStack();
    measure(metrics, server);
    const administration = withFiles({
      server: server.administration,
      get configFile() {
        return running.file;
      },
      dataDir,
      config: () => running.config,
      features: serverModules,
      running: { reload: () => running.reload(), ring: log.ring },
    });
    const control = opened.use(await startControl({ dataDir, administration, log: log.log }));
    opened.defer(server.openFiles.add(control));
    if (config.http.enabled) {
      const monitor = opened.use(await startMonitorOf(server, config, metrics, log.log));
      opened.defer(server.openFiles.add(monitor));
    }
    opened.defer(signals.onReload(() => void running.reloadOnSignal()));
    opened.use(new AtRest(nodeEnv(), threadFigures, releaseMemory));
    announce(log.log, server, dataDir);
    if (isFirst) terminal.stderr.write(bannerOf(parts, { config, file, server }));
    const signal = await Promise.race([signals.stop, signals.crash]);
    log.log.info({ signal, secondsMax: running.config.shutdown.secondsMax }, "stopping");
  } finally {
    await server.stop(running.config.shutdown.secondsMax * 1000);
    log.log.info({}, "stopped");
  }
  return exitCodes.done;
}

/** Makes the data directory; says whether this server has never run here before. */
async function prepare(config: Config, dataDir: string): Promise<boolean> {
  const isNew = await makeDataDirectory(dataDir);
  await refuseForeignOwner(dataDir);
  return (
    isNew || (config.storage.kind === "sqlite" && !existsSync(config.storage.file ?? join(dataDir, "balcony.sqlite")))
  );
}

interface RunningParts {
  readonly config: Config;
  /** As `--config` says. */
  readonly configFile: string | undefined;
  /** What was read. */
  readonly file: string | undefined;
  readonly server: RunningServer;
  readonly log: ServerLog;
  readonly metrics: Metrics;
  readonly features: typeof serverModules;
}

/** The configuration in force, and how it is replaced. */
class Running {
  readonly #parts: RunningParts;
  #config: Config;
  #file: string | undefined;
  /** Two reloads at once would mix their files. */
  #reloading: Promise<unknown> = Promise.resolve();

  constructor(parts: RunningParts) {
    this.#parts = parts;
    this.#config = parts.config;
    this.#file = parts.file;
  }

  /** Where the configuration in force was read from; undefined when all is by default. */
  get file(): string | undefined {
    return this.#file;
  }

  get config(): Config {
    return this.#config;
  }

  /** @throws ConfigError; then nothing has changed */
  async reload(): Promise<ReloadReport> {
    const mine = this.#reloading.then(() => this.#reload());
    this.#reloading = mine.catch(() => undefined);
    return mine;
  }

  async reloadOnSignal(): Promise<void> {
    const { log } = this.#parts;
    try {
      const { changed, restartNeeded, certificates, problems, hosts } = await this.reload();
      log.log.info({ changed, restartNeeded, certificates, problems, hosts }, "reloaded");
    } catch (error) {
      log.log.error({ error }, "not reloaded; the old configuration stays in force");
    }
  }

  async #reload(): Promise<ReloadReport> {
    const { server, log, metrics, features, configFile } = this.#parts;
    log.reopen();
    const { config, file } = await loadConfig(configFile, features);
    const plan = planReload(this.#config, config, features);
    const { certificates, problems, hosts, config: inForce } = await server.reload(plan.config);
    log.setLevel(plan.config.log.level);
    this.#config = inForce;
    this.#file = file;
    metrics.reloaded(problems.length === 0 ? "changed" : "problems");
    return {
      changed: [...plan.changed],
      restartNeeded: [...plan.restartNeeded],
      problems,
      hosts,
      certificates,
    };
  }
}

function startMonitorOf(server: RunningServer, config: Config, metrics: Metrics, log: Log): Promise<Monitor> {
  return startMonitor({
    log,
    address: config.http.address,
    port: config.http.port,
    health: async () => healthOf(await server.administration.status({})),
    metrics: () => metrics.exposition(),
  });
}

export function healthOf({ store, listeners, hosts }: Pick<ServerStatus, "store" | "listeners" | "hosts">): Health {
  const expired = hosts.filter(({ certificateDays }) => certificateDays !== undefined && certificateDays < 0);
  return {
    store: { ok: store.ok, ...(store.detail !== undefined && { detail: store.detail }) },
    listeners: { ok: listeners.length > 0, detail: `${listeners.length} listening` },
    hosts: {
      ok: expired.length === 0,
      detail:
        expired.length === 0
          ? `${hosts.length} served`
          : `certificate expired: ${expired.map(({ domain }) => domain).join(", ")}`,
    },
  };
}

function announce(log: Log, server: RunningServer, dataDir: string): void {
  for (const { kind, address, port, tls } of server.listeners) log.info({ kind, address, port, tls }, "listening");
  log.info({ pid: process.pid, dataDir }, "started");
}

function bannerOf(
  { terminal, program, options }: StartParts,
  {
    config,
    file,
    server,
  }: { readonly config: Config; readonly file: string | undefined; readonly server: RunningServer },
): string {
  return firstStartBanner({
    config,
    configFile: file,
    selfSigned: server.certificates.expiry().flatMap(({ domain, selfSigned }) => (selfSigned ? [domain] : [])),
    ports: uniquePorts(server.listeners),
    program,
    options,
    style: styleOf(terminal.stderr, terminal.env),
  });
}

function uniquePorts(listeners: RunningServer["listeners"]) {
  return [...new Map(listeners.map(({ kind, port }) => [port, { kind, port }])).values()];
}
