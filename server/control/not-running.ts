import { AdministrationError } from "#kit/administration-error.ts";

/** Refuses what only a running server can do. */
export function notRunning(): never {
  throw new AdministrationError("not-running", "the server does not run; start it with: balcony start");
}
