import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionEnded, type CrashClient } from "./crash-client.ts";
import { Correspondent } from "./correspondent.ts";
import { crashConfig, outsideConfig } from "./crash-config.ts";
import { ArchiveLedger } from "./archive-ledger.ts";
import { planKill, type Confirmed, type KillPlan, type Moment } from "./kill-plan.ts";
import { MessageLedger } from "./message-ledger.ts";
import { Neighbour, neighbourDomain } from "./neighbour.ts";
import { Newcomers, register } from "./newcomers.ts";
import { Owner } from "./owner.ts";
import { PasswordChanger } from "./password-changer.ts";
import { Sleeper } from "./sleeper.ts";
import { TokenUser } from "./token-user.ts";
import { randomFrom, type Random } from "#testing/random.ts";
import { compileCacheFor, ServerProcess, type ServerPlace } from "./server-process.ts";

/** Users who are there while the server is, and write to each other and to those who are not. */
const present = ["romeo", "juliet", "mercutio", "benvolio"] as const;
/** They come only to take what waited for them. */
const absent = ["nurse", "friar"] as const;
const everybody = [...present, ...absent] as const;
/** Takes what waited from the archive. */
const reader = "friar";
/** Its session hibernates while the server is killed. */
const asleep = "abraham";
const witness = "gregory";
/** Has another password all the time. */
const worried = "tybalt";
/** Writes to another server. */
const correspondent = "paris";
/** Logs in by tokens. */
const tokenUser = "rosaline";

/** A life of the server that takes longer than this hangs. */
const lifeMsMax = 300_000;
/** Where the machine is so slow that what was to come before the kill does not. */
const loadMsMax = 10_000;

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
  /**
   * Acknowledged messages, their rows in archives, confirmed writes, confirmed accounts and passwords that were found
   * afterwards; cancelled accounts that were not; sessions that hibernated and were resumed; messages and errors that
   * reached another server; answers to tokens and passwords that were the only right ones.
   */
  readonly messages: number;
  readonly archived: number;
  readonly writes: number;
  readonly accounts: number;
  readonly cancelled: number;
  readonly passwords: number;
  readonly resumed: number;
  readonly letters: number;
  readonly tokens: number;
  /** Messages that came again after a crash, which is allowed. */
  readonly repeated: number;
  readonly problems: readonly string[];
}

interface Present {
  readonly owner: Owner;
  readonly client: CrashClient;
}

/** Who is connected when the load begins. */
interface There {
  readonly present: readonly Present[];
  readonly sleeper: CrashClient | undefined;
  readonly worried: CrashClient;
  readonly correspondent: CrashClient;
}

/**
 * Starts a server, looks whether it knows all that it has acknowledged in its earlier lives, loads it and kills it, again
 * and again. Ends at the first problem; else looks once more at the end.
 */
