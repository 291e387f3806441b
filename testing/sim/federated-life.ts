import { Connection } from "./connection.ts";
import { drawsFor, type Draws } from "./draws.ts";
import { Ledger, type Entry } from "./ledger.ts";
import { SimClient } from "./sim-client.ts";
import { SimClock } from "./sim-clock.ts";
import { SimNetwork } from "./sim-network.ts";
import { domainNamed, SimServer } from "./sim-server.ts";
import { Trace } from "./trace.ts";

/** How a life of several servers is played. */
export interface FederatedLife {
  readonly seed: number;
  readonly servers: 2 | 3;
  /** Whether processes are killed; without that nothing may come twice. */
  readonly kills: boolean;
}

export interface FederatedOutcome {
  readonly violations: readonly string[];
  readonly messages: number;
  readonly faults: number;
  readonly lines: readonly string[];
}

const actingMs = 120_000;
const stepMsMax = 400;
/** All is well again, clients come back, streams are resumed or given up, and what waits arrives or goes back. */
const settlingMs = 400_000;

/** Servers that talk over a network which breaks, with processes that end, and what must hold for their users. */
export async function liveFederated(life: FederatedLife): Promise<FederatedOutcome> {
  return new FederatedRun(life).play();
}

interface Fault {
  readonly server: number;
  readonly at: number;
}

class FederatedRun {
  readonly #life: FederatedLife;
  readonly #draws: Draws;
  readonly #clock = new SimClock();
  readonly #trace = new Trace(true);
  readonly #ledger = new Ledger();
  readonly #network: SimNetwork;
  readonly #servers: readonly SimServer[];
  readonly #clients: SimClient[] = [];
  readonly #kills: Fault[] = [];
  readonly #restarts: Fault[] = [];
  readonly #cuts: number[] = [];
  #connections = 0;
  #faults = 0;

