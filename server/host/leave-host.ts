import { StreamError } from "#protocol/stream/stream-error.ts";
import type { Env } from "#kit/env.ts";
import type { AccountRegistry } from "../account/registry.ts";
import type { Link } from "../link/link.ts";
import type { LocalHost } from "./local-host.ts";

/** How often it is looked whether all is done. */
const checkMs = 10;

export interface LeavingParts {
  /** Not among the served ones any more, so that nobody new comes. */
  readonly host: LocalHost;
  readonly env: Env;
  readonly registry: AccountRegistry;
  readonly links: Iterable<Link>;
  /** How long it may take, in milliseconds. */
  readonly deadlineMs: number;
}

/**
 * Ends all that goes on at a host that was removed, while the server runs on: first its streams, then what its accounts
 * have to do and to write, then its modules.
 */
export async function leaveHost({ host, env, registry, links, deadlineMs }: LeavingParts): Promise<void> {
  const end = env.now() + deadlineMs;
  for (;;) {
    // A session may be bound at this very moment by a client that was faster: it ends at the next look.
    for (const account of registry.of(host))
      for (const session of account.sessions.values()) session.end("host-gone", goneText);
    for (const link of links)
      if (link.domain === host.domain) link.close(new StreamError("host-gone", { text: goneText }));
    if (env.now() >= end || !isBusy(registry, host)) break;
    await pause(env);
  }
  registry.rest(registry.of(host));
  while (env.now() < end && isBusy(registry, host)) await pause(env);
  registry.forget(host);
  host.stop();
}

const goneText = "this server does not serve the domain any more";

function isBusy(registry: AccountRegistry, host: LocalHost): boolean {
  for (const account of registry.of(host)) if (account.busy || account.sessions.size > 0) return true;
  return false;
}

function pause(env: Env): Promise<void> {
  return new Promise((resolve) => void env.setTimer(checkMs, resolve));
}
