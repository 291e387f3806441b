import type { Scenario, Step } from "./steps.ts";

/**
 * Leaves out steps as long as the same kind of thing goes wrong: halves first, then smaller pieces (delta debugging).
 *
 * @param options.msMax how long to try, in real milliseconds
 */
export async function shrink(
  scenario: Scenario,
  options: {
    readonly violation: string;
    readonly msMax: number;
    readonly progress: (steps: number) => void;
    readonly violationsOf: (scenario: Scenario) => Promise<readonly string[]>;
  },
): Promise<Scenario> {
  const wanted = kindOf(options.violation);
  const end = performance.now() + options.msMax;
  const fails = async (steps: readonly Step[]): Promise<boolean> => {
    const violations = await options.violationsOf({ ...scenario, steps });
    return violations.some((violation) => kindOf(violation) === wanted);
  };
  let { steps } = scenario;
  for (let pieces = 2; steps.length > 1 && performance.now() < end;) {
    const size = Math.ceil(steps.length / pieces);
    let smaller: readonly Step[] | undefined;
    for (let from = 0; from < steps.length && smaller === undefined && performance.now() < end; from += size) {
      const rest = [...steps.slice(0, from), ...steps.slice(from + size)];
      if (await fails(rest)) smaller = rest;
    }
    if (smaller !== undefined) {
      steps = smaller;
      pieces = Math.max(2, pieces - 1);
      options.progress(steps.length);
    } else if (size === 1) break;
    else pieces = Math.min(steps.length, pieces * 2);
  }
  return { ...scenario, steps };
}

/** What went wrong, whoever it happened to. */
function kindOf(violation: string): string {
  return (violation.split("\n")[0] ?? "")
    .replaceAll(/\S+@\S+/gu, "")
    .replaceAll(/"[^"]*"/gu, "")
    .replaceAll(/\b[a-z]*\d+\b/gu, "")
    .replaceAll(/\s+/gu, " ");
}
