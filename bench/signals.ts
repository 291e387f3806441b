/** What ends a program, and what is added to 128 for its status. */
const signals = [
  ["SIGHUP", 1],
  ["SIGINT", 2],
  ["SIGTERM", 15],
] as const;

/**
 * Calls back when somebody ends the bench: servers have process groups of their own and would run on. The second time
 * nobody is asked.
 *
 * @param end told the status to end with
 */
export function onSignal(end: (status: number) => void): void {
  for (const [name, number] of signals) process.once(name, () => end(128 + number));
}
