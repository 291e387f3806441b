/**
 * Ends the program's current turn with an error when something that the code guarantees is not so: a bug, never bad input.
 *
 * @param condition what must hold
 * @param message what was assumed, for the log
 */
export function assert(condition: unknown, message: string): asserts condition {
  if (condition !== true && !condition) throw new AssertionFailed(message);
}

/** Marks a branch that the type checker knows to be impossible, so that a new case fails to compile here. */
export function unreachable(value: never): never {
  throw new AssertionFailed(`unexpected value: ${String(value)}`);
}

/** A bug in this program. */
export class AssertionFailed extends Error {
  override readonly name = "AssertionFailed";
}
