import { parseJid, localpartOf, bareOf, domainOf, isDomain, type DomainJid } from "#protocol/jid/jid.ts";
import { defaultSaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import type { Log } from "#kit/log.ts";
import type { StoreErrorKind } from "#kit/storage.ts";
import { ServerCore } from "#server/core.ts";
import { defaultComponentLimits } from "#server/components/component-settings.ts";
import type { CoreSettings } from "#server/core-settings.ts";
import { serverModules } from "#server/modules.generated.ts";
import { MemoryDisk } from "#server/storage/memory-disk.ts";
import { openMemoryStore, type GroupWatch, type MemoryStore } from "#server/storage/memory-store.ts";
import { archivedMessages } from "#xep/0313-archive/slots.ts";
import { worldLinkLimits } from "#testing/scenario/world.ts";
import type { LimitName } from "#server/link/link-limits.ts";
import type { Transport } from "#server/link/transport.ts";
import type { Connection } from "./connection.ts";
import { drawsFor, type Draws } from "./draws.ts";
import type { Hits } from "./hits.ts";
import { limitsOf, mannersFrom, policyOf, type Manners } from "./manners.ts";
import { ServerLife } from "./server-life.ts";
import type { SimClock } from "./sim-clock.ts";
import { componentSecret } from "./sim-component.ts";
import type { NetworkedServer, SimNetwork } from "./sim-network.ts";
import type { Trace } from "./trace.ts";

/** How the disc behaves at present, whichever process works on it. */
export interface DiscMood {
  delayMsMax: number;
  commits: { readonly kind: StoreErrorKind; readonly answerLost: boolean } | undefined;
  readsFail: boolean;
  /** Of all that it holds. */
  charsMax: number;
}

/** How long a cut stream can be resumed, in seconds. */
export const resumeSecondsMax = 40;
/** Messages that wait for one account: few enough that some find no room. */
export const offlineMessagesMax = 60;

/**
 * What may wait for one connection, in bytes, and be unacknowledged: little enough that who does not read finds its end; more
 * than what comes at once to who logs in or resumes, or nobody to whom so much is owed would ever be back.
 */
const unsentBytesMax = 393_216;
export const unacknowledgedBytesMax = 262_144;
const componentQueueBytesMax = 262_144;
const componentDefaults = defaultComponentLimits(worldLinkLimits);

/** A row of an archive. */
export interface ArchivedMessage {
  readonly archiveId: string;
  /** The id that its sender gave it. */
  readonly message: string;
}

/** A process of the server, with all that it has. */
interface Process {
  readonly life: ServerLife;
  readonly memory: MemoryStore;
  readonly groups: Groups;
  core: ServerCore | undefined;
}

/** The groups of commits of one process. */
interface Groups {
  /** The disc has one. */
  underWay: boolean;
  /** So many more are to begin, and then something happens. */
  awaited: { left: number; readonly run: () => void } | undefined;
}

/** What ends with a process. */
interface Held {
  readonly over: boolean;
  readonly serverDied: (noticedMs: number | undefined) => void;
}

/** A server of a simulated world: one disc, and one process after the other that works on it. */
export class SimServer implements NetworkedServer {
  readonly disk = new MemoryDisk();
  readonly mood: DiscMood = { delayMsMax: 3, commits: undefined, readsFail: false, charsMax: Infinity };
  clockOffset = 0;
  /** What only a bug makes the server say. */
  readonly bugs: string[] = [];
  /** Whether messages are archived; most worlds do. */
  readonly archives: boolean;
  readonly address: string;
  readonly #name: string;
  readonly #network: SimNetwork | undefined;
  readonly #seed: number;
  readonly #clock: SimClock;
  readonly #trace: Trace;
  readonly #hits: Hits;
  readonly #domains: readonly [DomainJid, ...DomainJid[]];
  readonly #component: DomainJid | undefined;
  /** How it talks to other servers. */
  readonly manners: Manners;
  readonly #derived = new Map<string, Uint8Array>();
  readonly #connections = new Set<Held>();
  #process: Process | undefined;
  #lives = 0;

  constructor(parts: {
    readonly seed: number;
    readonly clock: SimClock;
    readonly trace: Trace;
    readonly hits: Hits;
    readonly domains: readonly [DomainJid, ...DomainJid[]];
    /** The domain of its component. */
    readonly component?: DomainJid | undefined;
    /** Where there are several: what tells it apart, and the network between them. */
    readonly among?: { readonly name: string; readonly address: string; readonly network: SimNetwork };
  }) {
    this.#seed = parts.seed;
    this.#name = parts.among === undefined ? "" : `${parts.among.name} `;
    this.address = parts.among?.address ?? "198.51.100.1";
    this.#network = parts.among?.network;
    this.#network?.add(this);
    this.manners = mannersFrom(drawsFor(parts.seed, `${this.#name}manners`));
    this.archives = drawsFor(parts.seed, `${this.#name}archives`).chance(0.75);
    this.#clock = parts.clock;
    this.#trace = parts.trace;
    this.#hits = parts.hits;
    this.#domains = parts.domains;
    this.#component = parts.component;
  }

  get domains(): readonly DomainJid[] {
    return this.#domains;
  }

  /** The core that serves at present. */
  get core(): ServerCore | undefined {
    return this.#process?.core;
  }

  get life(): ServerLife | undefined {
    return this.#process?.life;
  }

  get store(): MemoryStore["store"] | undefined {
    return this.#process?.memory.store;
  }

  /** Starts a process; it serves when the disc has answered. What cannot start is started again. */
  start(): void {
    this.#lives += 1;
    const draws = drawsFor(this.#seed, `${this.#name}life ${this.#lives}`);
    const life = new ServerLife(
      {
        clock: this.#clock,
        clockOffset: () => this.clockOffset,
        derived: this.#derived,
        broke: (error) => this.#bug("a deferred call threw", error),
      },
      draws,
    );
    const groups: Groups = { underWay: false, awaited: undefined };
    const memory = openMemoryStore({
      disk: this.disk,
      schedule: (run) => this.#onDisc(life, draws, run),
      groups: this.#watch(groups),
    });
    const process: Process = { life, memory, groups, core: undefined };
    this.#process = process;
    this.applyMood();
    ServerCore.start({
      env: life,
      log: this.#log(),
      store: memory.store,
      settings: this.#settings(),
      modules: serverModules,
      ...(this.#network === undefined ? {} : { federation: this.#network.meansOf(this, life) }),
      observer: {
        tally: { stanzasReceived: 0, stanzasSent: 0, bytesReceived: 0, bytesSent: 0, acksSent: 0 },
        limitHit: (limit) => this.#limitHit(limit),
        loginSucceeded: ignore,
        loginFailed: ignore,
        streamClosed: ignore,
      },
    }).then(
      (core) => {
        this.#trace.note(this.#clock.now, `${this.#name}server life ${this.#lives} serves`);
        process.core = core;
        core.wakeHibernated();
        void core.sendWaiting();
      },
      () => {
        if (this.#process !== process || !life.alive) return;
        this.#die("before-durable");
        this.#clock.after(1_000, () => this.start());
      },
    );
  }

  /** Tells the store how the disc behaves now. */
  applyMood(): void {
    const faults = this.#process?.memory.faults;
    faults?.failCommits(this.mood.commits?.kind, this.mood.commits?.answerLost);
    faults?.failReads(this.mood.readsFail ? "unavailable" : undefined);
    faults?.resize(this.mood.charsMax);
  }

  /** Lets a connection in; false while nobody listens. */
  accept(connection: Connection): boolean {
    const core = this.core;
    if (core === undefined) return false;
    this.hold(connection);
    this.#whenItRuns(() => core.links.accept(connection.transport, policy));
    return true;
  }

  /** Lets in somebody who says that he is a component. */
  acceptComponent(connection: Connection): boolean {
    const { core } = this;
    if (core === undefined) return false;
    this.hold(connection);
    this.#whenItRuns(() => core.components.accept(connection.transport));
    return true;
  }

  acceptServer(transport: Transport): boolean {
    const { core } = this;
    if (core !== undefined) this.#whenItRuns(() => core.acceptServer(transport));
    return core !== undefined;
  }

  /** The system takes connections for a process that stands still. */
  #whenItRuns(run: () => void): void {
    const { life } = this;
    if (life?.hangs === true) life.later(0, run);
    else run();
  }

  /** Tells it when the process is gone. */
  hold(held: Held): void {
    this.#connections.add(held);
    for (const known of this.#connections) if (known.over) this.#connections.delete(known);
  }

  /**
   * kill -9, when the disc has a group of commits or at any time, after so many more deferred calls or when there are none for
   * long, and a new process after a while.
   */
  kill(options: {
    readonly group?: number;
    readonly steps: number;
    readonly when: "before-durable" | "answer-lost";
    readonly downMs: number;
    readonly noticedMs: () => number | undefined;
  }): void {
    const process = this.#process;
    if (process?.core === undefined) return;
    let done = false;
    const now = (): void => {
      if (done || this.#process !== process || !process.life.alive) return;
      done = true;
      this.#trace.note(this.#clock.now, `${this.#name}server killed`);
      this.#hits.kills += 1;
      if (process.groups.underWay) this.#hits.killsWithinCommit += 1;
      this.#die(options.when);
      for (const connection of this.#connections) connection.serverDied(options.noticedMs());
      this.#connections.clear();
      this.#clock.after(options.downMs, () => this.start());
    };
    const { group, steps } = options;
    const soon = (): void => {
      // Behind what goes on at this moment, and ahead of the disc's answer.
      if (group !== undefined && steps === 0) this.#clock.after(0, now);
      else process.life.afterSteps(steps, now);
    };
    if (group === undefined) soon();
    else process.groups.awaited = { left: group, run: soon };
    this.#clock.after(2_000, now);
  }

  /** The server stops as it should, and starts again. */
  restart(downMs: number): void {
    const process = this.#process;
    const core = process?.core;
    if (process === undefined || core === undefined) return;
    this.#trace.note(this.#clock.now, `${this.#name}server stops`);
    const stopped = (): void => {
      if (!process.life.alive) return;
      // Only what was stopped: it may have been killed while it stopped.
      this.#trace.note(this.#clock.now, `${this.#name}server stopped`);
      process.life.later(0, () => {
        this.#die("before-durable");
        for (const connection of this.#connections) connection.serverDied(1);
        this.#connections.clear();
        this.#clock.after(downMs, () => this.start());
      });
    };
    core.stop(5_000).then(stopped, (error: unknown) => this.#bug("stop failed", error));
  }

  /** Messages in the archive of an account, as they are on the disk, the oldest first. */
  archivedRows(account: string): readonly ArchivedMessage[] {
    const rows = this.disk.sortedArchive(archivedMessages.name, account);
    return rows.flatMap(({ id, value }) => {
      const message = / id='(m\d+)'/u.exec(value)?.[1];
      return message === undefined ? [] : [{ archiveId: id, message }];
    });
  }

  /** An account and the credentials that it logs in with: the password is the localpart. */
  createAccount(address: string): void {
    const jid = parseJid(address);
    if (jid === undefined || this.core === undefined) throw new Error(`${address} cannot be created`);
    this.core.accounts.create(jid, localpartOf(jid) ?? "").catch((error: unknown) => this.#bug("create failed", error));
  }

  #settings(): CoreSettings {
    const manners = this.#network === undefined ? undefined : this.manners;
    const settings = settingsFor(this.#domains, this.archives, manners);
    if (this.#component === undefined) return settings;
    const component = { domain: this.#component, secret: componentSecret, subdomains: false } as const;
    return { ...settings, components: [{ ...component, conflict: "replace-old" }] };
  }

  #die(when: "before-durable" | "answer-lost"): void {
    const process = this.#process;
    this.#process = undefined;
    process?.life.kill();
    process?.memory.faults.crash(when);
  }

  #watch(groups: Groups): GroupWatch {
    return {
      begins: () => {
        groups.underWay = true;
        const { awaited } = groups;
        if (awaited === undefined) return;
        awaited.left -= 1;
        if (awaited.left > 0) return;
        groups.awaited = undefined;
        awaited.run();
      },
      ends: (failure) => {
        groups.underWay = false;
        if (failure === "full" && this.mood.commits === undefined) this.#hits.groupsWithoutRoom += 1;
      },
    };
  }

  #limitHit(limit: LimitName): void {
    this.#trace.note(this.#clock.now, `limit ${limit}`);
    if (limit === "unsent-bytes") this.#hits.queuesOverrun += 1;
  }

  #onDisc(life: ServerLife, draws: Draws, run: () => void): void {
    life.later(draws.between(0, this.mood.delayMsMax), run);
  }

  #bug(what: string, error: unknown): void {
    this.bugs.push(`${what}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }

  /** What is logged as an error is a bug, whether or not somebody noticed. */
  #log(): Log {
    const note =
      (level: string): Log["info"] =>
      (_, text) =>
        this.#trace.note(this.#clock.now, `${level} ${text}`);
    return {
      debug: note("debug"),
      info: note("info"),
      warn: note("warn"),
      error: (fields, text) => this.#bug(text, fields["error"] ?? fields),
    };
  }
}

const configuredValues: ReadonlyMap<string, unknown> = new Map([
  ["messages.offline_messages_max", offlineMessagesMax],
  // A world lives for some minutes: tokens are to change hands in it.
  ["fast.rotate_hours", 0.01],
]);

const policy = { startTls: "none", plainWithoutTls: false } as const;

function settingsFor(
  domains: readonly [DomainJid, ...DomainJid[]],
  archives: boolean,
  manners: Manners | undefined,
): CoreSettings {
  const hostOf = (domain: DomainJid): CoreSettings["hosts"][0] => ({
    domain,
    contacts: {},
    ...(manners && { federation: policyOf(manners) }),
    enabled: (module) => (module.name === "archive" ? archives : module.onByDefault !== false),
    configured: (module, option) => configuredValues.get(`${module.name}.${option.key}`),
  });
  const [first, ...others] = domains;
  return {
    hosts: [hostOf(first), ...others.map(hostOf)],
    // Log-ins are many and their strength is not what is looked at.
    sasl: { ...defaultSaslServerPolicy, scramIterations: 16, scramHashes: ["SHA-1"] },
    link: {
      ...worldLinkLimits,
      pingAfterMs: 25_000,
      pingAnswerMsMax: 10_000,
      ackAnswerMsMax: 30_000,
      negotiationMsMax: 20_000,
      unsentBytesMax,
    },
    session: { resumeSecondsMax, unacknowledged: { entriesMax: 400, bytesMax: unacknowledgedBytesMax } },
    ...(manners && { federation: limitsOf(manners) }),
    resourceConflict: "replace-old",
    sessionsPerAccountMax: 20,
    mailboxStanzasMax: 10_000,
    failedLogins: undefined,
    failedLoginsPerConnectionMax: 5,
    components: [],
    componentLimits: {
      ...componentDefaults,
      queueBytesMax: componentQueueBytesMax,
      link: { ...componentDefaults.link, unsentBytesMax },
    },
    jidCacheEntriesMax: 1_000,
    tombstoneMs: 30 * 24 * 3_600_000,
  };
}

/** @throws Error for what is no domain */
export function domainNamed(text: string): DomainJid {
  const jid = parseJid(text);
  if (jid === undefined || !isDomain(bareOf(jid))) throw new Error(`${text} is no domain`);
  return domainOf(jid);
}

function ignore(): void {}
