import { z } from "zod";
import { administrationErrorCodes } from "#kit/administration-error.ts";

/** A request is an address, a password, some names: never near this. */
export const requestBytesMax = 64 * 1024;
/** Lists are long. The client trusts its server this far. */
export const responseBytesMax = 64 * 1024 * 1024;

const id = z.int().min(0);

/** One line from the client, as JSON: a request, or the wish to hear no more of one. */
export const controlRequest = z.union([
  z.strictObject({ id, operation: z.string().max(64), input: z.unknown() }),
  z.strictObject({ id, cancel: z.literal(true) }),
]);
export type ControlRequest = z.output<typeof controlRequest>;

/** One line from the server: an item of a stream, the last word, or a refusal. */
export const controlResponse = z.union([
  z.object({ id, item: z.unknown() }),
  z.object({ id, output: z.unknown() }),
  z.object({ id, error: z.object({ code: z.enum(administrationErrorCodes), message: z.string() }) }),
]);
export type ControlResponse = z.output<typeof controlResponse>;

/** The output of a stream that has ended. */
export const streamEnd = null;
