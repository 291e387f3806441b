import { assert } from "#protocol/assert.ts";
import { operations, type Administration, type OperationName } from "#kit/administration.ts";

export function isOperation(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

/** Carries an operation out, given a request which its own schema has checked. */
export function invoke(
  administration: Partial<Administration>,
  name: OperationName,
  input: unknown,
  signal: AbortSignal,
): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table ties names to types, a loop over it cannot
  const operate = administration[name] as ((request: unknown, signal: AbortSignal) => unknown) | undefined;
  assert(operate !== undefined, `${name} can be asked of this one`);
  return operate(input, signal);
}

/** The same of an operation that is a stream. */
export function invokeStream(
  administration: Partial<Administration>,
  name: OperationName,
  input: unknown,
  signal: AbortSignal,
): AsyncIterable<unknown> {
  const outcome = invoke(administration, name, input, signal);
  assert(isIterable(outcome), `${name} is a stream`);
  return outcome;
}

/** An administration all of whose operations are made by one rule. */
export function administrationOf(
  operatorOf: (name: OperationName) => (input: unknown, signal: AbortSignal) => unknown,
): Administration {
  const operators = Object.keys(operations)
    .filter(isOperation)
    .map((name) => [name, operatorOf(name)] as const);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- made from the table that the type is made from
  return Object.fromEntries(operators) as unknown as Administration;
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
