import type { z } from "zod";

/** Answers once. `offline` ones also work on the opened store of a server that does not run. */
export interface CallOperation<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  readonly kind: "call";
  readonly offline: boolean;
  readonly input: Input;
  readonly output: Output;
}

/** Answers many times. */
export interface StreamOperation<Input extends z.ZodType = z.ZodType, Item extends z.ZodType = z.ZodType> {
  readonly kind: "stream";
  readonly offline: boolean;
  readonly input: Input;
  readonly item: Item;
}

/** What carries an operation out. `signal` ends a stream from outside; leaving the loop over it does so too. */
export type Operator<O> =
  O extends CallOperation<infer Input, infer Output>
    ? (request: z.output<Input>) => Promise<z.output<Output>>
    : O extends StreamOperation<infer Input, infer Item>
      ? (request: z.output<Input>, signal: AbortSignal) => AsyncIterable<z.output<Item>>
      : never;

export function call<Input extends z.ZodType, Output extends z.ZodType>(
  operation: Omit<CallOperation<Input, Output>, "kind">,
): CallOperation<Input, Output> {
  return { kind: "call", ...operation };
}

export function stream<Input extends z.ZodType, Item extends z.ZodType>(
  operation: Omit<StreamOperation<Input, Item>, "kind">,
): StreamOperation<Input, Item> {
  return { kind: "stream", ...operation };
}
