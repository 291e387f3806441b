import { setTimeout as sleep } from "node:timers/promises";
import { CrashClient, LogInRefused, passwordOf } from "./crash-client.ts";
import type { Random } from "#testing/random.ts";

const pauseMs = 40;
const nothing = { message: () => {}, request: () => {}, acknowledged: () => {} };

export interface PasswordChangerParts {
  readonly name: string;
  readonly random: Random;
  readonly problem: (text: string) => void;
  readonly confirmed: () => void;
}

/** Changes the own password again and again; a confirmed one is the one that counts, whatever happens to the server. */
export class PasswordChanger {
  readonly name: string;
  /** Confirmed changes that a log-in has found. */
  kept = 0;
  readonly #random: Random;
  readonly #problem: (text: string) => void;
  readonly #told: () => void;
  #password: string;
  /** Asked for, and not confirmed: the server may have it or not. */
  #wanted: string | undefined;
  #before: string | undefined;
  #confirmed = 0;
  #number = 0;

  constructor({ name, random, problem, confirmed }: PasswordChangerParts) {
    this.name = name;
    this.#told = confirmed;
    this.#random = random;
    this.#problem = (text) => problem(`${name}: ${text}`);
    this.#password = passwordOf(name);
  }

  /** Logs in with the password that must count. */
  async comeBack(port: number): Promise<CrashClient> {
    if (
      this.#before !== undefined &&
      this.#random.share() < 0.2 &&
      (await this.#logIn(port, this.#before)) !== undefined
    )
      this.#problem("a password works that was changed");
    const candidates = this.#wanted === undefined ? [this.#password] : [this.#wanted, this.#password];
    for (const password of candidates) {
      const client = await this.#logIn(port, password);
      if (client === undefined) continue;
      this.kept += this.#confirmed;
      [this.#password, this.#wanted, this.#before, this.#confirmed] = [password, undefined, undefined, 0];
      return client;
    }
    throw new Error(`${this.name} cannot log in with the password that was confirmed`);
  }

  /** Changes it until the server is gone. */
  async change(client: CrashClient): Promise<never> {
    for (;;) {
      const wanted = `password ${++this.#number} of ${this.name}`;
      this.#wanted = wanted;
      const fields = `<username>${this.name}</username><password>${wanted}</password>`;
      await client.ask("set", `<query xmlns='jabber:iq:register'>${fields}</query>`);
      [this.#before, this.#password, this.#wanted] = [this.#password, wanted, undefined];
      this.#confirmed++;
      this.#told();
      await sleep(pauseMs);
    }
  }

  async #logIn(port: number, password: string): Promise<CrashClient | undefined> {
    try {
      return await CrashClient.logIn(port, this.name, nothing, { password });
    } catch (error) {
      if (error instanceof LogInRefused) return undefined;
      throw error;
    }
  }
}
