import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { operations, type Administration, type OperationName } from "#kit/administration.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { controlResponse, responseBytesMax, type ControlResponse } from "./control-messages.ts";
import { checkControlDirectory, controlSocket } from "./control-path.ts";
import { LineReader } from "./line-reader.ts";
import { administrationOf } from "./operators.ts";

/** Items of one stream that wait to be taken; beyond it the server is not listened to. */
const waitingItemsMax = 1_000;

/** The administration of a running server, over its control socket. */
export type RemoteAdministration = Administration & AsyncDisposable;

/**
 * Connects to the server that runs in a data directory; undefined when none does.
 *
 * @throws ControlPathError when the socket is not to be trusted, AdministrationError when it is not ours to open
 */
export async function connectControl(dataDir: string): Promise<RemoteAdministration | undefined> {
  const path = controlSocket(dataDir);
  try {
    await checkControlDirectory(dataDir);
    const socket = connect(path);
    await once(socket, "connect");
    return remote(new Connection(socket));
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT" || code === "ECONNREFUSED") return undefined;
    if (code !== "EACCES") throw error;
    throw new AdministrationError("not-allowed", `${path} is for the server's own user only; run this as that user`, {
      cause: error,
    });
  }
}

function remote(connection: Connection): RemoteAdministration {
  const administration = administrationOf((name) =>
    operations[name].kind === "call"
      ? (input) => connection.call(name, input)
      : (input, signal) => connection.stream(name, input, signal),
  );
  return { ...administration, [Symbol.asyncDispose]: () => connection.close() };
}

type Waiting = (response: ControlResponse | undefined) => void;

class Connection {
  readonly #socket: Socket;
  readonly #reader = new LineReader(responseBytesMax);
  readonly #waiting = new Map<number, Waiting>();
  #nextId = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      for (const waiting of this.#waiting.values()) waiting(undefined);
    });
  }

  async call(name: OperationName, input: unknown): Promise<unknown> {
    const { promise, resolve } = Promise.withResolvers<ControlResponse | undefined>();
    const id = this.#ask(name, input, resolve);
    const response = await promise;
    this.#waiting.delete(id);
    return parseWith(name, outputOf(response));
  }

  async *stream(name: OperationName, input: unknown, signal: AbortSignal): AsyncIterable<unknown> {
    const items: (ControlResponse | undefined)[] = [];
    let wake = Promise.withResolvers<void>();
    const id = this.#ask(name, input, (response) => {
      items.push(response);
      if (items.length > waitingItemsMax) this.#socket.pause();
      wake.resolve();
    });
    const cancel = (): void => this.#send({ id, cancel: true });
    signal.addEventListener("abort", cancel);
    let isOver = false;
    try {
      for (;;) {
        for (const response of items.splice(0)) {
          isOver = response === undefined || !("item" in response);
          if (response !== undefined && "item" in response) yield parseWith(name, response.item);
          else if (outputOf(response) === null) return;
        }
        this.#socket.resume();
        await wake.promise;
        wake = Promise.withResolvers();
      }
    } finally {
      signal.removeEventListener("abort", cancel);
      this.#waiting.delete(id);
      if (!isOver) cancel();
    }
  }

  async close(): Promise<void> {
    if (this.#socket.destroyed) return;
    const closed = once(this.#socket, "close");
    this.#socket.destroy();
    await closed;
  }

  #ask(operation: OperationName, input: unknown, waiting: Waiting): number {
    const id = this.#nextId++;
    this.#waiting.set(id, waiting);
    if (this.#socket.destroyed) waiting(undefined);
    else this.#send({ id, operation, input });
    return id;
  }

  #send(message: unknown): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(message)}\n`);
  }

  #read(chunk: Buffer): void {
    const lines = this.#reader.add(chunk);
    if (lines === undefined) {
      this.#socket.destroy();
      return;
    }
    for (const line of lines) {
      const response = controlResponse.parse(JSON.parse(line));
      this.#waiting.get(response.id)?.(response);
    }
  }
}

function outputOf(response: ControlResponse | undefined): unknown {
  if (response === undefined) throw new AdministrationError("unavailable", "the server has closed the connection");
  if ("error" in response) throw new AdministrationError(response.error.code, response.error.message);
  if ("output" in response) return response.output;
  throw new AdministrationError("internal", "the server answered with an item where an output was due");
}

function parseWith(name: OperationName, value: unknown): unknown {
  const operation = operations[name];
  return (operation.kind === "call" ? operation.output : operation.item).parse(value);
}
