import type { Env } from "#kit/env.ts";
import type { Transport } from "#server/link/transport.ts";
import { DialError, type Dialled, type Dialer, type DialRequest } from "#server/s2s/dialer.ts";
import type { PeerTrust, TrustQuestion, TrustVerdict } from "#server/trust/peer-trust.ts";
import { MemoryWire } from "./memory-wire.ts";

/** What becomes of connections to a domain. */
export type Reachability = "reachable" | "not-found" | "refused" | "hangs";

/** A server as others see it. */
export interface NetworkServer {
  /** Who takes connections; undefined while it is down. */
  readonly core: () => { readonly acceptServer: (transport: Transport) => void } | undefined;
  readonly domains: readonly string[];
  readonly address: string;
}

/** The network that several servers of a scenario share: who serves which domain, and which wires there are. */
export class MemoryNetwork {
  /** Every connection that was made, in order. */
  readonly wires: MemoryWire[] = [];
  /** Domains to which connections were tried, each time. */
  readonly dialled: string[] = [];
  /** Connect with TLS from the first byte. */
  direct = false;
  /** Domains whose server shows no certificate that proves anything. */
  readonly unproven = new Set<string>();
  /** What is done with each wire before anybody uses it. */
  prepare: (wire: MemoryWire) => void = () => undefined;
  readonly #reachability = new Map<string, Reachability>();
  readonly #servers: NetworkServer[] = [];
  readonly #env: Env;

  constructor(env: Env) {
    this.#env = env;
  }

  add(server: NetworkServer): void {
    this.#servers.push(server);
  }

  set(domain: string, reachability: Reachability): void {
    this.#reachability.set(domain, reachability);
  }

  /** How the server with these domains reaches the others. */
  dialerOf(domains: readonly string[], address: string): Dialer {
    return { dial: (request) => this.#dial(request, domains, address) };
  }

  readonly trust: PeerTrust = {
    check: async (question) => this.verdictOn(question, this.#judge(question)),
  };

  /** What becomes of a verdict on a certificate: another one, or the same one later. */
  verdictOn: (question: TrustQuestion, verdict: TrustVerdict) => TrustVerdict | Promise<TrustVerdict> = (_, verdict) =>
    verdict;

  /** A connection between two of them, which the acceptor does not know of yet. */
  wire(from: Pick<NetworkServer, "domains" | "address">, to: Pick<NetworkServer, "domains" | "address">): MemoryWire {
    const wire = new MemoryWire({
      env: this.#env,
      certificates: { dialler: this.#chainOf(from.domains), acceptor: this.#chainOf(to.domains) },
      addresses: { dialler: from.address, acceptor: to.address },
      direct: this.direct,
    });
    this.wires.push(wire);
    this.prepare(wire);
    return wire;
  }

  serverOf(domain: string): NetworkServer | undefined {
    return this.#servers.find(({ domains }) => domains.includes(domain));
  }

  /** All connections of a server break: it is gone. */
  cutAllOf(address: string): void {
    for (const wire of this.wires) if (wire.addresses.includes(address)) wire.cut();
  }

  /** What a server of these domains shows of itself. */
  #chainOf(domains: readonly string[]): readonly Uint8Array[] {
    const proven = domains.filter((domain) => !this.unproven.has(domain));
    return proven.length === 0 ? [] : [new TextEncoder().encode(proven.join(" "))];
  }

  #judge({ chain: [leaf], remote }: TrustQuestion): TrustVerdict {
    const names = new TextDecoder().decode(leaf).split(" ");
    return names.includes(remote)
      ? { trusted: true, by: "pkix", until: Infinity }
      : { trusted: false, reason: `the certificate is not ${remote}'s` };
  }

  async *#dial(
    { remote, signal }: DialRequest,
    domains: readonly string[],
    address: string,
  ): AsyncGenerator<Dialled, never, undefined> {
    this.dialled.push(remote);
    const server = this.serverOf(remote);
    const reachability = this.#reachability.get(remote) ?? (server === undefined ? "not-found" : "reachable");
    if (reachability === "not-found" || server === undefined)
      throw new DialError("remote-server-not-found", `${remote} is not in DNS`);
    if (reachability === "hangs") await aborted(signal);
    const core = server.core();
    if (reachability === "reachable" && core !== undefined) {
      const wire = this.wire({ domains, address }, server);
      core.acceptServer(wire.acceptor);
      yield {
        transport: wire.dialler,
        place: {
          host: remote,
          port: this.direct ? 5270 : 5269,
          address: server.address,
          directTls: this.direct,
          validated: false,
          tlsa: [],
        },
      };
    }
    throw new DialError("remote-server-timeout", `${remote} does not accept connections`);
  }
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(new DialError("remote-server-timeout", "aborted")), { once: true });
  });
}
