import { z } from "zod";
import { operations, type Administration } from "#kit/administration.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { streamEnd, type ControlResponse } from "./control-messages.ts";
import { invoke, invokeStream, isOperation } from "./operators.ts";

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
  if (kind === "call") {
    yield { id, output: await invoke(administration, name, checked.data, signal) };
    return;
  }
  for await (const item of invokeStream(administration, name, checked.data, signal)) yield { id, item };
  yield { id, output: streamEnd };
}
