/** What the histogram behind the metric adds to every delay: the interval of the timer that it samples with. */
const samplingMs = 10;

/** Has a server watch its event loop from now on: it does so since its metrics were asked for. */
export async function watchLoopDelay(metricsPort: number | undefined): Promise<void> {
  if (metricsPort !== undefined) await metricsOf(metricsPort);
}

/**
 * The delay of a server's event loop since {@link watchLoopDelay} or the last call, 99th percentile, in milliseconds: how long something that is due
 * waits for what is being done. Node samples it with a timer and counts the timer's interval in, which is taken off here.
 *
 * @param metricsPort where the server offers its metrics; the histogram starts anew at each look at them
 */
export async function takeLoopDelay(metricsPort: number | undefined): Promise<number | undefined> {
  if (metricsPort === undefined) return undefined;
  const seconds = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(await metricsOf(metricsPort))?.[1];
  if (seconds === undefined) throw new Error("the server's metrics do not tell the delay of its event loop");
  return Math.max(Number(seconds) * 1_000 - samplingMs, 0);
}

async function metricsOf(metricsPort: number): Promise<string> {
  return await (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text();
}
