import { accountsCount, clientsCount, thirdDevicesCount } from "./cast-sizes.ts";
import type { Draws } from "./draws.ts";
import type { Action, Cast, Step, SubscriptionWord } from "./steps.ts";

/** Messages just ahead of a kill. */
const loadMessages = 20;
/** Messages on their way to one client at a kill. */
const messagesUnderWay = 4;
/** While commits fail, so many times several devices of one account write and read at the same moment. */
const burstsCount = 10;

/** A kill finds most where much is under way: a slow disc, people who have just left, and messages for them. */
export function loadAhead(
  draws: Draws,
  cast: Cast,
  { at: killedAt, server }: { readonly at: number; readonly server?: number },
): readonly Step[] {
  if (draws.chance(0.3)) return [];
  const steps: Step[] = [
    {
      at: killedAt - 1_500,
      fault: "disc-slow",
      forMs: draws.between(1_500, 5_000),
      delayMs: draws.between(300, 3_000),
      ...(server === undefined ? {} : { server }),
    },
  ];
  // Accounts of one client: nobody else is there to take what comes.
  for (let account = clientsCount - accountsCount; account < accountsCount; account += 1)
    if (draws.chance(0.5))
      steps.push(
        { at: killedAt - draws.between(3_000, 6_000), client: account, does: "log-out" },
        { at: killedAt + draws.between(10_000, 30_000), client: account, does: "log-in" },
      );
  for (let count = 0; count < loadMessages; count += 1) {
    const client = draws.below(clientsCount);
    const contacts = cast.contacts[cast.clients[client]?.account ?? 0] ?? [];
    const away = contacts.filter((account) => account >= clientsCount - accountsCount);
    const to = away[draws.below(away.length)] ?? contacts[0] ?? 0;
    const at = killedAt - draws.below(1_500);
    steps.push({ at, client, does: "message", to, kind: "chat", toDevice: false, count: draws.between(1, 3) });
  }
  return steps;
}

/** Other kills find messages archived and on their way: to people who do not read at the moment, and of whom none waits yet. */
export function underWayAhead(draws: Draws, cast: Cast, killedAt: number): readonly Step[] {
  const steps: Step[] = [];
  for (let client = clientsCount - accountsCount; client < accountsCount; client += 1) {
    if (draws.chance(0.3)) continue;
    const to = cast.clients[client]?.account ?? 0;
    const write = (at: number): void => {
      const from = cast.contacts[to]?.[draws.below(4)] ?? 0;
      steps.push({ at, client: from, does: "message", to, kind: "chat", toDevice: false, count: 1 });
    };
    // One is read. Those behind it are not, and are not old enough to be written down as waiting.
    write(killedAt - draws.between(4_000, 5_000));
    steps.push({ at: killedAt - 1_900, fault: "slow-reader", client, forMs: 5_000 });
    for (let count = 0; count < messagesUnderWay; count += 1) write(killedAt - draws.between(100, 1_700));
  }
  return steps;
}

/**
 * A disc that fails finds most where devices of one account write, read and come back at the same moment: the others must not
 * learn what is not stored.
 */
export function loadAround(
  draws: Draws,
  cast: Cast,
  { at: failsAt, forMs, server }: { readonly at: number; readonly forMs: number; readonly server?: number },
): readonly Step[] {
  const ofServer = server === undefined ? {} : { server };
  const steps: Step[] = [
    { at: failsAt, fault: "disc-slow", forMs: forMs + 500, delayMs: draws.between(5, 400), ...ofServer },
  ];
  const severalDevices = clientsCount - accountsCount;
  for (let burst = 0; burst < burstsCount; burst += 1) {
    const account = draws.below(severalDevices);
    const contacts = cast.contacts[account] ?? [];
    const to = contacts[draws.below(contacts.length)] ?? 0;
    const devices = [
      account,
      account + accountsCount,
      ...(account < thirdDevicesCount ? [account + clientsCount] : []),
    ];
    const began = failsAt + draws.below(forMs);
    for (const client of devices.flatMap((device) => Array.from({ length: draws.between(1, 3) }, () => device))) {
      const at = began + draws.below(draws.chance(0.5) ? 10 : 200);
      const does = draws.weighted({
        name: 6,
        block: 1,
        unblock: 1,
        subscription: 3,
        remove: 1,
        message: 3,
        back: 4,
        cut: 2,
        roster: 1,
      });
      if (does === "back")
        // What was asked for just before it comes is still being written.
        steps.push({ at: began - draws.between(200, 2_000), client, does: "log-out" }, { at, client, does: "log-in" });
      // What waits for a batch finds a session that hibernates.
      else if (does === "cut")
        steps.push({ at, fault: "cut", client, serverNotices: true, clientNotices: draws.chance(0.8) });
      else steps.push({ at, client, ...writingOf(draws, does, to) });
    }
    // And its contact writes to it.
    for (let count = draws.between(1, 3); count > 0; count -= 1)
      steps.push({
        at: began + draws.below(300),
        client: to,
        ...writingOf(draws, draws.one(["message", "message", "subscription"]), account),
      });
  }
  return steps;
}

function writingOf(
  draws: Draws,
  does: "name" | "block" | "unblock" | "subscription" | "remove" | "message" | "roster",
  to: number,
): Action {
  switch (does) {
    case "message":
      return { does, to, kind: "chat", toDevice: false, count: draws.between(1, 2) };
    case "subscription": {
      return {
        does,
        to,
        word: draws.one<SubscriptionWord>(["subscribe", "subscribed", "unsubscribe", "unsubscribed"]),
      };
    }
    case "roster":
      return { does };
    default:
      return { does, to };
  }
}
