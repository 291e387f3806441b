/** What the histogram behind the metric adds to every delay: the interval of the timer that it samples with. */
const samplingMs = 10;

/**
 * The delay of a server's event loop since the last call, 99th percentile, in milliseconds: how long something that is due
 * waits for what is being done. Node samples it with a timer and counts the timer's interval in, which is taken off here.
 *
 * @param metricsPort where the server offers prom-client's metrics, whose histogram starts anew at each look at it
 */
export async function takeLoopDelay(metricsPort: number | undefined): Promise<number | undefined> {
  if (metricsPort === undefined) return undefined;
  const answer = await fetch(`http://127.0.0.1:${metricsPort}/metrics`);
  const seconds = /^nodejs_eventloop_lag_p99_seconds (\S+)$/m.exec(await answer.text())?.[1];
  if (seconds === undefined) throw new Error("the server's metrics do not tell the delay of its event loop");
  return Math.max(Number(seconds) * 1_000 - samplingMs, 0);
}
