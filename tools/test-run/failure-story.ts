import { inspect } from "node:util";

/**
 * What a test that failed has to tell.
 *
 * @param failure what node's runner gives as the error
 * @returns undefined where only tests within it failed, and told it there
 */
export function failureStory(failure: unknown): string | undefined {
  if (failure instanceof Error && "failureType" in failure && failure.failureType === "subtestsFailed")
    return undefined;
  const error = failure instanceof Error ? (failure.cause ?? failure) : failure;
  // Node's assertions hold both values and their difference already in the message.
  if (error instanceof Error && "code" in error && error.code === "ERR_ASSERTION") return error.stack ?? error.message;
  return typeof error === "string" ? error : inspect(error, { depth: 8, maxStringLength: 20_000 });
}
