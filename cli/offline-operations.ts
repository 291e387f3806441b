import { operations, type Administration } from "#kit/administration.ts";
import { notRunning } from "#server/control/not-running.ts";
import { administrationOf, invoke, invokeStream } from "#server/control/operators.ts";

/**
 * What can be asked where no server runs: `offline` operations, each of what it is asked of then; any other is refused, and nothing
 * is opened for it.
 *
 * @param open gives whoever carries them out
 */
export function offlineOperations(open: () => Promise<Partial<Administration>>): Administration {
  return administrationOf((name) => {
    const { kind, offline } = operations[name];
    if (!offline) return notRunning;
    if (kind === "call") return async (input, signal) => invoke(await open(), name, input, signal);
    return async function* (input, signal) {
      yield* invokeStream(await open(), name, input, signal);
    };
  });
}
