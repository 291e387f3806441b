import { equal, fail, match, ok } from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { ConnectionEnded, CrashClient } from "./crash-client.ts";
import { crashConfig } from "./crash-config.ts";
import { MessageLedger } from "./message-ledger.ts";
import { Owner } from "./owner.ts";
import { randomFrom } from "#testing/random.ts";
import { compileCacheFor, runCommand, ServerProcess, type ServerPlace } from "./server-process.ts";

const waitMsMax = 60_000;
const pollMs = 20;
/** What must have happened before the next scene. */
const enough = 50;
const failsLine = "the store fails; what it cannot keep is refused until it works again";
const worksLine = "the store works again";

/** RFC 6120 §8.3.3.18: what is lacking is a resource of ours, and it is worth trying again (§8.3.2). */
const resourceConstraint = "wait resource-constraint";

export interface Trouble {
  /** Lets the store fail; called with the server's process id. */
  readonly begin: (pid: number) => Promise<void>;
  readonly end: (pid: number) => Promise<void>;
  /** Whether who is not logged in can log in meanwhile: what that needs is only read. */
  readonly logIn: "works" | "refused";
  /**
   * Whether those chat on who are logged in. With an archive each message is to be kept; where nothing can be read, who
   * tried to write waits until it can.
   */
  readonly chat: "goes-on" | "may-stop";
  /** What the store says. */
  readonly detail: RegExp;
}

/**
 * A server with clients that chat and change their rosters while its store fails and works again, as often as there are
 * troubles. It must stay up, refuse what it cannot keep and nothing else, say that it is in trouble, recover by itself,
 * and, killed afterwards, have all that it acknowledged.
 */
export async function playTroubles(options: {
  readonly dir: string;
  /** Of balcony.toml, beside what the play needs. */
  readonly toml?: string;
  readonly withoutArchive?: boolean;
  readonly troubles: readonly Trouble[];
  readonly seed: number;
}): Promise<void> {
  const httpPort = await freePort();
  const place: ServerPlace = {
    configFile: join(options.dir, "balcony.toml"),
    dataDir: join(options.dir, "data"),
    compileCache: compileCacheFor(options.dir),
  };
  await mkdir(options.dir, { recursive: true });
  await writeFile(place.configFile, crashConfig(httpPort) + (options.toml ?? ""));
  const play = new Play(place, httpPort, options);
  await using _ = play;
  await play.within(play.begin(), "the beginning");
  for (const [index, trouble] of options.troubles.entries()) await play.live(trouble, index + 1);
  await play.within(play.die(), "the end");
}

class Play implements AsyncDisposable {
  readonly #place: ServerPlace;
  readonly #httpPort: number;
  readonly #messages = new MessageLedger();
  readonly #problems: string[] = [];
  readonly #refused = { message: 0, request: 0 };
  readonly #owners: readonly [Owner, Owner];
  readonly #nurse: Owner;
  #server: ServerProcess;
  #port = 0;
  #clients: readonly CrashClient[] = [];
  /** Rejects when the load breaks down, or the server does by itself. */
  readonly #broken = Promise.withResolvers<never>();

  constructor(
    place: ServerPlace,
    httpPort: number,
    { seed, withoutArchive = false }: { readonly seed: number; readonly withoutArchive?: boolean },
  ) {
    this.#place = place;
    this.#httpPort = httpPort;
    const random = randomFrom(seed);
    const owner = (name: string): Owner =>
      new Owner({
        name,
        messages: this.#messages,
        random,
        withoutArchive,
        problem: (text) => void this.#problems.push(text),
        refused: (reason, what) => {
          this.#refused[what]++;
          if (reason !== resourceConstraint) this.#problems.push(`${name}: a ${what} was refused with ${reason}`);
        },
      });
    this.#owners = [owner("romeo"), owner("juliet")];
    this.#nurse = owner("nurse");
    this.#server = new ServerProcess(place);
    this.#broken.promise.catch(() => {});
  }