export async function crashRun({ dir, kills, seed, progress }: CrashRunOptions): Promise<CrashTally> {
  await using neighbour = await Neighbour.start();
  const run = new CrashRun(await prepare(dir, neighbour.port), randomFrom(seed), neighbour);
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
  readonly #archives = new ArchiveLedger(everybody);
  readonly #problems: string[] = [];
  readonly #owners: readonly Owner[];
  readonly #sleeper: Sleeper;
  readonly #worried: PasswordChanger;
  readonly #newcomers: Newcomers;
  readonly #correspondent: Correspondent;
  readonly #tokenUser: TokenUser;
  /** Told of what the server confirms while it is loaded. */
  #confirmed: (what: Confirmed) => void = ignore;
  readonly #moments = { starting: 0, checking: 0, loaded: 0 };

  constructor(place: ServerPlace, random: Random, neighbour: Neighbour) {
    this.#place = place;
    this.#random = random;
    const problem = (text: string): void => void this.#problems.push(text);
    const [messages, archives] = [this.#messages, this.#archives];
    const confirmed = (what: Confirmed): void => this.#confirmed(what);
    this.#owners = everybody.map(
      (name) => new Owner({ name, messages, archives, readsArchive: name === reader, random, problem, confirmed }),
    );
    this.#sleeper = new Sleeper({ name: asleep, witness, messages, random, problem });
    this.#worried = new PasswordChanger({ name: worried, random, problem, confirmed: () => confirmed("password") });
    this.#newcomers = new Newcomers({ random, problem, confirmed: () => confirmed("account") });
    const writes = { name: correspondent, neighbour, random, problem, confirmed: () => confirmed("letter") };
    this.#correspondent = new Correspondent(writes);
    this.#tokenUser = new TokenUser({ name: tokenUser, random, problem, confirmed: () => confirmed("token") });
  }

  get tally(): CrashTally {
    const { starting, checking, loaded } = this.#moments;
    return {
      kills: starting + checking + loaded,
      moments: this.#moments,
      messages: this.#messages.kept,
      writes: this.#owners.reduce((sum, { writes }) => sum + writes.kept, 0),
      archived: this.#archives.kept,
      accounts: this.#newcomers.found,
      cancelled: this.#newcomers.gone,
      passwords: this.#worried.kept,
      resumed: this.#sleeper.resumed,
      letters: this.#correspondent.kept,
      tokens: this.#tokenUser.kept,
      repeated: this.#messages.repeated + this.#correspondent.repeated,
      problems: this.#problems,
    };
  }

  /** Makes the accounts, and lets Node write down what it has compiled, so that later starts are fast. */
  begin(): Promise<void> {
    return this.#orderly(async ({ port }) => {
      for (const name of [...everybody, asleep, witness, worried, correspondent, tokenUser]) await register(port, name);
    });
  }

  finish(): Promise<void> {
    return this.#orderly(async (ports, clients) => {
      await this.#check(ports, clients, true);
      for (const client of clients) client.destroy();
    });
  }

  /** One life of the server, from its start to its death. */
  async live(): Promise<void> {
    await this.#correspondent.beginLife(false);
    const server = new ServerProcess(this.#place);
    const clients: CrashClient[] = [];
    const over = new AbortController();
    const plan = planKill(this.#random);
    const kill = (): void => {
      this.#confirmed = ignore;
      void this.#killLater(server, plan, over.signal);
    };
    const reach = (moment: Moment): void => {
      if (plan.moment !== moment) return;
      if (moment !== "loaded") return kill();
      let left = plan.after.times;
      this.#confirmed = (what) => {
        if (what === plan.after.what && --left === 0) kill();
      };
      void sleep(loadMsMax, undefined, { signal: over.signal }).then(kill, ignore);
    };
    const hung = sleep(lifeMsMax, undefined, { signal: over.signal, ref: false }).then(() => {
      throw new Error(`the server does not answer any more:\n${server.log}`);
    });
    try {
      reach("starting");
      const alive = server.started().then(async (port) => {
        reach("checking");
        const ports = portsOf(server, port);
        const there = await this.#check(ports, clients, false);
        reach("loaded");
        await this.#load(ports, there);
      });
      await Promise.race([alive, hung, server.ended]);
    } catch (error) {
      // What was under way when the server was killed ends like this.
      if (!(error instanceof ConnectionEnded)) this.#problems.push(String(error));
    }
    over.abort();
    this.#confirmed = ignore;
    server.kill();
    await server.ended;
    // What the server sent before its end is read to the last byte.
    await Promise.all(clients.map((client) => client.ended.catch(() => {})));
    this.#messages.endSessions();
    this.#judge(server);
  }

  async #killLater(server: ServerProcess, { moment, afterMs }: KillPlan, signal: AbortSignal): Promise<void> {
    if (afterMs > 0) await sleep(afterMs, undefined, { signal }).catch(() => {});
    if (signal.aborted) return;
    this.#moments[moment]++;
    server.kill();
  }

  async #orderly(work: (ports: Ports, clients: CrashClient[]) => Promise<void>): Promise<void> {
    await this.#correspondent.beginLife(true);
    const server = new ServerProcess(this.#place);
    try {
      await work(portsOf(server, await server.started()), []);
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
  async #check({ port, tlsPort }: Ports, clients: CrashClient[], isLast: boolean): Promise<There> {
    const known = <T extends CrashClient | undefined>(client: T): T => {
      if (client !== undefined) clients.push(client);
      return client;
    };
    const owners = this.#owners.map(async (owner) => ({ owner, client: known(await owner.comeBack(port)) }));
    const [sleeper, worried, writer, , ...back] = await Promise.all([
      this.#sleeper.comeBack(port, isLast).then(known),
      this.#worried.comeBack(port).then(known),
      this.#correspondent.comeBack(port).then(known),
      this.#tokenUser.comeBack(tlsPort),
      ...owners,
    ]);
    for (const { owner, client } of back) if (isAbsent(owner.name)) await client.close();
    await this.#newcomers.check(port);
    const stay = back.filter(({ owner }) => !isAbsent(owner.name));
    return { present: stay, sleeper, worried, correspondent: writer };
  }

  /** Goes on until the server is gone. */
  async #load({ port, serverPort, tlsPort }: Ports, there: There): Promise<void> {
    const { sleeper, worried } = there;
    const lanes = there.present.flatMap(({ owner, client }) => [
      owner.chat(client, [...everybody, asleep]),
      owner.write(client),
    ]);
    const sleeping = sleeper === undefined ? [] : [this.#sleeper.fallAsleep(sleeper, port)];
    await Promise.all([
      ...lanes,
      ...sleeping,
      this.#worried.change(worried),
      this.#newcomers.come(port),
      this.#correspondent.write(there.correspondent),
      this.#correspondent.hearFromStranger(serverPort),
      this.#tokenUser.comeAndGo(tlsPort),
    ]);
  }
}

function isAbsent(name: string): boolean {
  return absent.some((other) => other === name);
}

function ignore(): void {}

/** For clients in the clear and by TLS, and for other servers. */
interface Ports {
  readonly port: number;
  readonly tlsPort: number;
  readonly serverPort: number;
}

function portsOf(server: ServerProcess, port: number): Ports {
  return { port, tlsPort: server.portOf("client-direct-tls"), serverPort: server.portOf("server") };
}

async function prepare(dir: string, neighbourPort: number): Promise<ServerPlace> {
  const place = {
    configFile: join(dir, "balcony.toml"),
    dataDir: join(dir, "data"),
    compileCache: compileCacheFor(dir),
  };
  await mkdir(dir, { recursive: true });
  await writeFile(place.configFile, crashConfig() + outsideConfig(neighbourDomain, neighbourPort));
  return place;
}
