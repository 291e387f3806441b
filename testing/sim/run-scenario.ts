import type { ClientSession } from "./client-session.ts";
import { Connection, type ClientEnd } from "./connection.ts";
import { drawsFor, type Draws } from "./draws.ts";
import { actingMs } from "./generate-scenario.ts";
import { checkArchives } from "./check-archives.ts";
import { checkCopies } from "./check-copies.ts";
import { checkLedger } from "./check-ledger.ts";
import { checkLeftovers } from "./check-leftovers.ts";
import { checkWatermarks } from "./check-watermarks.ts";
import { checkViews, type AccountView } from "./check-views.ts";
import { Ledger } from "./ledger.ts";
import { perform } from "./perform.ts";
import { SimClient } from "./sim-client.ts";
import { SimClock } from "./sim-clock.ts";
import { domainNamed, resumeSecondsMax, SimServer } from "./sim-server.ts";
import { isFault, type ClientPart, type Fault, type Scenario } from "./steps.ts";
import { Trace } from "./trace.ts";
import { WorldModel, type Trouble } from "./world-model.ts";

/** What came of a scenario. */
export interface Outcome {
  readonly violations: readonly string[];
  /** Hash of everything that happened. */
  readonly trace: string;
  readonly lines: readonly string[];
  /** Stanzas that clients sent, and things that went wrong. */
  readonly stanzas: number;
  readonly faults: number;
}

/** How long the server may take to stop, in milliseconds. */
const stopMsMax = 12_000;

const fairWeather = { delayMsMin: 1, delayMsMax: 40 };

/** Plays a scenario to its end and checks what must hold then. */
export async function runScenario(
  scenario: Scenario,
  options: { readonly keepTrace?: boolean } = {},
): Promise<Outcome> {
  const run = new ScenarioRun(scenario, options.keepTrace === true);
  return run.play();
}

class ScenarioRun {
  readonly #scenario: Scenario;
  readonly #clock = new SimClock();
  readonly #trace: Trace;
  readonly #server: SimServer;
  readonly #ledger = new Ledger();
  readonly #model = new WorldModel();
  readonly #draws: Draws;
  #clients: readonly SimClient[];
  readonly #sessions: ClientSession[] = [];
  readonly #connections: Connection[] = [];

