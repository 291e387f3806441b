import { z } from "zod";
import { operations, type Administration, type OperationName } from "#kit/administration.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { streamEnd, type ControlResponse } from "./control-messages.ts";

export interface DispatchRequest {
  readonly id: number;
  readonly operation: string;
  readonly input: unknown;
}

/** Does what a request asks for, and answers it: items as they come, then an output or an error. */
export async function* dispatch(
  administration: Administration,
  request: DispatchRequest,
  signal: AbortSignal,
): AsyncIterable<ControlResponse> {
  const { id, operation: name } = request;
  if (!isOperation(name)) {
    throw new AdministrationError(
      "invalid",
      `the running server does not know "${name}"; it may be of another version`,
    );
  }
  const { kind, input } = operations[name];
  const checked = input.safeParse(request.input);
  if (!checked.success) throw new AdministrationError("invalid", z.prettifyError(checked.error));
  const outcome = invoke(administration, name, checked.data, signal);
  if (kind === "call") {
    yield { id, output: await outcome };
    return;
  }
  if (!isIterable(outcome)) throw new Error(`${name} is no stream`);
  for await (const item of outcome) yield { id, item };
  yield { id, output: streamEnd };
}

/** Calls an operation whose request its own schema has just checked. */
function invoke(administration: Administration, name: OperationName, input: unknown, signal: AbortSignal): unknown {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the table ties names to types, a loop over it cannot
  const operate = administration[name] as (request: unknown, signal: AbortSignal) => unknown;
  return operate(input, signal);
}

export function isOperation(name: string): name is OperationName {
  return Object.hasOwn(operations, name);
}

function isIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === "object" && value !== null && Symbol.asyncIterator in value;
}
