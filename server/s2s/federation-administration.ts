import { AdministrationError } from "#kit/administration-error.ts";
import { listEntriesMax } from "#kit/administration-values.ts";
import type { ServerAdministration } from "#kit/administration.ts";
import type { DomainJid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { ServerCore } from "../core.ts";
import type { Federation } from "./federation.ts";
import type { Route } from "./route.ts";
import { RouteFailure } from "./route-failure.ts";
import type { ServerStream } from "./server-stream.ts";

type Operations = "listServers" | "connectServer" | "closeServer";

/** What administrators do with streams to and from other servers. */
export function federationAdministration(core: ServerCore): Pick<ServerAdministration, Operations> {
  const federationOf = (): Federation => {
    if (core.federation !== undefined) return core.federation;
    throw new AdministrationError("not-running", "only a running server has streams with others");
  };
  return {
    listServers: async ({ domain }) => {
      const { streams, routes } = federationOf();
      const wanted = (remote: DomainJid): boolean => domain === undefined || remote === domain;
      return {
        streams: [...streams].flatMap((stream) => pairsOf(stream, wanted)).slice(0, listEntriesMax),
        routes: [...routes]
          .filter(({ pair }) => wanted(pair.remote))
          .map(routeOf)
          .slice(0, listEntriesMax),
      };
    },

    connectServer: async ({ domain, host }) => {
      const [first] = core.hosts.keys();
      const local = host ?? first;
      if (local === undefined || !core.serves(local))
        throw new AdministrationError("not-found", `${local} is not a host of this server`);
      if (core.serves(domain)) throw new AdministrationError("invalid", `${domain} is served here`);
      try {
        const stream = await federationOf().connect({ local, remote: domain });
        return { local, remote: domain, stream: stream.id, managed: stream.managed };
      } catch (error) {
        if (error instanceof RouteFailure)
          throw new AdministrationError("unavailable", error.message, { cause: error });
        if (error instanceof StanzaError && error.condition === "not-allowed")
          throw new AdministrationError(
            "not-allowed",
            `balcony.toml does not let ${local} talk to ${domain}; look at enabled, allow and block in [s2s] and in the host's own s2s`,
            { cause: error },
          );
        if (error instanceof StanzaError)
          throw new AdministrationError("not-allowed", error.text ?? error.condition, { cause: error });
        throw error;
      }
    },

    closeServer: async ({ domain }) => {
      const closed = federationOf().close(domain);
      if (closed === 0) throw new AdministrationError("not-found", `there is no stream with ${domain}`);
      return { domain, closed };
    },
  };
}

type Listed = Awaited<ReturnType<ServerAdministration["listServers"]>>;

function pairsOf(stream: ServerStream, wanted: (remote: DomainJid) => boolean): Listed["streams"] {
  const { remoteAddress } = stream;
  const pairs = [...stream.pairs.values()].filter(({ remote }) => wanted(remote));
  return pairs.map(({ local, remote, ways }) => ({
    stream: stream.id,
    local,
    remote,
    ways,
    openedBy: stream.initiated ? "us" : "them",
    state: stream.state,
    managed: stream.managed,
    ...(remoteAddress !== undefined && { remoteAddress }),
    since: new Date(stream.since).toISOString(),
    usedAt: new Date(stream.usedAt).toISOString(),
    unproven: stream.owed,
  }));
}

function routeOf(route: Route): Listed["routes"][number] {
  const { pair, waiting, trouble } = route;
  const state = route.stream !== undefined ? "open" : route.connecting ? "connecting" : undefined;
  return {
    ...pair,
    state: state ?? (trouble === undefined ? "idle" : "failing"),
    waiting: waiting.stanzas,
    waitingBytes: waiting.bytes,
    ...(trouble !== undefined && {
      reason: trouble.failure.message,
      retryAt: new Date(trouble.retryAt).toISOString(),
    }),
  };
}
