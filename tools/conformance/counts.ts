import type { CoveredStatement } from "./coverage.ts";

/** How many statements are in which state; those that wait for a part that is not built are counted apart from the open. */
export interface Counts {
  readonly all: number;
  readonly tested: number;
  readonly notOurs: number;
  readonly waiting: number;
  readonly open: number;
}

export function countStates(statements: readonly CoveredStatement[]): Counts {
  const count = (isOne: (statement: CoveredStatement) => boolean) => statements.filter(isOne).length;
  return {
    all: statements.length,
    tested: count(({ state }) => state === "tested"),
    notOurs: count(({ state }) => state === "not ours"),
    waiting: count(({ state, waitsFor }) => state === "open" && waitsFor !== undefined),
    open: count(({ state, waitsFor }) => state === "open" && waitsFor === undefined),
  };
}
