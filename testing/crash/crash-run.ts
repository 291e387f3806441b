import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionEnded, CrashClient } from "./crash-client.ts";
import { crashConfig } from "./crash-config.ts";
import { MessageLedger } from "./message-ledger.ts";
import { Owner } from "./owner.ts";
import { randomFrom, type Random } from "#testing/random.ts";
import { compileCacheFor, ServerProcess, type ServerPlace } from "./server-process.ts";

/** Users who are there while the server is, and write to each other and to those who are not. */
const present = ["romeo", "juliet", "mercutio", "benvolio"] as const;
/** They come only to take what waited for them. */
const absent = ["nurse", "friar"] as const;
const everybody = [...present, ...absent] as const;

/** A life of the server that takes longer than this hangs. */
const lifeMsMax = 60_000;
const registrationPauseMs = 40;

export interface CrashRunOptions {
  /** Where the configuration and the data are made. */
  readonly dir: string;
  readonly kills: number;
  readonly seed: number;
  readonly progress?: (tally: CrashTally) => void;
}

export interface CrashTally {
  readonly kills: number;
  /** Of them, how many hit a server at which moment. */
  readonly moments: Readonly<Record<Moment, number>>;
  /** Acknowledged messages, confirmed writes and confirmed accounts that were found afterwards. */
  readonly messages: number;
  readonly writes: number;
  readonly accounts: number;
  /** Messages that came again after a crash, which is allowed. */
  readonly repeated: number;
  readonly problems: readonly string[];
}

/** Before the server said that it has started; while it is asked what it still knows; under load. */
type Moment = "starting" | "checking" | "loaded";

interface Plan {
  readonly moment: Moment;
  /** From the beginning of that moment. */
  readonly afterMs: number;
}

interface Present {
  readonly owner: Owner;
  readonly client: CrashClient;
}

/** Most kills are under load; a few loads go on until sessions write down what slow clients owe. */
function planKill(random: Random): Plan {
  const share = random.share();
  if (share < 0.08) return { moment: "starting", afterMs: random.below(600) };
  if (share < 0.2) return { moment: "checking", afterMs: random.below(200) };
  return { moment: "loaded", afterMs: random.below(share < 0.97 ? 300 : 3_000) };
}

/**
 * Starts a server, looks whether it knows all that it has acknowledged in its earlier lives, loads it and kills it, again
 * and again. Ends at the first problem; else looks once more at the end.
 */
export async function crashRun({ dir, kills, seed, progress }: CrashRunOptions): Promise<CrashTally> {
  const run = new CrashRun(await prepare(dir), randomFrom(seed));
  await run.begin();
  while (run.tally.kills < kills && run.tally.problems.length === 0) {
    await run.live();
    progress?.(run.tally);
  }
  if (run.tally.problems.length === 0) await run.finish();
  return run.tally;
}

class CrashRun {
  readonly #place: ServerPlace;
  readonly #random: Random;
  readonly #messages = new MessageLedger();
  readonly #problems: string[] = [];
  readonly #owners: readonly Owner[];
  readonly #moments = { starting: 0, checking: 0, loaded: 0 };
  /** Accounts that the server has confirmed, and nobody has logged in to yet. */
  #newAccounts: string[] = [];
  #accountsMade = 0;
  #accountsFound = 0;

  constructor(place: ServerPlace, random: Random) {
    this.#place = place;
    this.#random = random;
    const problem = (text: string): void => void this.#problems.push(text);
    this.#owners = everybody.map((name) => new Owner({ name, messages: this.#messages, random, problem }));
  }

  get tally(): CrashTally {
    const { starting, checking, loaded } = this.#moments;
    return {
      kills: starting + checking + loaded,
      moments: this.#moments,
      messages: this.#messages.kept,
      writes: this.#owners.reduce((sum, { writes }) => sum + writes.kept, 0),
      accounts: this.#accountsFound,
      repeated: this.#messages.repeated,
      problems: this.#problems,
    };
  }

