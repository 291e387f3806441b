import { drawsFor, type Draws } from "./draws.ts";
import { faultsBetweenServers, someServers } from "./faults-between-servers.ts";
import { accountsCount, clientsCount, thirdDevicesCount } from "./cast-sizes.ts";
import { componentAims, withAims } from "./generate-aims.ts";
import { componentSteps } from "./generate-component.ts";
import { loadAhead, loadAround, underWayAhead } from "./generate-load.ts";
import { actingMs } from "./scenario-times.ts";
import {
  isFault,
  type Action,
  type Cast,
  type ClientPart,
  type Fault,
  type Scenario,
  type Step,
  type SubscriptionWord,
} from "./steps.ts";

/** Things that the third devices do. */
const thirdDeviceActionsCount = 120;
/** Things that clients do; more than the stanzas that are asked for, as some come to nothing. */
const actionsCount = 1_300;
const faultsMin = 10;
const faultsMax = 16;

/**
 * How scenarios are made at present. A seed that found a bug is played as it was made then: the second edition adds what is
 * aimed ({@link withAims}) to what the first one has.
 */
export const latestEdition = 2;

/**
 * The scenario of a seed: who there is, what they do, and what goes wrong.
 *
 * @param serversCount one with two domains, or several with a domain each
 * @param options.component whether the first server has an external component
 * @param options.edition how it is made, 1 or 2
 */
export function generateScenario(
  seed: number,
  serversCount = 1,
  { component = false, edition = latestEdition }: { readonly component?: boolean; readonly edition?: number } = {},
): Scenario {
  const draws = drawsFor(seed, "scenario");
  const cast = castFor(serversCount, {
    draws,
    devices: drawsFor(seed, "devices"),
    readers: drawsFor(seed, "readers"),
    logIns: drawsFor(seed, "log-ins"),
  });
  const third = drawsFor(seed, "third devices");
  const steps: Step[] = [
    ...cast.clients.map((_, client): Step => ({ at: draws.below(8_000), client, does: "log-in" })),
    ...friendships(draws, cast),
    ...Array.from({ length: actionsCount }, () => actionOf(draws, cast, draws.below(clientsCount))).flat(),
    ...Array.from({ length: draws.between(faultsMin, faultsMax) }, () => faultStep(draws)),
    ...Array.from({ length: thirdDeviceActionsCount }, () =>
      actionOf(third, cast, clientsCount + third.below(thirdDevicesCount)),
    ).flat(),
  ];
  const answers = drawsFor(seed, "answers");
  for (const [index, step] of steps.entries()) steps[index] = howCommitsFail(answers, step);
  if (serversCount > 1) {
    const between = drawsFor(seed, "between servers");
    for (const [index, step] of steps.entries()) steps[index] = someServers(between, serversCount, step);
    steps.push(...faultsBetweenServers(between, cast));
  }
  const underLoad = drawsFor(seed, "load");
  const underWay = drawsFor(seed, "under way");
  const writing = drawsFor(seed, "writing");
  const load = steps.flatMap((step) => {
    if (!isFault(step)) return [];
    if (step.fault === "commits-fail") return loadAround(writing, cast, step);
    if (step.fault !== "kill") return [];
    const ahead = loadAhead(underLoad, cast, step);
    return ahead.length > 0 ? ahead : underWayAhead(underWay, cast, step.at);
  });
  const drawn = [...steps, ...load];
  const all = edition < 2 ? drawn : withAims(drawsFor(seed, "aims"), cast, drawn);
  if (!component) return { seed, cast, steps: inOrder(all) };
  const own = [
    ...componentSteps(drawsFor(seed, "component")),
    ...(edition < 2 ? [] : componentAims(drawsFor(seed, "component's aims"))),
  ];
  return { seed, cast: { ...cast, component: componentDomain }, steps: inOrder([...all, ...own]) };
}

function inOrder(steps: readonly Step[]): readonly Step[] {
  return steps.toSorted((a, b) => a.at - b.at);
}

const componentDomain = "gateway.capulet.example";

type CastDraws = Readonly<Record<"draws" | "devices" | "readers" | "logIns", Draws>>;

function castFor(serversCount: number, { draws, devices, readers, logIns }: CastDraws): Cast {
  const servers = serversFor(serversCount);
  const accounts = Array.from({ length: accountsCount }, (_, number) => `u${number}@${domainOf(serversCount, number)}`);
  const contacts = accounts.map((_, number) => {
    const others = [1, 2, accountsCount - 1, accountsCount - 2, draws.between(3, accountsCount - 3)];
    return others.map((distance) => (number + distance) % accountsCount);
  });
  const clients = Array.from({ length: clientsCount + thirdDevicesCount }, (_, number): ClientPart => {
    const isThird = number >= clientsCount;
    const own = isThird ? devices : draws;
    const atOnce = logIns.chance(0.25);
    const reads = readers.weighted({ never: 5, first: 3, later: 2 });
    return {
      account: isThird ? number - clientsCount : number % accountsCount,
      resource: isThird ? "tomb" : number < accountsCount ? "balcony" : "street",
      managed: own.chance(0.8),
      eager: number % 2 === 0,
      versioned: own.chance(0.5),
      atOnce,
      copies: devices.chance(0.7),
      // Who binds at once promises to read its archive (XEP-0386 §3.2).
      reads: atOnce && reads === "never" ? "later" : reads,
    };
  });
  return { accounts, servers, contacts, clients };
}

const domains = { one: "capulet.example", two: "montague.example", three: "verona.example" } as const;

