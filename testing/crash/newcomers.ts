import { setTimeout as sleep } from "node:timers/promises";
import { CrashClient, LogInRefused, StreamError } from "./crash-client.ts";
import type { Random } from "#testing/random.ts";

const pauseMs = 40;
const cancelledShare = 0.5;
const nothing = { message: () => {}, request: () => {}, acknowledged: () => {} };

export interface NewcomersParts {
  readonly random: Random;
  readonly problem: (text: string) => void;
  readonly confirmed: () => void;
}

/** Accounts that are made while the server is loaded, some of them to be cancelled at once. */
export class Newcomers {
  /** Confirmed accounts that somebody could log in to, and cancelled ones that nobody could. */
  found = 0;
  gone = 0;
  readonly #random: Random;
  readonly #problem: (text: string) => void;
  readonly #confirmed: () => void;
  readonly #made = new Set<string>();
  readonly #cancelled = new Set<string>();
  #number = 0;

  constructor({ random, problem, confirmed }: NewcomersParts) {
    this.#random = random;
    this.#confirmed = confirmed;
    this.#problem = problem;
  }

  /** Looks whether those are there that were confirmed, and those are not that were cancelled. */
  async check(port: number): Promise<void> {
    for (const name of this.#made) {
      if (await isThere(port, name)) this.found++;
      else this.#problem(`the account ${name} was confirmed and is lost`);
      this.#made.delete(name);
    }
    for (const name of this.#cancelled) {
      if (await isThere(port, name)) this.#problem(`the account ${name} was cancelled and is there again`);
      else this.gone++;
      this.#cancelled.delete(name);
    }
  }

  /** Goes on until the server is gone. */
  async come(port: number): Promise<never> {
    for (;;) {
      const name = `page${++this.#number}`;
      await register(port, name);
      if (this.#random.share() < cancelledShare) await this.#cancel(port, name);
      else {
        this.#made.add(name);
        this.#confirmed();
      }
      await sleep(pauseMs);
    }
  }

  /** It counts from the result on. Its stream ends behind that, with an error. */
  async #cancel(port: number, name: string): Promise<void> {
    const client = await CrashClient.logIn(port, name, nothing);
    await client.ask("set", "<query xmlns='jabber:iq:register'><remove/></query>");
    this.#cancelled.add(name);
    this.#confirmed();
    try {
      await client.ended;
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
    }
    if (await isThere(port, name)) this.#problem(`the account ${name} was cancelled and lets somebody in`);
  }
}

/** Whether one can log in. Who tries while what the account had is cleared away may be sent away instead of refused. */
async function isThere(port: number, name: string): Promise<boolean> {
  let client: CrashClient;
  try {
    client = await CrashClient.logIn(port, name, nothing);
  } catch (error) {
    if (error instanceof LogInRefused || isSentAway(error)) return false;
    throw error;
  }
  await client.close();
  return true;
}

function isSentAway(error: unknown): boolean {
  return error instanceof StreamError && error.message.includes("<not-authorized ");
}

export async function register(port: number, name: string): Promise<void> {
  const client = await CrashClient.connect(port);
  try {
    await client.register(name);
  } finally {
    client.destroy();
  }
}
