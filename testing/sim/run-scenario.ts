import type { ClientSession } from "./client-session.ts";
import { Connection, type ClientEnd } from "./connection.ts";
import { drawsFor, type Draws } from "./draws.ts";
import { goesUnnoticed, goWrong } from "./go-wrong.ts";
import { checkArchives } from "./check-archives.ts";
import { checkComponent } from "./check-component.ts";
import { checkCopies } from "./check-copies.ts";
import { checkLedger } from "./check-ledger.ts";
import { checkLeftovers } from "./check-leftovers.ts";
import { checkWatermarks } from "./check-watermarks.ts";
import { checkViews, type AccountView } from "./check-views.ts";
import { checkWays } from "./check-ways.ts";
import { mayOweTooMuch } from "./given-messages.ts";
import { noHits, type Hits } from "./hits.ts";
import { Ledger } from "./ledger.ts";
import { RosterHistory } from "./roster-history.ts";
import { perform } from "./perform.ts";
import { actingMs } from "./scenario-times.ts";
import { SimClient } from "./sim-client.ts";
import { SimClock } from "./sim-clock.ts";
import { SimComponent } from "./sim-component.ts";
import { SimNetwork } from "./sim-network.ts";
import { resumeSecondsMax, type SimServer } from "./sim-server.ts";
import { fairWeather, makeServers } from "./sim-servers.ts";
import { isFault, type ClientPart, type Scenario } from "./steps.ts";
import { unprovenIds } from "./unproven-ids.ts";
import { Trace } from "./trace.ts";
import { WorldModel } from "./world-model.ts";

/** What came of a scenario. */
export interface Outcome {
  readonly violations: readonly string[];
  /** Hash of everything that happened. */
  readonly trace: string;
  readonly lines: readonly string[];
  /** Stanzas that clients sent, and things that went wrong. */
  readonly stanzas: number;
  readonly faults: number;
  readonly hits: Readonly<Hits>;
}

