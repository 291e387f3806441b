import { accountsCount, clientsCount } from "./cast-sizes.ts";
import type { Draws } from "./draws.ts";
import { loadAhead, loadAround } from "./generate-load.ts";
import { actingMs } from "./scenario-times.ts";
import { isFault, type Cast, type Step } from "./steps.ts";

/** How much longer than need be a message of those is that are to fill a connection. */
const charsMin = 500;
const charsMax = 3_000;

/**
 * Has faults hit what they would hardly hit by chance: kills the moment when the disc has a group of commits, slow readers a
 * connection for which more waits than its system takes, and a disc its own end.
 *
 * @returns all steps, those that were there and those that come with it
 */
export function withAims(draws: Draws, cast: Cast, steps: readonly Step[]): readonly Step[] {
  const aimed = steps.map((step): Step => {
    if (!isFault(step) || step.fault !== "kill" || !draws.chance(0.6)) return step;
    return { ...step, ...withinCommit(draws) };
  });
  const more: Step[] = [];
  if (draws.chance(0.5)) more.push(...killWithinCommit(draws, cast, momentOf(draws)));
  if (draws.chance(0.7)) more.push(...flood(draws, cast));
  if (draws.chance(0.35)) more.push(...discThatFills(draws, cast));
  return [...aimed, ...more];
}

/** The component does not read either, and is written more than its connection takes. */
export function componentAims(draws: Draws): readonly Step[] {
  if (draws.chance(0.4)) return [];
  const at = momentOf(draws);
  const steps: Step[] = [{ at, fault: "component-hang", forMs: draws.between(4_000, 30_000) }];
  for (let left = draws.one([40_000, 100_000, 500_000]); left > 0;) {
    const [chars, count] = [draws.between(charsMin, charsMax), draws.between(1, 6)];
    const [when, client] = [at + draws.between(100, 4_000), draws.below(clientsCount)];
    steps.push({ at: when, client, does: "write-to-component", count, chars });
    left -= chars * count;
  }
  return steps;
}

function momentOf(draws: Draws): number {
  return draws.between(15_000, actingMs - 20_000);
}

/** The server that something is to happen to, where there are several. */
function anyServer(draws: Draws, { servers }: Cast): { readonly server?: number } {
  return servers.length === 1 ? {} : { server: draws.below(servers.length) };
}

function withinCommit(draws: Draws): { readonly group: number; readonly steps: number } {
  return { group: draws.between(1, 4), steps: draws.chance(0.7) ? 0 : draws.between(1, 10) };
}

function killWithinCommit(draws: Draws, cast: Cast, at: number, server = anyServer(draws, cast)): readonly Step[] {
  const when = draws.one(["before-durable", "answer-lost"] as const);
  const kill = {
    at,
    fault: "kill",
    when,
    downMs: draws.between(100, 8_000),
    ...withinCommit(draws),
    ...server,
  } as const;
  return [kill, ...loadAhead(draws, cast, kill)];
}

/** Somebody does not read, and is written more than his connection takes; some of them more than the server lets wait. */
function flood(draws: Draws, cast: Cast): readonly Step[] {
  const at = momentOf(draws);
  // For who uses stream management more is unacknowledged, at the end, than may be.
  const unmanaged = cast.clients.flatMap(({ managed }, client) => (managed ? [] : [client]));
  const target = draws.chance(0.5) ? unmanaged[draws.below(unmanaged.length)] : undefined;
  const account = cast.clients[target ?? draws.below(accountsCount)]?.account ?? 0;
  const devices = cast.clients.flatMap((part, client) => (part.account === account ? [client] : []));
  const slow = draws.chance(0.5) ? devices : [target ?? devices[0] ?? 0];
  const forMs = draws.between(6_000, 25_000);
  const steps: Step[] = slow.map((client) => ({ at, fault: "slow-reader", client, forMs }));
  const contacts = cast.contacts[account] ?? [];
  const total = target === undefined ? draws.one([30_000, 60_000, 160_000, 200_000]) : draws.one([60_000, 500_000]);
  for (let left = total; left > 0;) {
    const chars = draws.between(charsMin, charsMax);
    const count = draws.between(1, 6);
    const client = contacts[draws.below(contacts.length)] ?? 0;
    const when = at + draws.between(100, 5_000);
    steps.push({
      at: when,
      client,
      does: "message",
      to: account,
      kind: "chat",
      toDevice: draws.chance(0.3),
      count,
      chars,
    });
    left -= chars * count;
  }
  return [...steps, ...endOfFlood(draws, cast, { account, devices: slow, at: at + draws.between(5_000, forMs) })];
}

function endOfFlood(
  draws: Draws,
  cast: Cast,
  { account, devices, at }: { readonly account: number; readonly devices: readonly number[]; readonly at: number },
): readonly Step[] {
  const [client = 0] = devices;
  switch (draws.weighted({ reads: 4, cut: 2, leaves: 1, kill: 2 })) {
    case "cut":
      return [{ at, fault: "cut", client, serverNotices: draws.chance(0.7), clientNotices: draws.chance(0.8) }];
    case "leaves":
      return [
        { at, client, does: "log-out" },
        { at: at + draws.between(1_000, 20_000), client, does: "log-in" },
      ];
    case "kill": {
      const domain = cast.accounts[account]?.split("@")[1] ?? "";
      const server = cast.servers.findIndex((domains) => domains.includes(domain));
      return killWithinCommit(draws, cast, at, cast.servers.length === 1 ? {} : { server });
    }
    default:
      return [];
  }
}

/** A disc that is full of what is written to it, so that what makes room goes on; and much that is written then. */
function discThatFills(draws: Draws, cast: Cast): readonly Step[] {
  const steps: Step[] = [];
  for (let count = draws.between(1, 2); count > 0; count -= 1) {
    const at = momentOf(draws);
    const full = {
      at,
      fault: "disc-fills",
      forMs: draws.between(2_000, 15_000),
      roomChars: draws.one([0, 2_000, 10_000, 30_000]),
      ...anyServer(draws, cast),
    } as const;
    steps.push(full);
    if (draws.chance(0.6)) steps.push(...loadAround(draws, cast, full));
  }
  return steps;
}
