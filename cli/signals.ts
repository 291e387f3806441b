import type { Signals } from "./start.ts";

/** The signals of this process. After the first that asks for a stop, the next one ends the process at once. */
export function processSignals(): Signals {
  const { promise: stop, resolve } = Promise.withResolvers<string>();
  let isStopping = false;
  const stopped = (signal: NodeJS.Signals): void => {
    if (isStopping) {
      // Nobody hears it any more, so that it does what it does to any other process.
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    }
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