  /** Makes the accounts, and lets Node write down what it has compiled, so that later starts are fast. */
  begin(): Promise<void> {
    return this.#orderly(async (port) => {
      for (const name of everybody) await register(port, name);
    });
  }

  finish(): Promise<void> {
    return this.#orderly(async (port, clients) => {
      await this.#check(port, clients);
      for (const client of clients) client.destroy();
    });
  }

  /** One life of the server, from its start to its death. */
  async live(): Promise<void> {
    const server = new ServerProcess(this.#place);
    const clients: CrashClient[] = [];
    const over = new AbortController();
    const plan = planKill(this.#random);
    const reach = (moment: Moment): void => {
      if (plan.moment === moment) void this.#killLater(server, plan, over.signal);
    };
    const hung = sleep(lifeMsMax, undefined, { signal: over.signal, ref: false }).then(() => {
      throw new Error(`the server does not answer any more:\n${server.log}`);
    });
    try {
      reach("starting");
      const alive = server.started().then(async (port) => {
        reach("checking");
        const present = await this.#check(port, clients);
        reach("loaded");
        await this.#load(port, present);
      });
      await Promise.race([alive, hung, server.ended]);
    } catch (error) {
      // What was under way when the server was killed ends like this.
      if (!(error instanceof ConnectionEnded)) this.#problems.push(String(error));
    }
    over.abort();
    server.kill();
    await server.ended;
    // What the server sent before its end is read to the last byte.
    await Promise.all(clients.map((client) => client.ended.catch(() => {})));
    this.#messages.endSessions();
    this.#judge(server);
  }

  async #killLater(server: ServerProcess, { moment, afterMs }: Plan, signal: AbortSignal): Promise<void> {
    await sleep(afterMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    this.#moments[moment]++;
    server.kill();
  }

  async #orderly(work: (port: number, clients: CrashClient[]) => Promise<void>): Promise<void> {
    const server = new ServerProcess(this.#place);
    try {
      await work(await server.started(), []);
    } catch (error) {
      this.#problems.push(String(error));
    }
    await server.stop();
    this.#judge(server);
  }

  #judge(server: ServerProcess): void {
    this.#problems.push(...server.errors);
    if (this.#problems.length > 0) this.#problems.push(`the server's log ends with\n${server.log}`);
  }

  /** Everybody looks whether all is there; their connections are added to `clients`. Returns who stays. */
  async #check(port: number, clients: CrashClient[]): Promise<readonly Present[]> {
    const back: readonly Present[] = await Promise.all(
      this.#owners.map(async (owner) => {
        const client = await owner.comeBack(port);
        clients.push(client);
        return { owner, client };
      }),
    );
    for (const { owner, client } of back) if (isAbsent(owner.name)) await client.close();
    for (const name of this.#newAccounts) {
      const client = await CrashClient.logIn(port, name, { message: nothing, request: nothing, acknowledged: nothing });
      await client.close();
      this.#accountsFound++;
      this.#newAccounts = this.#newAccounts.filter((other) => other !== name);
    }
    return back.filter(({ owner }) => !isAbsent(owner.name));
  }

  /** Goes on until the server is gone. */
  async #load(port: number, back: readonly Present[]): Promise<void> {
    const lanes = back.flatMap(({ owner, client }) => [owner.chat(client, everybody), owner.write(client)]);
    await Promise.all([...lanes, this.#register(port)]);
  }

  async #register(port: number): Promise<never> {
    for (;;) {
      const name = `page${++this.#accountsMade}`;
      await register(port, name);
      this.#newAccounts.push(name);
      await sleep(registrationPauseMs);
    }
  }
}

function isAbsent(name: string): boolean {
  return absent.some((other) => other === name);
}

async function register(port: number, name: string): Promise<void> {
  const client = await CrashClient.connect(port);
  try {
    await client.register(name);
  } finally {
    client.destroy();
  }
}

async function prepare(dir: string): Promise<ServerPlace> {
  const place = {
    configFile: join(dir, "balcony.toml"),
    dataDir: join(dir, "data"),
    compileCache: compileCacheFor(dir),
  };
  await mkdir(dir, { recursive: true });
  await writeFile(place.configFile, crashConfig());
  return place;
}

function nothing(): void {}
