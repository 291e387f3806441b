import { bareOf, domainOf, isDomain, localpartOf, parseJid, resourceOf } from "#protocol/jid/jid.ts";
import { unboundChannel, type SecureChannel } from "#protocol/stream/secure-channel.ts";
import { defaultSaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import { defaultXmlLimits } from "#protocol/xml/limits.ts";
import type { Env } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import type { ServerModule } from "#kit/server-module.ts";
import type { Store } from "#kit/storage.ts";
import { ServerCore } from "#server/core.ts";
import type { CoreSettings, HostSettings, ListenerPolicy } from "#server/core-settings.ts";
import type { Tally } from "#server/tally.ts";
import { defaultComponentLimits } from "#server/components/component-settings.ts";
import type { LinkLimits } from "#server/link/link-limits.ts";
import { serverModules } from "#server/modules.generated.ts";
import { defaultSessionLimits } from "#server/session/session-limits.ts";
import { MemoryDisk } from "#server/storage/memory-disk.ts";
import { openMemoryStore, type MemoryStore, type MemoryStoreFaults } from "#server/storage/memory-store.ts";
import type { StanzaFates } from "#server/s2s/federation-observer.ts";
import type { FederationPolicy } from "#server/s2s/policy.ts";
import type { MemoryNetwork } from "./memory-network.ts";
import { MemoryTransport } from "./memory-transport.ts";
import { ScriptedClient } from "./scripted-client.ts";
import { ScriptedComponent } from "./scripted-component.ts";
import { VirtualEnv } from "./virtual-env.ts";

export interface WorldOptions {
  /** Domains that the server speaks for. Default: capulet.example and montague.example. */
  readonly domains?: readonly string[];
  /** Accounts that exist, as bare JIDs; the password of each is its localpart. */
  readonly accounts?: readonly string[];
  readonly settings?: Partial<CoreSettings>;
  /** Values of modules' options: "offline.messages_max" → 3. */
  readonly options?: Readonly<Record<string, unknown>>;
  readonly modules?: readonly ServerModule[];
  readonly contacts?: HostSettings["contacts"];
  readonly seed?: string;
  /** Where clients are told to come back to. */
  readonly location?: string;
  /** The clock that it shares with others; default: its own. */
  readonly env?: VirtualEnv;
  /** Where it meets other servers; default: nowhere. */
  readonly network?: MemoryNetwork;
  /** What it asks of them. */
  readonly federation?: Partial<FederationPolicy>;
  /** What an earlier server left, which has crashed; its accounts are there. Another seed makes it another process. */
  readonly disk?: MemoryDisk;
}

/** A line that the server logged. */
export interface LoggedLine {
  readonly level: "debug" | "info" | "warn" | "error";
  readonly text: string;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A whole server with its clients in one process, on a clock that moves when told. */
export interface World extends AsyncDisposable {
  readonly env: VirtualEnv;
  readonly core: ServerCore;
  readonly store: Store;
  readonly faults: MemoryStoreFaults;
  /** From now on the disc takes so long for each thing; 0: no time. */
  readonly slowDisc: (delayMs: number) => void;
  readonly disk: MemoryDisk;
  readonly log: readonly LoggedLine[];
  /** Names of the limits that were hit, each time. */
  readonly limitsHit: readonly string[];
  /** What became of the stanzas on streams with other servers that broke, stream by stream. */
  readonly brokenStreams: readonly StanzaFates[];
  /** How many errors for other servers were dropped. */
  readonly errorsDropped: () => number;
  readonly tally: Tally;
  /** A connection with nothing said on it; `clear` for one without TLS. */
  readonly connect: (options?: {
    readonly clear?: boolean;
    readonly address?: string;
    /** What its TLS is like; nothing to bind to and no certificate by default. */
    readonly channel?: SecureChannel;
  }) => ScriptedClient;
  /** A component's connection with nothing said on it (XEP-0114). */
  readonly connectComponent: (options?: { readonly address?: string }) => ScriptedComponent;
  /** A client that is logged in and bound, and has sent nothing else. */
  readonly login: (jid: string) => Promise<ScriptedClient>;
  /**
   * The server ends, in peace or by kill -9, and another one starts on the same disc. What connections there were are gone;
   * `core`, `store` and `faults` are the new one's.
   */
  readonly restart: (how?: {
    readonly killed?: boolean;
    readonly downMs?: number;
    readonly domains?: readonly string[];
  }) => Promise<void>;
  /** Lets everything happen that is due. */
  readonly settle: () => Promise<void>;
  readonly advance: (ms: number) => Promise<void>;
}

const policy: ListenerPolicy = { startTls: "required", plainWithoutTls: false };

/** A server process: its core works until it is killed, and does nothing more afterwards. */
interface Life {
  readonly core: ServerCore;
  readonly memory: MemoryStore;
  readonly kill: () => void;
}

/** Starts a server in memory. */
export async function startWorld(options: WorldOptions = {}): Promise<World> {
  const env = options.env ?? new VirtualEnv(options.seed ?? "balcony");
  const { network } = options;
  const domains = options.domains ?? defaultDomains;
  let current: ServerCore | undefined;
  const ownAddress = addressOf(domains);
  network?.add({ core: () => current, domains, address: ownAddress });
  const disk = options.disk ?? new MemoryDisk();
  let discMs = 0;
  const listener = { ...policy, location: options.location };
  const log: LoggedLine[] = [];
  const limitsHit: string[] = [];
  const brokenStreams: StanzaFates[] = [];
  let errorsDropped = 0;
  const tally = { stanzasReceived: 0, stanzasSent: 0, bytesReceived: 0, bytesSent: 0, acksSent: 0 };
  const transports = new Set<MemoryTransport>();
  const begin = async (changed: Partial<WorldOptions> = {}): Promise<Life> => {
    let alive = true;
    const lively = (run: () => void) => (): void => {
      if (alive) run();
    };
    const lifeEnv: Env = {
      // As they are when they are asked: scenarios put others in their place.
      now: () => env.now(),
      entropy: (bytes) => env.entropy(bytes),
      deriveKey: (request) => env.deriveKey(request),
      defer: (run) => env.defer(lively(run)),
      setTimer: (delayMs, run) => env.setTimer(delayMs, lively(run)),
    };
    const memory = openMemoryStore({
      disk,
      schedule: (run) => (discMs === 0 ? lifeEnv.defer(run) : void lifeEnv.setTimer(discMs, run)),
    });
    const starting = ServerCore.start({
      env: lifeEnv,
      log: recordTo(log),
      store: memory.store,
      settings: settingsOf({ ...options, ...changed }),
      modules: options.modules ?? serverModules,
      ...(network !== undefined && {
        federation: { dialer: network.dialerOf(changed.domains ?? domains, ownAddress), trust: network.trust },
      }),
      observer: {
        tally,
        limitHit: (limit) => void limitsHit.push(limit),
        streamBroke: (fates) => void brokenStreams.push(fates),
        errorDropped: () => {
          errorsDropped += 1;
        },
        loginSucceeded: ignore,
        loginFailed: ignore,
        streamClosed: ignore,
      },
    });
    const core = await settled(env, starting);
    current = core;
    core.wakeHibernated();
    void core.sendWaiting();
    await env.settle();
    return {
      core,
      memory,
      kill: () => {
        alive = false;
        current = undefined;
        memory.faults.crash("before-durable");
      },
    };
  };
  let life = await begin();
  for (const account of options.accounts ?? []) {
    const jid = parseJid(account);
    if (jid === undefined) throw new Error(`${account} is no address`);
    const outcome = await settled(env, life.core.accounts.create(jid, localpartOf(jid) ?? ""));
    if (!outcome.ok) throw new Error(outcome.text);
  }
  const settle = (): Promise<void> => env.settle();
  const connect: World["connect"] = ({ clear = false, address = "192.0.2.1", channel = unboundChannel } = {}) =>
    new ScriptedClient({
      settle,
      connect: (received) => {
        const transport = new MemoryTransport({
          env,
          received,
          remoteAddress: address,
          ...(clear ? {} : { channel }),
        });
        transports.add(transport);
        life.core.links.accept(transport, listener);
        return transport;
      },
    });
  const connectComponent: World["connectComponent"] = ({ address = "127.0.0.1" } = {}) =>
    new ScriptedComponent({
      settle,
      connect: (received) => {
        const transport = new MemoryTransport({ env, received, remoteAddress: address });
        transports.add(transport);
        life.core.components.accept(transport);
        return transport;
      },
    });
  return {
    env,
    get core() {
      return life.core;
    },
    get store() {
      return life.memory.store;
    },
    get faults() {
      return life.memory.faults;
    },
    slowDisc: (delayMs) => {
      discMs = delayMs;
    },
    disk,
    log,
    limitsHit,
    brokenStreams,
    errorsDropped: () => errorsDropped,
    tally,
    settle,
    connect,
    connectComponent,
    restart: async ({ killed = false, downMs = 0, domains } = {}) => {
      if (!killed) {
        const stopping = life.core.stop(stopMsMax);
        await env.advance(2 * stopMsMax);
        await stopping;
      }
      life.kill();
      for (const transport of transports) transport.cut();
      transports.clear();
      network?.cutAllOf(ownAddress);
      await env.advance(downMs);
      life = await begin(domains === undefined ? {} : { domains });
    },
    advance: (ms) => env.advance(ms),
    login: async (address) => {
      const jid = parseJid(address);
      if (jid === undefined) throw new Error(`${address} is no address`);
      const client = connect();
      const user = localpartOf(jid) ?? "";
      await client.authenticate(user, domainOf(jid), user);
      await client.bind(resourceOf(jid) ?? "");
      return client;
    },
    [Symbol.asyncDispose]: async () => {
      await settled(env, life.core.stop(0));
    },
  };
}

const defaultDomains: readonly string[] = ["capulet.example", "montague.example"];

/** What hosts ask of other servers, unless a scenario says otherwise. */
export const worldFederation: FederationPolicy = { security: "dialback", admits: () => true, bidirectional: false };

/** Each server has an address of its own, made of its first domain. */
function addressOf([first = ""]: readonly string[]): string {
  return `198.51.100.${Buffer.from(first).reduce((sum, byte) => (sum * 31 + byte) % 250, 1)}`;
}

/** How long a server that stops in peace may take, in milliseconds. */
const stopMsMax = 5_000;

/** The bounds of every connection, unless a scenario says otherwise. */
export const worldLinkLimits: LinkLimits = {
  xml: defaultXmlLimits,
  xmlBeforeAuthentication: { ...defaultXmlLimits, elementBytesMax: 16_384 },
  bytesRate: undefined,
  stanzasRate: undefined,
  addressBytesRate: undefined,
  addressStanzasRate: undefined,
  pingAfterMs: undefined,
  pingAnswerMsMax: 60_000,
  // A scripted client answers nothing by itself.
  ackAnswerMsMax: 3_600_000,
  negotiationMsMax: 60_000,
  closingMsMax: 5_000,
  unsentBytesMax: 1_048_576,
};

function settingsOf(options: WorldOptions): CoreSettings {
  const [first, ...others] = (options.domains ?? defaultDomains).map((domain): HostSettings => {
    const jid = parseJid(domain);
    if (jid === undefined || !isDomain(bareOf(jid))) throw new Error(`${domain} is no domain`);
    return {
      domain: domainOf(jid),
      contacts: options.contacts ?? {},
      enabled: (module) => (options.options?.[module.name] ?? module.onByDefault !== false) === true,
      configured: (module, option) => options.options?.[`${module.name}.${option.key}`],
      ...(options.network !== undefined && { federation: { ...worldFederation, ...options.federation } }),
    };
  });
  if (first === undefined) throw new Error("a world has a domain");
  return {
    hosts: [first, ...others],
    sasl: { ...defaultSaslServerPolicy, scramIterations: 4096, scramHashes: ["SHA-1"], scramOffered: ["SHA-1"] },
    link: worldLinkLimits,
    session: defaultSessionLimits,
    resourceConflict: "replace-old",
    sessionsPerAccountMax: 20,
    mailboxStanzasMax: 10_000,
    failedLogins: undefined,
    failedLoginsPerConnectionMax: 5,
    components: [],
    componentLimits: defaultComponentLimits(worldLinkLimits),
    jidCacheEntriesMax: 1_000,
    tombstoneMs: 30 * 24 * 3_600_000,
    ...options.settings,
  };
}

/** Waits for a promise of the server's while the virtual world goes on. */
async function settled<T>(env: VirtualEnv, promise: Promise<T>): Promise<T> {
  const guarded = promise.catch(ignore);
  await env.settle();
  await Promise.race([guarded, env.advance(0)]);
  return promise;
}

function recordTo(lines: LoggedLine[]): Log {
  const line =
    (level: LoggedLine["level"]): Log["info"] =>
    (fields, text) =>
      void lines.push({ level, fields, text });
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

function ignore(): void {}