/** Streams are resumed or given up, what waits arrives or goes back, and what was unreachable is tried again. */
const settlingBetweenServersMs = 240_000;
/** Streams are closed that nobody uses, and that a domain could not be reached is forgotten. */
const forgettingBetweenServersMs = 1_300_000;

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
  readonly #network: SimNetwork;
  readonly #servers: readonly SimServer[];
  readonly #component: SimComponent | undefined;
  readonly #hits = noHits();
  readonly #ledger = new Ledger();
  readonly #rosters = new RosterHistory();
  readonly #model: WorldModel;
  readonly #draws: Draws;
  #clients: readonly SimClient[];
  readonly #sessions: ClientSession[] = [];
  readonly #connections: Connection[] = [];

  constructor(scenario: Scenario, keepTrace: boolean) {
    this.#scenario = scenario;
    this.#trace = new Trace(keepTrace);
    this.#draws = drawsFor(scenario.seed, "faults");
    const { seed, cast } = scenario;
    this.#network = new SimNetwork({ seed, clock: this.#clock, trace: this.#trace });
    const { component } = cast;
    const [clock, trace, hits, network] = [this.#clock, this.#trace, this.#hits, this.#network];
    this.#servers = makeServers(cast.servers, { seed, clock, trace, hits, network, component });
    this.#model = new WorldModel(cast.servers, component);
    this.#component = component === undefined ? undefined : this.#newComponent(component);
    this.#clients = scenario.cast.clients.map((part) => this.#newClient(part));
  }

  async play(): Promise<Outcome> {
    const { steps, cast } = this.#scenario;
    this.#network.unnoticed = (wire) => goesUnnoticed(this.#world, wire);
    for (const server of this.#servers) server.start();
    this.#component?.begin();
    await this.#clock.advance(1_000);
    for (const account of cast.accounts) this.#serverOf(account).createAccount(account);
    await this.#clock.advance(2_000);
    for (const step of steps)
      this.#clock.after(step.at, () => {
        if (isFault(step)) goWrong(this.#world, step);
        else {
          const client = this.#clients[step.client];
          if (client !== undefined) perform(client, step, cast, this.#model);
        }
      });
    await this.#clock.advance(actingMs + 1_000);
    await this.#settleDown();
    const views = await this.#lookAround();
    await this.#leave();
    for (const id of unprovenIds(this.#network, this.#servers, this.#model)) this.#model.unproven.add(id);
    const archiving = cast.accounts.filter((account) => this.#serverOf(account).archives);
    const archives = new Map(archiving.map((account) => [account, this.#serverOf(account).archivedRows(account)]));
    const violations = [
      ...this.#servers.flatMap(({ bugs }) => bugs),
      ...this.#ledger.violations,
      ...checkLedger(this.#ledger, this.#model, this.#sessions, { archives, component: this.#component }),
      ...(this.#component === undefined ? [] : checkComponent(this.#component, this.#ledger, this.#model)),
      ...checkWays(this.#ledger, this.#model, { sessions: this.#sessions, archiving }),
      ...checkArchives(this.#ledger, this.#model, archives),
      ...this.#eachServer(checkWatermarks),
      ...checkCopies(this.#ledger, this.#model, this.#sessions),
      ...views,
      ...this.#eachServer(checkLeftovers),
    ];
    return {
      violations: [...new Set(violations)],
      trace: this.#trace.digest(),
      lines: this.#trace.lines,
      stanzas: this.#stanzasSent,
      faults: steps.filter(isFault).length,
      hits: this.#hits,
    };
  }

  #stanzasSent = 0;

  get #world(): Parameters<typeof goWrong>[0] {
    return {
      clock: this.#clock,
      trace: this.#trace,
      draws: this.#draws,
      model: this.#model,
      servers: this.#servers,
      network: this.#network,
      clients: this.#clients,
      component: this.#component,
    };
  }

  #serverOf(account: string): SimServer {
    const server = this.#servers[this.#model.serverOf(account)];
    if (server === undefined) throw new Error(`nobody serves ${account}`);
    return server;
  }

  #eachServer(check: (server: SimServer, accounts: readonly string[]) => readonly string[]): readonly string[] {
    const { accounts } = this.#scenario.cast;
    return this.#servers.flatMap((server) =>
      check(
        server,
        accounts.filter((account) => this.#serverOf(account) === server),
      ),
    );
  }

  /** Everything works again, everybody comes back, and time passes until nothing is under way. */
  async #settleDown(): Promise<void> {
    for (const { mood } of this.#servers)
      Object.assign(mood, { delayMsMax: 3, commits: undefined, readsFail: false, charsMax: Infinity });
    for (const server of this.#servers) server.applyMood();
    this.#network.heal(fairWeather);
    this.#component?.connection?.readSlowly(false);
    for (const client of this.#clients) {
      client.acks = true;
      client.connection?.readSlowly(false);
      client.connection?.setWeather(fairWeather);
      client.logIn();
      client.comeBack();
    }
    await this.#clock.advance(150_000 + resumeSecondsMax * 1_000 + (this.#isFederated ? settlingBetweenServersMs : 0));
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

  /** Everybody goes, and time passes until the servers have forgotten all of it. */
  async #leave(): Promise<void> {
    for (const client of this.#clients) client.logOut();
    this.#component?.leave();
    await this.#clock.advance(this.#isFederated ? forgettingBetweenServersMs : 120_000);
  }

  get #isFederated(): boolean {
    return this.#servers.length > 1;
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
        rosters: this.#rosters,
        connect: (client) => this.#connect(client, this.#serverOf(account)),
        began: (session) => {
          this.#sessions.push(session);
          this.#ledger.begin(session);
        },
        discFailed: () =>
          this.#model.troubled(this.#clock.now - 10_000, this.#clock.now, ["commits", "reads"], [account]),
        mustResume: (session) =>
          this.#model.mustResume(session, this.#clock.now) && !mayOweTooMuch(session, this.#clock.now, this.#ledger),
        stanzaSent: () => {
          this.#stanzasSent += 1;
        },
      },
    });
  }

  #newComponent(domain: string): SimComponent {
    return new SimComponent({
      domain,
      clock: this.#clock,
      trace: this.#trace,
      draws: drawsFor(this.#scenario.seed, "component's own"),
      connect: (end) => {
        const [server] = this.#servers;
        return server && this.#connect(end, server, (connection) => server.acceptComponent(connection));
      },
    });
  }

  #connect(
    client: ClientEnd,
    server: SimServer,
    accept = (connection: Connection) => server.accept(connection),
  ): Connection | undefined {
    const { life } = server;
    if (life === undefined) return undefined;
    const number = this.#connections.length + 1;
    const connection = new Connection({
      clock: this.#clock,
      draws: drawsFor(this.#scenario.seed, `connection ${number}`),
      life,
      client,
      weather: fairWeather,
      remoteAddress: "192.0.2.1",
      filled: () => {
        this.#hits.queuesFilled += 1;
      },
    });
    if (!accept(connection)) return undefined;
    this.#connections.push(connection);
    return connection;
  }
}