function serversFor(count: number): Cast["servers"] {
  const { one, two, three } = domains;
  return count === 1 ? [[one, two]] : count === 2 ? [[one], [two]] : [[one], [two], [three]];
}

function domainOf(serversCount: number, account: number): string {
  const { one, two, three } = domains;
  if (serversCount === 3 && account % 3 === 1) return three;
  return account % 3 === 0 ? two : one;
}

/** Most neighbours are contacts before anything else happens. */
function friendships(draws: Draws, cast: Cast): readonly Step[] {
  const steps: Step[] = [];
  for (const [client, { account }] of cast.clients.entries()) {
    if (client >= accountsCount) break;
    for (const to of (cast.contacts[account] ?? []).slice(0, 2)) {
      if (draws.chance(0.25)) continue;
      // The contact's first client has the contact's number.
      const say = (who: number, other: number, word: SubscriptionWord): void =>
        void steps.push({ at: draws.between(9_000, 25_000), client: who, does: "subscription", to: other, word });
      say(client, to, "subscribe");
      say(to, account, "subscribed");
      if (draws.chance(0.2)) continue;
      say(to, account, "subscribe");
      say(client, to, "subscribed");
    }
  }
  return steps;
}

function actionOf(draws: Draws, cast: Cast, client: number): readonly Step[] {
  const at = draws.between(10_000, actingMs);
  const contacts = cast.contacts[cast.clients[client]?.account ?? 0] ?? [];
  const to = contacts[draws.below(contacts.length)] ?? 0;
  const does = draws.weighted({
    message: 60,
    available: 8,
    unavailable: 2,
    "show-to": 2,
    subscription: 10,
    name: 4,
    remove: 1,
    roster: 2,
    block: 0.7,
    unblock: 1,
    ping: 4,
    nonsense: 2,
    "log-out": 2,
    vanish: 1,
  });
  if (does === "log-out" || does === "vanish") {
    const back = at + (draws.chance(0.5) ? draws.between(500, 10_000) : draws.between(10_000, 120_000));
    return [
      { at, client, does },
      { at: back, client, does: "log-in" },
    ];
  }
  return [{ at, client, ...deedOf(draws, does, to) }];
}

function deedOf(
  draws: Draws,
  does: Exclude<Action["does"], "log-in" | "log-out" | "vanish" | "write-to-component">,
  to: number,
): Action {
  switch (does) {
    case "message":
      return {
        does,
        to,
        kind: draws.weighted({ chat: 75, normal: 15, headline: 4, state: 4, nobody: 2 }),
        toDevice: draws.chance(0.25),
        count: draws.chance(0.1) ? draws.between(2, 12) : 1,
      };
    case "available":
      return { does, priority: draws.one([-1, 0, 0, 0, 0, 5, 5, 5, 10]) };
    case "subscription": {
      const word = draws.weighted({ subscribe: 4, subscribed: 4, unsubscribe: 1, unsubscribed: 1 });
      return { does, to, word };
    }
    case "ping":
      return { does, to: draws.chance(0.5) ? "host" : to };
    case "nonsense":
      return { does, which: draws.below(100) };
    case "unavailable":
    case "roster":
      return { does };
    default:
      return { does, to };
  }
}

function faultStep(draws: Draws): Step {
  return { at: draws.between(15_000, actingMs), ...faultOf(draws) };
}

/**
 * Half of the commits that get no answer happen all the same; and half of the discs that fail do so now and then, so that of
 * what is under way at a time one part fails and another one does not.
 */
function howCommitsFail(draws: Draws, step: Step): Step {
  if (!isFault(step) || step.fault !== "commits-fail") return step;
  const answerLost = step.kind === "unavailable" && draws.chance(0.5);
  return draws.chance(0.5) ? { ...step, answerLost } : { ...step, answerLost, flickerMs: draws.between(2, 300) };
}

function faultOf(draws: Draws): Fault {
  const client = draws.below(clientsCount);
  const fault = draws.weighted({
    cut: 30,
    "slow-reader": 8,
    "no-acks": 10,
    "bad-weather": 8,
    "clock-jump": 5,
    "disc-slow": 8,
    "commits-fail": 6,
    "reads-fail": 3,
    kill: 8,
    restart: 3,
  });
  const forMs = draws.between(1_000, 30_000);
  switch (fault) {
    case "cut":
      return { fault, client, serverNotices: draws.chance(0.7), clientNotices: draws.chance(0.8) };
    case "slow-reader":
    case "no-acks":
      return { fault, client, forMs };
    case "bad-weather":
      return { fault, client, forMs, delayMs: draws.between(200, 4_000) };
    case "clock-jump":
      return { fault, byMs: draws.one([-3_600_000, -60_000, -1_000, 1_000, 60_000, 3_600_000, 86_400_000]) };
    case "disc-slow":
      return { fault, forMs, delayMs: draws.between(50, 2_000) };
    case "commits-fail": {
      const kind = draws.one(["full", "unavailable", "read-only"] as const);
      return { fault, forMs: Math.min(forMs, 8_000), kind, answerLost: false };
    }
    case "reads-fail":
      return { fault, forMs: Math.min(forMs, 5_000) };
    case "kill":
      return {
        fault,
        steps: draws.between(0, 200),
        when: draws.chance(0.5) ? "before-durable" : "answer-lost",
        downMs: draws.between(100, 8_000),
      };
    default:
      return { fault, downMs: draws.between(100, 3_000) };
  }
}
