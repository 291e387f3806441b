import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

// The kernel's USER_HZ, which /proc counts in; it is 100 wherever Linux runs Node. One tick is 10,000 µs.
const microsecondsPerTick = 10_000;

/** CPU time of a process so far, user and system, all of its threads, in microseconds. */
export function cpuMicroseconds(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  // The name may hold spaces and brackets: count the fields from its end. utime and stime are the 14th and 15th.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * microsecondsPerTick;
}

/** Memory of a process that is in RAM now, in bytes. */
export function residentBytes(pid: number): number {
  return rollupBytes(pid, "Rss");
}

/** What of it is in no file: the rest, such as programs, is shared, and the system may take it back. */
export function anonymousBytes(pid: number): number {
  return rollupBytes(pid, "Anonymous");
}

function rollupBytes(pid: number, field: "Rss" | "Anonymous"): number {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  const kilobytes = new RegExp(`^${field}:\\s+(\\d+) kB$`, "m").exec(rollup)?.[1];
  if (kilobytes === undefined) throw new Error(`/proc/${pid}/smaps_rollup has no ${field}`);
  return Number(kilobytes) * 1024;
}

/** The process that listens on a port: the server itself, whatever launched it. */
export function listenerPid(port: number): number {
  const output = execFileSync("ss", ["-Hltnp", `sport = :${port}`], { encoding: "utf8" });
  const pid = /pid=(\d+)/.exec(output)?.[1];
  if (pid === undefined) throw new Error(`nobody is seen listening on ${port}: ${output}`);
  return Number(pid);
}
