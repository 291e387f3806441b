import type { Socket } from "node:net";
import type { DomainJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import type { AddressGuard } from "../dns/address-ranges.ts";
import { DnsError } from "../dns/dns-answer.ts";
import type { DnsResolver } from "../dns/dns-resolver.ts";
import { SocketTransport, type SocketTransportParts, type StartTls } from "../tcp/socket-transport.ts";
import { peerChannel, startPeerTls, type PeerTlsParts } from "../tls/peer-tls.ts";
import { addressesOf, type DialAddresses } from "./dial-addresses.ts";
import { connections } from "./dial-race.ts";
import { serversOf, type DialRoute, type DialServer } from "./dial-servers.ts";
import { DialError, type Dialled, type Dialer, type DialRequest } from "./dialer.ts";

/** What the configuration says; asked at each dial, so that a reload changes it. */
export interface DialSettings {
  readonly guard: AddressGuard;
  readonly routes: readonly DialRoute[];
  /** Whether the resolvers validate, and may be believed when they say so. */
  readonly validating: boolean;
  /** How long connecting to one address may take. */
  readonly connectMsMax: number;
}

export interface NetworkDialerParts {
  readonly env: Pick<Env, "setTimer" | "entropy">;
  readonly log: Log;
  readonly resolver: Pick<DnsResolver, "resolve">;
  readonly tls: PeerTlsParts;
  readonly settings: () => DialSettings;
  /** Makes room for a connection, until what it returns is called; undefined when there is none. */
  readonly makeRoom: () => (() => void) | undefined;
}

/** What went wrong at one place. */
interface Setback {
  readonly place: string;
  readonly reason: string;
}

/** Finds other domains' servers by DNS, and connects to them by TCP. [rfc3920-2.5-02] */
export class NetworkDialer implements Dialer {
  readonly #parts: NetworkDialerParts;

  constructor(parts: NetworkDialerParts) {
    this.#parts = parts;
  }

  async *dial(request: DialRequest): AsyncGenerator<Dialled, never, undefined> {
    const { remote, signal } = request;
    const settings = this.#parts.settings();
    const attempt: DialAttempt = { ...request, settings, setbacks: [], tried: new Set() };
    const servers = await this.#servers(attempt);
    // Nothing is said to anybody before it is known where they are.
    // [rfc6120-3.1-01] [rfc6120-13.9.2-01] [rfc3920-5.1-04] [rfc3920-6.1-01] [rfc3920-8.1-03] [rfc3920-14.4-06]
    // Without a word of the domain, a machine that is not there means that there is no such server; with one, that it is
    // away. RFC 6120 §8.3.3.16, §8.3.3.17
    let hasServer = servers.some(({ isNamed }) => isNamed);
    let isRefused = true;
    for (const server of servers) {
      const found = await this.#addresses(server, attempt);
      if (found === undefined) {
        hasServer = true;
        isRefused = false;
        continue;
      }
      if (found.addresses.length > 0) isRefused = false;
      const addresses = newPlaces(server, found.addresses, attempt.tried);
      for await (const dialled of this.#connect(server, { ...found, addresses }, attempt)) {
        hasServer = true;
        yield dialled;
      }
    }
    signal.throwIfAborted();
    const told = attempt.setbacks.map(({ place, reason }) => `${place}: ${reason}`).join("; ");
    const condition = hasServer && !isRefused ? "remote-server-timeout" : "remote-server-not-found";
    throw new DialError(condition, `no server of ${remote} can be reached${told === "" ? "" : ` (${told})`}`);
  }

  async #servers(attempt: DialAttempt): Promise<readonly DialServer[]> {
    const { resolver, env } = this.#parts;
    const { remote, signal, settings } = attempt;
    const { routes, validating } = settings;
    try {
      return await serversOf(remote, { resolver, env, routes, validating }, signal);
    } catch (cause) {
      // Nobody knows whether the domain exists. RFC 6120 §8.3.3.17
      if (cause instanceof DnsError) throw new DialError("remote-server-timeout", cause.message, { cause });
      throw cause;
    }
  }

  /** Undefined when they could not be found out. */
  async #addresses(server: DialServer, attempt: DialAttempt): Promise<DialAddresses | undefined> {
    const { resolver, env, log } = this.#parts;
    const { signal, settings, setbacks, remote } = attempt;
    const { guard, validating } = settings;
    try {
      const found = await addressesOf(server, { resolver, env, guard, validating }, signal);
      if (found.refused.length > 0) {
        log.warn(
          { remote, server: server.host, addresses: found.refused },
          "a domain leads into a network that is not public; list it in [s2s] allowed_networks if that is meant",
        );
      }
      for (const address of found.refused) setbacks.push({ place: address, reason: "not a public address" });
      if (found.addresses.length + found.refused.length === 0)
        setbacks.push({ place: server.host, reason: "has no address" });
      return found;
    } catch (error) {
      if (!(error instanceof DnsError)) throw error;
      setbacks.push({ place: server.host, reason: error.message });
      return undefined;
    }
  }

  async *#connect(
    server: DialServer,
    found: DialAddresses,
    attempt: DialAttempt,
  ): AsyncGenerator<Dialled, void, undefined> {
    const { env, log, makeRoom } = this.#parts;
    const { remote, signal, settings, setbacks } = attempt;
    const { host, port, directTls } = server;
    const sockets = connections(found.addresses, {
      env,
      port,
      connectMsMax: settings.connectMsMax,
      signal,
      makeRoom,
      failed: (address, reason) => {
        setbacks.push({ place: `${address} port ${port}`, reason });
        log.debug({ remote, server: host, address, port, reason }, "a server cannot be connected to");
      },
    });
    for await (const socket of sockets) {
      const address = socket.remoteAddress ?? "";
      const transport = await this.#transport(socket, server, attempt);
      if (transport === undefined) {
        setbacks.push({ place: `${address} port ${port}`, reason: "TLS handshake failed" });
        continue;
      }
      const { validated, tlsa } = found;
      log.debug({ remote, server: host, address, port, directTls, validated }, "connected to a server");
      yield { transport, place: { host, port, address, directTls, validated, tlsa } };
    }
  }

  /** What is TLS from the first byte is so before anybody sees it; on the others TLS begins later, when asked. */
  async #transport(
    socket: Socket,
    { directTls }: DialServer,
    attempt: DialAttempt,
  ): Promise<SocketTransport | undefined> {
    const startTls = this.#startTls(attempt, directTls);
    // [xep0368-3-04]
    if (!directTls) return new SocketTransport(socket, undefined, { startTls, channelOf: peerChannel });
    // [xep0368-3-03]
    const { promise, resolve } = Promise.withResolvers<SocketTransport | undefined>();
    const aborted = (): void => void socket.destroy();
    attempt.signal.addEventListener("abort", aborted);
    startTls(socket, undefined, (secured) => {
      attempt.signal.removeEventListener("abort", aborted);
      resolve(secured && new SocketTransport(secured, peerChannel(secured), protectedAlready));
    });
    return promise;
  }

  #startTls({ local, remote }: DialAttempt, direct: boolean): StartTls {
    return (socket, _, secured) => startPeerTls(socket, { local, remote, direct }, this.#parts.tls, secured);
  }
}

/** The same for all: it lives as long as they do. [xep0368-3-06] */
const protectedAlready: SocketTransportParts = { startTls: undefined, channelOf: peerChannel };

interface DialAttempt extends DialRequest {
  readonly local: DomainJid;
  readonly settings: DialSettings;
  readonly setbacks: Setback[];
  /** Addresses with their ports. */
  readonly tried: Set<string>;
}

/**
 * Those that were not tried yet under another name, and not too many: strangers make us connect to where their records
 * lead, which may be somebody whom they want to be bothered (A36).
 */
function newPlaces(
  { directTls, port }: DialServer,
  addresses: readonly string[],
  tried: Set<string>,
): readonly string[] {
  return addresses.filter((address) => {
    const place = `${address} ${port}${directTls ? " TLS" : ""}`;
    if (tried.has(place) || tried.size >= placesMax) return false;
    tried.add(place);
    return true;
  });
}

/** Addresses, with their ports, that are tried for one domain. */
const placesMax = 32;
