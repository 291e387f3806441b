import type { DomainJid } from "#protocol/jid/jid.ts";
import type { DomainPair } from "#protocol/stream/servers/domain-pair.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import type { FederationPolicy } from "./policy.ts";
import type { Routes } from "./routes.ts";
import type { ServerStreams } from "./streams.ts";

/** All that goes on with other servers. */
interface Ways {
  readonly streams: ServerStreams;
  readonly routes: Routes;
}

/** A domain of ours is served no more: its streams end, and what waits for it goes back. */
export function withdrawLocal({ streams, routes }: Ways, local: DomainJid): void {
  for (const stream of streams)
    if ([...stream.pairs.values()].some((pair) => pair.local === local)) stream.close(new StreamError("host-gone"));
  for (const route of routes.from(local)) {
    route.giveUp(new StanzaError("remote-server-not-found"));
    routes.remove(route);
  }
}

/** There is a domain more that is ours: nobody else speaks for it from now on, and nothing for it goes elsewhere (A35). */
export function withdrawOurs({ streams, routes }: Ways, isOurs: (domain: DomainJid) => boolean): void {
  for (const stream of streams)
    if ([...stream.pairs.values()].some(({ remote }) => isOurs(remote))) stream.close(domainOfOurs());
  for (const route of routes)
    if (isOurs(route.pair.remote)) {
      route.giveUp(new StanzaError("remote-server-timeout", { text: "this domain has just moved" }));
      routes.remove(route);
    }
}

/** What our domains ask of others has changed: with whom they talk no more nothing goes on, and nothing waits for them. */
export function withdrawNotAdmitted(
  { streams, routes }: Ways,
  policyOf: (local: DomainJid) => FederationPolicy | undefined,
): void {
  const isAdmitted = ({ local, remote }: DomainPair): boolean => policyOf(local)?.admits(remote) === true;
  const text = "this domain is not talked to any more";
  for (const stream of streams)
    if (![...stream.pairs.values()].every(isAdmitted)) stream.close(new StreamError("policy-violation", { text }));
  for (const route of routes)
    if (!isAdmitted(route.pair)) {
      const { local, remote } = route.pair;
      const error = `${local} does not communicate with ${remote} any more`;
      route.giveUp(new StanzaError("not-allowed", { text: error }));
      routes.remove(route);
    }
}

/** For who speaks for a domain of ours. */
export function domainOfOurs(): StreamError {
  return new StreamError("invalid-from", { text: "that is a domain of ours" });
}
