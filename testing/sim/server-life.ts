import { pbkdf2Sync } from "node:crypto";
import type { Env } from "#kit/env.ts";
import type { Draws } from "./draws.ts";
import type { SimClock } from "./sim-clock.ts";

/** What the lives of one server have in common. */
export interface LifeWorld {
  readonly clock: SimClock;
  /** By how much the server's clock is off, in milliseconds. */
  readonly clockOffset: () => number;
  /** Keys that were derived before: a log-in costs milliseconds, and there are many. */
  readonly derived: Map<string, Uint8Array>;
  /** A deferred call threw, which would end the process. */
  readonly broke: (error: unknown) => void;
}

/** 2026-01-01T00:00:00Z */
const worldBeganAt = Date.UTC(2026, 0, 1);

/**
 * The environment of one process of the server, from its start to its end. After `kill` nothing that it had in mind is
 * done any more: no timer, no deferred call, no answer.
 */
export class ServerLife implements Env {
  readonly #world: LifeWorld;
  readonly #draws: Draws;
  readonly #timers = new Set<object>();
  #alive = true;
  #stepsLeft = Infinity;
  #atLastStep: () => void = () => undefined;
  /** What would have happened since the process stands still. */
  #held: (() => void)[] | undefined;

  constructor(world: LifeWorld, draws: Draws) {
    this.#world = world;
    this.#draws = draws;
  }

  get alive(): boolean {
    return this.#alive;
  }

  /** Timers that are set. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Whether the process stands still, as one that was stopped by a signal. */
  get hangs(): boolean {
    return this.#held !== undefined;
  }

  kill(): void {
    this.#alive = false;
    this.#timers.clear();
    this.#held = undefined;
  }

  /** Stands still for so long, and then does all that has come up, in order. */
  hang(forMs: number): void {
    if (this.hangs || !this.#alive) return;
    this.#held = [];
    this.#world.clock.after(forMs, () => {
      const held = this.#held ?? [];
      this.#held = undefined;
      for (const run of held) this.#world.clock.after(0, run);
    });
  }

  #happen(run: () => void): void {
    if (this.#held === undefined) run();
    else this.#held.push(run);
  }

  /** Runs `then` ahead of a deferred call: `steps` more are done before. */
  afterSteps(steps: number, then: () => void): void {
    this.#stepsLeft = steps;
    this.#atLastStep = then;
  }

  readonly now = (): number => worldBeganAt + this.#world.clock.now + this.#world.clockOffset();

  readonly setTimer: Env["setTimer"] = (delayMs, run) => {
    const timer = {};
    this.#timers.add(timer);
    const scheduled = this.#world.clock.after(delayMs, () => {
      this.#happen(() => {
        if (this.#timers.delete(timer)) this.#guard(run);
      });
    });
    return {
      cancel: () => {
        this.#timers.delete(timer);
        scheduled.cancel();
      },
    };
  };

  /** What is the process's own and no timer of the server's code: the disc, the network, other threads. */
  readonly later = (delayMs: number, run: () => void): void => {
    this.#world.clock.after(delayMs, () =>
      this.#happen(() => {
        if (this.#alive) this.#guard(run);
      }),
    );
  };

  readonly defer = (run: () => void): void => {
    process.nextTick(() =>
      this.#happen(() => {
        if (!this.#alive) return;
        this.#stepsLeft -= 1;
        if (this.#stepsLeft < 0) {
          this.#stepsLeft = Infinity;
          this.#atLastStep();
        }
        if (this.#alive) this.#guard(run);
      }),
    );
  };

  readonly entropy = (bytes: number): Uint8Array => {
    const drawn = new Uint8Array(bytes);
    for (let index = 0; index < bytes; index += 1) drawn[index] = this.#draws.below(256);
    return drawn;
  };

  readonly deriveKey: Env["deriveKey"] = ({ hash, password, salt, iterations, length }) => {
    const name = `${hash} ${Buffer.from(password).toString("hex")} ${Buffer.from(salt).toString("hex")} ${iterations} ${length}`;
    let key = this.#world.derived.get(name);
    if (key === undefined) {
      key = new Uint8Array(pbkdf2Sync(password, salt, iterations, length, hash.toLowerCase().replace("-", "")));
      this.#world.derived.set(name, key);
    }
    const { promise, resolve } = Promise.withResolvers<Uint8Array>();
    const made = key;
    this.later(this.#draws.between(1, 20), () => resolve(made));
    return promise;
  };

  #guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.#world.broke(error);
    }
  }
}
