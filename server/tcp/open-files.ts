import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { devNull } from "node:os";

/** Kept free of connections: the store, logs, certificates, the control socket and the monitor need files, too. */
export const openFilesReserved = 64;

/** How many files and sockets this process may have open; Infinity where the system does not tell. */
export function openFilesMax(): number {
  const limits = readOrNothing("/proc/self/limits");
  const soft = Number(/^Max open files +(\d+)/mu.exec(limits)?.[1]);
  return Number.isInteger(soft) ? soft : Number.POSITIVE_INFINITY;
}

/** How many there are at present; 0 where the system does not tell. */
export function openFilesNow(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}

/** Whether the system gives this process one more. */
export function canOpenFile(): boolean {
  try {
    closeSync(openSync(devNull, "r"));
    return true;
  } catch {
    return false;
  }
}

function readOrNothing(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}
