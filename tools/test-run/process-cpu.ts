import { readFileSync } from "node:fs";

/** Of `/proc/self/stat`: that of the processes that have ended and were waited for, in ticks. */
const childrenTimes = [13, 14] as const;
const ticksPerSecond = 100;

/** How long processors have worked for this process, its threads, and the processes it began that have ended, in milliseconds. */
export function processCpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000 + endedChildrenMs();
}

function endedChildrenMs(): number {
  // Only Linux tells it so; elsewhere that of processes which tests begin is left out.
  if (process.platform !== "linux") return 0;
  const text = readFileSync("/proc/self/stat", "latin1");
  // The name of the program stands in brackets and may hold anything.
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return childrenTimes.reduce((sum, field) => sum + Number(fields[field]) * (1_000 / ticksPerSecond), 0);
}