  constructor(life: FederatedLife) {
    const { seed, servers } = life;
    this.#life = life;
    this.#draws = drawsFor(seed, "federated life");
    this.#network = new SimNetwork({ seed, clock: this.#clock });
    this.#servers = ["capulet.example", "montague.example", "verona.example"].slice(0, servers).map((domain, index) => {
      // Some prove themselves by certificate, others by dialback alone.
      if (this.#draws.chance(0.3)) this.#network.unproven.add(domain);
      const among = { name: domain, address: `198.51.100.${index + 1}`, network: this.#network };
      return new SimServer({ seed, clock: this.#clock, trace: this.#trace, domains: [domainNamed(domain)], among });
    });
  }

  async play(): Promise<FederatedOutcome> {
    for (const server of this.#servers) server.start();
    await this.#clock.advance(1_000);
    for (const [index, server] of this.#servers.entries())
      for (const name of ["anna", "bruno"]) this.#addClient(`${name}@${server.domains[0]}`, index);
    await this.#clock.advance(1_000);
    for (const client of this.#clients) client.logIn();
    for (const end = this.#clock.now + actingMs; this.#clock.now < end;) {
      this.#step();
      await this.#clock.advance(this.#draws.between(0, stepMsMax));
    }
    this.#network.reachability.clear();
    this.#network.weather = { delayMsMin: 1, delayMsMax: 40 };
    for (const client of this.#clients) client.comeBack();
    await this.#clock.advance(settlingMs);
    return {
      violations: [...this.#servers.flatMap(({ bugs }) => bugs), ...this.#check()],
      messages: this.#ledger.entries.length,
      faults: this.#faults,
      lines: this.#trace.lines,
    };
  }

  #step(): void {
    const draws = this.#draws;
    if (draws.chance(0.94)) {
      this.#write();
      return;
    }
    this.#faults += 1;
    const index = draws.between(0, this.#servers.length - 1);
    const server = this.#servers[index];
    const killing = this.#life.kills ? 1 : 0;
    switch (draws.weighted({ cut: 6, slow: killing, unreachable: 1, client: 2, restart: 1, kill: killing })) {
      case "cut": {
        const { wires } = this.#network;
        const wire = wires[draws.between(Math.max(0, wires.length - 4), Math.max(0, wires.length - 1))];
        // One side may learn of it much later, or only when it has something to say.
        this.#cuts.push(this.#clock.now);
        wire?.cut({ dialler: draws.between(1, noticedMsMax), acceptor: draws.between(1, noticedMsMax) });
        return;
      }
      // A server that stops while its last words are on a wire like this is as good as killed.
      case "slow":
        this.#network.wires.at(-1)?.setWeather({ delayMsMin: 200, delayMsMax: draws.between(500, 2_000) });
        return;
      case "unreachable": {
        const [domain = ""] = server?.domains ?? [];
        this.#network.reachability.set(domain, "refused");
        this.#clock.after(draws.between(1_000, 15_000), () => this.#network.reachability.delete(domain));
        return;
      }
      case "client": {
        const client = this.#clients[draws.between(0, this.#clients.length - 1)];
        client?.connection?.cut({ serverNoticesMs: draws.between(1, 5_000), clientNoticesMs: draws.between(1, 500) });
        return;
      }
      case "restart":
        this.#restarts.push({ server: index, at: this.#clock.now });
        server?.restart(draws.between(500, 5_000));
        return;
      case "kill":
        this.#kills.push({ server: index, at: this.#clock.now });
        server?.kill({
          steps: draws.between(0, 40),
          when: draws.chance(0.5) ? "before-durable" : "answer-lost",
          downMs: draws.between(500, 5_000),
          noticedMs: () => (draws.chance(0.7) ? draws.between(1, 3_000) : 10_000),
        });
    }
  }

  #write(): void {
    const draws = this.#draws;
    const from = this.#clients[draws.between(0, this.#clients.length - 1)];
    const others = this.#clients.filter((client) => client.account !== from?.account);
    const to = others[draws.between(0, others.length - 1)];
    if (from === undefined || to === undefined) return;
    from.whenOnline((session) => from.sendMessage(session, { to: to.account, account: to.account, kind: "chat" }));
  }

  #addClient(account: string, index: number): void {
    const server = this.#servers[index];
    if (server === undefined) return;
    const { seed } = this.#life;
    server.createAccount(account);
    const [clock, trace, ledger] = [this.#clock, this.#trace, this.#ledger];
    const client = new SimClient({
      account,
      draws: drawsFor(seed, `client ${account}`),
      part: {
        account: this.#clients.length,
        resource: "home",
        managed: true,
        atOnce: false,
        eager: true,
        versioned: false,
        copies: false,
        reads: "never",
      },
      world: {
        clock,
        trace,
        ledger,
        connect: (end) => {
          if (server.life === undefined) return undefined;
          this.#connections += 1;
          const draws = drawsFor(seed, `connection ${this.#connections}`);
          const weather = { delayMsMin: 1, delayMsMax: 40 };
          const parts = { clock, draws, life: server.life, client: end, weather, remoteAddress: "192.0.2.1" };
          const connection = new Connection(parts);
          return server.accept(connection) ? connection : undefined;
        },
        began: (session) => ledger.begin(session),
        stanzaSent: () => undefined,
        mustResume: () => false,
        discFailed: () => false,
      },
    });
    this.#clients.push(client);
  }

  #check(): readonly string[] {
    const { entries, violations, overtaken } = this.#ledger;
    const lost = entries
      .filter(({ acknowledgedAt, receipts, bouncedAt }) => {
        return acknowledgedAt !== undefined && receipts.length === 0 && bouncedAt === undefined;
      })
      .map(({ id, from, account }) => `${id} of ${from.name} for ${account} was acknowledged and is lost`);
    const twice = violations.filter((line) => !this.#mayComeTwice(line));
    const behind = overtaken
      .filter(({ entry }) => !this.#killedAround(entry))
      .map(({ entry, receipt, by }) => `${receipt.session.name} got ${entry.id} after ${by.id}`);
    const both = entries
      .filter((entry) => entry.bouncedAt !== undefined && entry.receipts.length > 0 && !this.#killedAround(entry))
      .map(({ id, account }) => `${id} for ${account} arrived and came back`);
    return [...lost, ...twice, ...behind, ...both];
  }

  /** What a process knew about who has what ended with it: then a message comes twice rather than never. */
  #mayComeTwice(line: string): boolean {
    const [, id = ""] = / got (m\d+) of .* twice$/u.exec(line) ?? [];
    const entry = this.#ledger.find(id);
    return entry !== undefined && this.#killedAround(entry);
  }

  #killedAround(entry: Entry): boolean {
    const concerned = [entry.from.account, entry.account].map((account) =>
      this.#servers.findIndex(({ domains }) => account.endsWith(`@${domains[0]}`)),
    );
    const last = Math.max(entry.sentAt, ...entry.receipts.map(({ at }) => at), entry.bouncedAt ?? 0);
    // Where the wire breaks while a server takes leave, its last words do not arrive.
    const unheard = this.#restarts.filter(({ at }) =>
      this.#cuts.some((cut) => Math.abs(cut - at) < noticedMsMax + 1_000),
    );
    return [...this.#kills, ...unheard].some(
      ({ server, at }) => concerned.includes(server) && at >= entry.sentAt - shortlyMs && at <= last + shortlyMs,
    );
  }
}

/** Until a side of a wire that broke learns of it. */
const noticedMsMax = 5_000;
/** From what happened until everybody has dealt with it. */
const shortlyMs = 90_000;
