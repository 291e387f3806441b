import type { Env, Timer } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import { StoreError } from "#kit/storage.ts";
import type { StoreWatch } from "./storage/store-trouble.ts";

/** After so long without another failure a trouble is over; until then it is one and the same. */
const calmMs = 5_000;

const outages: ReadonlySet<StoreError["kind"]> = new Set(["full", "unavailable", "read-only"]);

/** Whether a failure is one of the whole store, which {@link StoreLog} tells of. */
export function isOutage(cause: unknown): boolean {
  return cause instanceof StoreError && outages.has(cause.kind);
}

/** Tells the log once that the store fails, and why, and once that it works again, however much is refused meanwhile. */
export class StoreLog implements StoreWatch, Disposable {
  readonly #log: Log;
  readonly #env: Pick<Env, "now" | "setTimer">;
  #since = 0;
  #failures = 0;
  /** The causes that were told of already; empty while all is well. */
  readonly #told = new Set<StoreError["kind"]>();
  #calm: Timer | undefined;

  constructor(log: Log, env: Pick<Env, "now" | "setTimer">) {
    this.#log = log;
    this.#env = env;
  }

  readonly failed = (error: StoreError): void => {
    this.#calm?.cancel();
    this.#calm = undefined;
    if (this.#told.size === 0) {
      this.#since = this.#env.now();
      this.#failures = 0;
    }
    this.#failures += 1;
    if (this.#told.has(error.kind)) return;
    this.#told.add(error.kind);
    this.#log.error(
      { kind: error.kind, error },
      "the store fails; what it cannot keep is refused until it works again",
    );
  };

  readonly recovered = (): void => {
    if (this.#told.size === 0) return;
    this.#calm ??= this.#env.setTimer(calmMs, () => {
      const seconds = Math.round((this.#env.now() - calmMs - this.#since) / 1_000);
      this.#log.warn({ seconds, failures: this.#failures }, "the store works again");
      this.#told.clear();
      this.#calm = undefined;
    });
  };

  readonly indexing = ({ indexed, waiting }: { readonly indexed: number; readonly waiting: number }): void =>
    this.#log.info(
      { indexed, waiting },
      waiting === 0 ? "all texts can be searched" : "texts are being indexed in the background",
    );

  readonly indexFailed = (error: StoreError): void =>
    this.#log.error(
      { kind: error.kind, error },
      "the index of texts cannot be written; new texts are not found until it can, all else goes on",
    );

  readonly indexRebuilt = (error: StoreError): void =>
    this.#log.warn({ error }, "the index of texts was damaged and is made anew");

  [Symbol.dispose](): void {
    this.#calm?.cancel();
  }
}
