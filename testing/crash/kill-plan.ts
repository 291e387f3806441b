import type { Random } from "#testing/random.ts";

/** Before the server said that it has started; while it is asked what it still knows; under load. */
export type Moment = "starting" | "checking" | "loaded";

/** What the server confirms to its clients. */
export type Confirmed = "message" | "write" | "password" | "account" | "letter" | "token";

export interface KillPlan {
  readonly moment: Moment;
  /** From the beginning of that moment, and under load from the last of these confirmations on. */
  readonly afterMs: number;
  /** So that a slow machine's lives are as full as a fast one's, and a kill comes right behind a confirmation. */
  readonly after: { readonly what: Confirmed; readonly times: number };
}

/** Most kills are under load; a few loads go on until sessions write down what slow clients owe. */
export function planKill(random: Random): KillPlan {
  const share = random.share();
  if (share < 0.08) return { moment: "starting", afterMs: random.below(600), after: never };
  if (share < 0.2) return { moment: "checking", afterMs: random.below(200), after: never };
  const afterMs = random.share() < 0.5 ? 0 : random.below(40);
  return { moment: "loaded", afterMs, after: share < 0.97 ? behind(random) : { what: "message", times: 2_000 } };
}

function behind(random: Random): KillPlan["after"] {
  const what = random.one<Confirmed>(["message", "write", "password", "account", "letter", "token"]);
  return { what, times: 1 + random.below(timesMax[what]) };
}

const timesMax: Readonly<Record<Confirmed, number>> = {
  message: 100,
  write: 30,
  password: 6,
  account: 4,
  letter: 20,
  token: 10,
};

const never = { what: "message", times: Infinity } as const;