  async begin(): Promise<void> {
    this.#port = await this.#server.started();
    for (const { name } of [...this.#owners, this.#nurse]) {
      const client = await CrashClient.connect(this.#port);
      await client.register(name);
      client.destroy();
    }
    this.#clients = await Promise.all(this.#owners.map((owner) => owner.comeBack(this.#port)));
    const lanes = this.#owners.flatMap((owner, index) => {
      const client = this.#clients[index];
      return client === undefined ? [] : [owner.chat(client, ["romeo", "juliet", "nurse"]), owner.write(client)];
    });
    Promise.all(lanes).catch((error: unknown) => {
      if (!(error instanceof ConnectionEnded)) this.#broken.reject(error);
    });
    await this.#progress();
    equal(this.#refused.message + this.#refused.request, 0, "nothing is refused while all is well");
    await this.#saysWell();
  }

  /** One trouble, from its beginning to its end; before and after, all is well. */
  async live(trouble: Trouble, times: number): Promise<void> {
    await trouble.begin(this.#server.pid);
    const before = { ...this.#refused };
    await this.#until("messages and requests are refused", () =>
      Promise.resolve(this.#refused.message > before.message + enough && this.#refused.request > before.request),
    );
    await this.#saysTrouble(trouble.detail);
    await this.within(this.#triesLogIn(trouble.logIn), "answer to a log-in");
    const { arrived } = this.#messages;
    if (trouble.chat === "goes-on")
      await this.#until("messages arrive", () => Promise.resolve(this.#messages.arrived > arrived + enough));
    await trouble.end(this.#server.pid);
    await this.#saysWell();
    await this.#progress();
    await this.within(this.#server.said(worksLine, times), `"${worksLine}"`);
    equal(this.#server.count(failsLine), times, "the log tells of each trouble once");
    this.#judge();
  }

  /** The server is killed and comes back. */
  async die(): Promise<void> {
    const refused = this.#refused.message + this.#refused.request;
    this.#server.kill();
    await this.#server.ended;
    await Promise.all(this.#clients.map((client) => client.ended.catch(() => {})));
    this.#messages.endSessions();
    this.#server = new ServerProcess(this.#place);
    this.#port = await this.#server.started();
    for (const owner of [...this.#owners, this.#nurse]) {
      const client = await owner.comeBack(this.#port);
      client.destroy();
    }
    this.#judge();
    ok(refused > enough && this.#messages.kept > enough, `${refused} refused, ${this.#messages.kept} kept`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.kill();
    await this.#server.ended;
  }

  /** Things are confirmed, and more of them. */
  async #progress(): Promise<void> {
    const { acknowledged } = this.#messages;
    const confirmed = (): number => this.#owners.reduce((sum, { writes }) => sum + writes.confirmations, 0);
    const written = confirmed();
    await this.#until("messages are acknowledged and writes confirmed", () =>
      Promise.resolve(this.#messages.acknowledged > acknowledged + enough && confirmed() > written + 5),
    );
  }

  async #saysTrouble(detail: RegExp): Promise<void> {
    await this.#until("/health says that the store fails", async () => (await this.#health()).status === 503);
    const { body } = await this.#health();
    equal(body.ok, false);
    equal(body.store.ok, false);
    match(body.store.detail ?? "", detail);
    const { code, out, err } = await this.within(runCommand(this.#place, "status"), "answer to status");
    equal(code, 1, err);
    match(out, detail);
  }

  async #saysWell(): Promise<void> {
    await this.#until("/health says that all is well", async () => (await this.#health()).status === 200);
    equal((await this.#health()).body.store.detail, undefined);
    const { code, err } = await this.within(runCommand(this.#place, "status"), "answer to status");
    equal(code, 0, err);
  }

  async #triesLogIn(expected: Trouble["logIn"]): Promise<void> {
    try {
      const client = await CrashClient.logIn(this.#port, "nurse", ignoring);
      client.destroy();
      equal("works", expected, "somebody could log in");
    } catch (error) {
      match(String(error), /temporary-auth-failure/);
      equal("refused", expected, String(error));
    }
  }

  async #health(): Promise<HealthAnswer> {
    const response = await fetch(`http://127.0.0.1:${this.#httpPort}/health`);
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a wrong shape fails the assertions
    return { status: response.status, body: (await response.json()) as HealthAnswer["body"] };
  }

  async #until(what: string, holds: () => Promise<boolean>): Promise<void> {
    for (const deadline = Date.now() + waitMsMax; !(await this.within(holds(), what)); await sleep(pollMs))
      if (Date.now() > deadline) fail(`it does not happen that ${what}; the log:\n${this.#server.log}`);
  }

  /** Ends with a failure when the load breaks down meanwhile, or the server does not answer. */
  within<T>(work: Promise<T>, what: string): Promise<T> {
    const late = sleep(waitMsMax, undefined, { ref: false }).then(() =>
      fail(`no ${what} in time; the log:\n${this.#server.log}`),
    );
    return Promise.race([work, late, this.#broken.promise]);
  }

  #judge(): void {
    equal(this.#problems.length, 0, `${this.#problems.slice(0, 10).join("\n")}\n${this.#server.log}`);
  }
}

interface HealthAnswer {
  readonly status: number;
  readonly body: { readonly ok: boolean; readonly store: { readonly ok: boolean; readonly detail?: string } };
}

const ignoring = { message: nothing, request: nothing, acknowledged: nothing };

function nothing(): void {}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
