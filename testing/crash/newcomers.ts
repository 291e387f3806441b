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

  /** What is told to its owner comes a moment before it is written down. What counts is that nobody can log in any more. */
  async #cancel(port: number, name: string): Promise<void> {
    const client = await CrashClient.logIn(port, name, nothing);
    try {
      await client.ask("set", "<query xmlns='jabber:iq:register'><remove/></query>");
      await client.ended;
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
    }
    while (await isStillThere(port, name)) await sleep(pauseMs);
    this.#cancelled.add(name);
    this.#confirmed();
  }
}

/** Who logs in while the account goes is sent away again. */
async function isStillThere(port: number, name: string): Promise<boolean> {
  try {
    return await isThere(port, name);
  } catch (error) {
    if (error instanceof StreamError) return true;
    throw error;
  }
}

/** Whether one can log in. */
async function isThere(port: number, name: string): Promise<boolean> {
  try {
    const client = await CrashClient.logIn(port, name, nothing);
    await client.close();
    return true;
  } catch (error) {
    if (error instanceof LogInRefused) return false;
    throw error;
  }
}

export async function register(port: number, name: string): Promise<void> {
  const client = await CrashClient.connect(port);
  try {
    await client.register(name);
  } finally {
    client.destroy();
  }
}
