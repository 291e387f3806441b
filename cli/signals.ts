import type { Signals } from "./start.ts";

/** The signals of this process. After the first that asks for a stop, the next one ends the process at once. */
export function processSignals(endAtOnce: (signal: string) => void): Signals {
  const { promise: stop, resolve } = Promise.withResolvers<string>();
  let isStopping = false;
  const stopped = (signal: string): void => {
    if (isStopping) endAtOnce(signal);
    isStopping = true;
    resolve(signal);
  };
  process.on("SIGTERM", stopped);
  process.on("SIGINT", stopped);
  const { promise: crash, reject } = Promise.withResolvers<never>();
  // Whoever waits hears of it; without this it would be a second crash where nobody waits yet.
  crash.catch(() => {});
  process.on("uncaughtException", reject);
  process.on("unhandledRejection", reject);
  return {
    onReload: (run) => {
      process.on("SIGHUP", run);
      return () => process.off("SIGHUP", run);
    },
    stop,
    crash,
  };
}
