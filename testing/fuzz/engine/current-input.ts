import { Buffer } from "node:buffer";

const headerBytes = 8;
/** Targets have smaller inputs. */
export const inputBytesMax = 1 << 16;

/** The input that a thread is trying now, in memory that outlives it: one that never ends can only be seen from outside. */
export class CurrentInput {
  readonly shared: SharedArrayBuffer;
  readonly #header: Int32Array;
  readonly #bytes: Buffer;

  constructor(shared: SharedArrayBuffer = new SharedArrayBuffer(headerBytes + inputBytesMax)) {
    this.shared = shared;
    this.#header = new Int32Array(shared, 0, 2);
    this.#bytes = Buffer.from(shared, headerBytes);
  }

  set(input: string, executions: number): void {
    this.#header[0] = executions;
    this.#header[1] = this.#bytes.write(input, "latin1");
  }

  get executions(): number {
    return this.#header[0] ?? 0;
  }

  get input(): string {
    return this.#bytes.toString("latin1", 0, this.#header[1]);
  }
}