  constructor(scenario: Scenario, keepTrace: boolean) {
    this.#scenario = scenario;
    this.#trace = new Trace(keepTrace);
    this.#draws = drawsFor(scenario.seed, "faults");
    this.#server = new SimServer({
      seed: scenario.seed,
      clock: this.#clock,
      trace: this.#trace,
      domains: [domainNamed("capulet.example"), domainNamed("montague.example")],
    });
    this.#clients = scenario.cast.clients.map((part) => this.#newClient(part));
  }

  async play(): Promise<Outcome> {
    const { steps, cast } = this.#scenario;
    this.#server.start();
    await this.#clock.advance(1_000);
    for (const account of cast.accounts) this.#server.createAccount(account);
    await this.#clock.advance(2_000);
    for (const step of steps)
      this.#clock.after(step.at, () => {
        if (isFault(step)) this.#goWrong(step);
        else {
          const client = this.#clients[step.client];
          if (client !== undefined) perform(client, step, cast, this.#model);
        }
      });
    await this.#clock.advance(actingMs + 1_000);
    await this.#settleDown();
    const views = await this.#lookAround();
    await this.#leave();
    const archives = new Map(cast.accounts.map((account) => [account, this.#server.archivedIds(account)]));
    const violations = [
      ...this.#server.bugs,
      ...this.#ledger.violations,
      ...checkLedger(this.#ledger, this.#model, this.#sessions),
      ...(this.#server.archives ? checkArchives(this.#ledger, this.#model, archives) : []),
      ...checkWatermarks(this.#server, cast.accounts),
      ...checkCopies(this.#ledger, this.#model, this.#sessions),
      ...views,
      ...checkLeftovers(this.#server, cast.accounts),
    ];
    return {
      violations: [...new Set(violations)],
      trace: this.#trace.digest(),
      lines: this.#trace.lines,
      stanzas: this.#stanzasSent,
      faults: steps.filter(isFault).length,
    };
  }

  #stanzasSent = 0;

  /** Everything works again, everybody comes back, and time passes until nothing is under way. */
  async #settleDown(): Promise<void> {
    Object.assign(this.#server.mood, { delayMsMax: 3, commits: undefined, readsFail: false });
    this.#server.applyMood();
    for (const client of this.#clients) {
      client.acks = true;
      client.connection?.readSlowly(false);
      client.connection?.setWeather(fairWeather);
      client.logIn();
      client.comeBack();
    }
    await this.#clock.advance(150_000 + resumeSecondsMax * 1_000);
  }

  /** Every account gets one more client, which takes what still waits and sees everything afresh. */
  async #lookAround(): Promise<readonly string[]> {
    const { accounts } = this.#scenario.cast;
    const witnesses = accounts.map((_, account) =>
      this.#newClient({
        account,
        resource: "witness",
        managed: true,
        atOnce: false,
        eager: false,
        versioned: false,
        copies: false,
        reads: "never",
      }),
    );
    for (const session of this.#sessions) session.endedEarly = session.endedAt !== undefined;
    this.#clients = [...this.#clients, ...witnesses];
    for (const witness of witnesses) witness.logIn();
    await this.#clock.advance(20_000);
    const away = this.#clients.filter(({ online }) => !online).map(({ name }) => `${name} could not come online`);
    const views = accounts.flatMap((account, index): readonly AccountView[] => {
      const clients = this.#clients.filter((client) => client.account === account);
      const sessions = clients.flatMap(({ session }) => session ?? []);
      const witness = witnesses[index]?.session;
      return witness === undefined ? [] : [{ account, sessions, witness }];
    });
    return [...away, ...checkViews(views, this.#model, this.#sessions)];
  }

  /** Everybody goes, and time passes until the server has forgotten all of it. */
  async #leave(): Promise<void> {
    for (const client of this.#clients) client.logOut();
    await this.#clock.advance(120_000);
  }

  #newClient(part: ClientPart): SimClient {
    const account = this.#scenario.cast.accounts[part.account] ?? "";
    return new SimClient({
      account,
      part,
      draws: drawsFor(this.#scenario.seed, `client ${account}/${part.resource}`),
      world: {
        clock: this.#clock,
        trace: this.#trace,
        ledger: this.#ledger,
        connect: (client) => this.#connect(client),
        began: (session) => {
          this.#sessions.push(session);
          this.#ledger.begin(session);
        },
        discFailed: () => this.#model.troubled(this.#clock.now - 10_000, this.#clock.now, ["commits", "reads"]),
        mustResume: (session) => this.#model.mustResume(session, this.#clock.now),
        stanzaSent: () => {
          this.#stanzasSent += 1;
        },
      },
    });
  }

  #connect(client: ClientEnd): Connection | undefined {
    const { life } = this.#server;
    if (life === undefined) return undefined;
    const number = this.#connections.length + 1;
    const connection = new Connection({
      clock: this.#clock,
      draws: drawsFor(this.#scenario.seed, `connection ${number}`),
      life,
      client,
      weather: fairWeather,
      remoteAddress: "192.0.2.1",
    });
    if (!this.#server.accept(connection)) return undefined;
    this.#connections.push(connection);
    return connection;
  }

  #goWrong(fault: Fault): void {
    this.#trace.note(this.#clock.now, `fault ${JSON.stringify(fault)}`);
    switch (fault.fault) {
      case "cut":
        this.#clients[fault.client]?.connection?.cut({
          serverNoticesMs: fault.serverNotices ? this.#draws.below(400) : undefined,
          clientNoticesMs: fault.clientNotices ? this.#draws.below(400) : undefined,
        });
        return;
      case "slow-reader": {
        const connection = this.#clients[fault.client]?.connection;
        connection?.readSlowly(true);
        this.#clock.after(fault.forMs, () => connection?.readSlowly(false));
        return;
      }
      case "no-acks": {
        const client = this.#clients[fault.client];
        if (client === undefined) return;
        client.acks = false;
        this.#clock.after(fault.forMs, () => {
          client.acks = true;
        });
        return;
      }
      case "bad-weather": {
        const connection = this.#clients[fault.client]?.connection;
        connection?.setWeather({ delayMsMin: 0, delayMsMax: fault.delayMs });
        this.#clock.after(fault.forMs, () => connection?.setWeather(fairWeather));
        return;
      }
      case "clock-jump":
        this.#trouble("jump", 0);
        this.#server.clockOffset += fault.byMs;
        return;
      case "kill":
        this.#trouble("kill", 3_000 + fault.downMs);
        this.#server.kill({
          ...fault,
          noticedMs: () => (this.#draws.chance(0.8) ? this.#draws.below(2_000) : undefined),
        });
        return;
      case "restart":
        this.#trouble("restart", fault.downMs + stopMsMax);
        this.#server.restart(fault.downMs);
        return;
      default:
        this.#disc(fault);
    }
  }

  #disc(fault: Extract<Fault, { fault: "disc-slow" | "commits-fail" | "reads-fail" }>): void {
    const { mood } = this.#server;
    switch (fault.fault) {
      case "disc-slow":
        mood.delayMsMax = fault.delayMs;
        this.#trouble("slow", fault.forMs);
        this.#clock.after(fault.forMs, () => {
          mood.delayMsMax = 3;
        });
        return;
      case "commits-fail":
        mood.commits = fault;
        this.#trouble("commits", fault.forMs);
        this.#clock.after(fault.forMs, () => {
          mood.commits = undefined;
          this.#server.applyMood();
        });
        break;
      default:
        mood.readsFail = true;
        this.#trouble("reads", fault.forMs);
        this.#clock.after(fault.forMs, () => {
          mood.readsFail = false;
          this.#server.applyMood();
        });
    }
    this.#server.applyMood();
  }

  #trouble(kind: Trouble["kind"], forMs: number): void {
    // What is under way as it ends is still concerned.
    this.#model.troubles.push({ kind, from: this.#clock.now, until: this.#clock.now + forMs + 3_000 });
  }
}
