import type { Transport } from "#server/link/transport.ts";
import { DialError, type Dialled, type DialRequest } from "#server/s2s/dialer.ts";
import type { FederationMeans } from "#server/s2s/make-federation.ts";
import type { TrustQuestion, TrustVerdict } from "#server/trust/peer-trust.ts";
import { drawsFor } from "./draws.ts";
import type { Weather } from "./pipe.ts";
import type { ServerLife } from "./server-life.ts";
import { ServerWire, type WireParty } from "./server-wire.ts";
import type { SimClock } from "./sim-clock.ts";
import type { Unreachable } from "./steps.ts";
import type { Trace } from "./trace.ts";

/** A server as the network sees it: one process after the other. */
export interface NetworkedServer {
  readonly address: string;
  readonly domains: readonly string[];
  readonly life: ServerLife | undefined;
  /** Takes a connection that another server made; false while nobody listens. */
  readonly acceptServer: (transport: Transport) => boolean;
  /** Tells the wire when the server's process is gone. */
  readonly hold: (held: {
    readonly over: boolean;
    readonly serverDied: (noticedMs: number | undefined) => void;
  }) => void;
}

/** What becomes of connections to a domain. */
export type Reachability = "reachable" | Unreachable;

/** The network between the servers of a simulated world. */
export class SimNetwork {
  /** Every connection between servers that was made, in order. */
  readonly wires: ServerWire[] = [];
  weather: Weather = { delayMsMin: 1, delayMsMax: 40 };
  /** Domains whose server shows no certificate that proves anything. */
  readonly unproven = new Set<string>();
  /** Told of a wire whose one side is gone, which nobody tells the other. */
  unnoticed: (wire: ServerWire) => void = () => undefined;
  readonly reachability = new Map<string, Reachability>();
  readonly #servers: NetworkedServer[] = [];
  readonly #seed: number;
  readonly #clock: SimClock;

  readonly #trace: Trace;

  constructor(parts: { readonly seed: number; readonly clock: SimClock; readonly trace: Trace }) {
    this.#seed = parts.seed;
    this.#clock = parts.clock;
    this.#trace = parts.trace;
  }

  add(server: NetworkedServer): void {
    this.#servers.push(server);
  }

  /** All of it works again. */
  heal(weather: Weather): void {
    this.reachability.clear();
    this.weather = weather;
    for (const wire of this.wires) {
      if (wire.over) continue;
      wire.setWeather(weather);
      wire.setMute(false);
    }
  }

  /** How a process of a server reaches the others and judges them. */
  meansOf(server: NetworkedServer, life: ServerLife): FederationMeans {
    return {
      dialer: { dial: (request) => this.#dial(server, life, request) },
      trust: { check: (question) => Promise.resolve(judge(question)) },
    };
  }

  async *#dial(
    from: NetworkedServer,
    life: ServerLife,
    { remote, signal }: DialRequest,
  ): AsyncGenerator<Dialled, never, undefined> {
    const draws = drawsFor(this.#seed, `dial ${from.address} ${remote} ${this.wires.length} ${this.#clock.now}`);
    // What a killed process waits for never comes.
    await new Promise<void>((resolve) => life.later(draws.between(1, 100), resolve));
    const to = this.#servers.find(({ domains }) => domains.includes(remote));
    const reachability = this.reachability.get(remote) ?? (to === undefined ? "not-found" : "reachable");
    if (reachability === "not-found" || to === undefined)
      throw new DialError("remote-server-not-found", `${remote} is not in DNS`);
    if (reachability === "dns-fails") throw new DialError("remote-server-timeout", `DNS does not answer for ${remote}`);
    if (reachability === "hangs") await aborted(signal);
    const wire = reachability === "reachable" ? this.#connect(from, life, to) : undefined;
    if (wire !== undefined)
      yield {
        transport: wire.dialler,
        place: { host: remote, port: 5269, address: to.address, directTls: false, validated: false, tlsa: [] },
      };
    throw new DialError("remote-server-timeout", `${remote} does not accept connections`);
  }

  #connect(from: NetworkedServer, life: ServerLife, to: NetworkedServer): ServerWire | undefined {
    if (to.life === undefined) return undefined;
    const number = this.wires.length + 1;
    const wire = new ServerWire({
      clock: this.#clock,
      draws: drawsFor(this.#seed, `wire ${number}`),
      weather: this.weather,
      parties: { dialler: this.#partyOf(from, life), acceptor: this.#partyOf(to, to.life) },
      directTls: false,
      came: (to, bytes) => this.#trace.note(this.#clock.now, `wire ${number} to ${to} < ${bytes}`),
    });
    if (!to.acceptServer(wire.acceptor)) return undefined;
    this.wires.push(wire);
    for (const [server, side] of [[from, "dialler"] as const, [to, "acceptor"] as const])
      server.hold({
        get over() {
          return wire.over;
        },
        serverDied: (noticedMs) => {
          wire.died(side, noticedMs);
          if (noticedMs === undefined) this.unnoticed(wire);
        },
      });
    return wire;
  }

  #partyOf({ address, domains }: NetworkedServer, life: ServerLife): WireParty {
    const proven = domains.filter((domain) => !this.unproven.has(domain));
    return { life, address, chain: proven.length === 0 ? [] : [new TextEncoder().encode(proven.join(" "))] };
  }
}

function judge({ chain: [leaf], remote }: TrustQuestion): TrustVerdict {
  return new TextDecoder().decode(leaf).split(" ").includes(remote)
    ? { trusted: true, by: "pkix", until: Infinity }
    : { trusted: false, reason: `the certificate is not ${remote}'s` };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new DialError("remote-server-timeout", "aborted")), { once: true });
  });
}
