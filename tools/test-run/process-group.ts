import { spawn, type ChildProcess } from "node:child_process";

/** Processes that were begun here, by the number of the group that each has for itself and all that it begins. */
const begun = new Set<number>();
const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Begins a process that can be ended with all that it has begun, and is when this one ends or is asked to. */
export function spawnGroup(args: readonly string[], cwd: string): ChildProcess {
  if (begun.size === 0) for (const signal of signals) process.on(signal, endAll);
  const child = spawn(process.execPath, args, { cwd, detached: true, stdio: ["ignore", "pipe", "pipe", "ipc"] });
  const { pid } = child;
  if (pid === undefined) return child;
  begun.add(pid);
  child.on("exit", () => {
    // What it left behind would work on, and hold its output.
    endGroup(child);
    begun.delete(pid);
    if (begun.size === 0) for (const signal of signals) process.off(signal, endAll);
  });
  return child;
}

/** Ends a process and all that it has begun, whatever they do of themselves when they are asked to end. */
export function endGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) kill(pid);
}

function endAll(signal: NodeJS.Signals): void {
  for (const pid of begun) kill(pid);
  for (const other of signals) process.off(other, endAll);
  process.kill(process.pid, signal);
}

function kill(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // Nothing of it is left.
  }
}
