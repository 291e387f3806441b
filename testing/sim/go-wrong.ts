import type { Draws } from "./draws.ts";
import type { ServerWire } from "./server-wire.ts";
import type { SimClient } from "./sim-client.ts";
import type { SimComponent } from "./sim-component.ts";
import type { SimClock } from "./sim-clock.ts";
import type { SimNetwork } from "./sim-network.ts";
import { actingMs } from "./scenario-times.ts";
import type { DiscMood, SimServer } from "./sim-server.ts";
import { fairWeather } from "./sim-servers.ts";
import type { Fault, FaultBetweenServers, FaultOfComponent } from "./steps.ts";
import type { Trace } from "./trace.ts";
import type { Trouble, WorldModel } from "./world-model.ts";

/** What faults happen to. */
interface World {
  readonly clock: SimClock;
  readonly trace: Trace;
  readonly draws: Draws;
  readonly model: WorldModel;
  readonly servers: readonly SimServer[];
  readonly network: SimNetwork;
  readonly clients: readonly SimClient[];
  readonly component: SimComponent | undefined;
}

/** How long the server may take to stop, in milliseconds. */
const stopMsMax = 12_000;

/** Has something go wrong, for as long as it says; the model hears what may come of that. */
export function goWrong(world: World, fault: Fault): void {
  const { clients, clock, draws, model, trace } = world;
  trace.note(clock.now, `fault ${JSON.stringify(fault)}`);
  switch (fault.fault) {
    case "cut":
      clients[fault.client]?.connection?.cut({
        serverNoticesMs: fault.serverNotices ? draws.below(400) : undefined,
        clientNoticesMs: fault.clientNotices ? draws.below(400) : undefined,
      });
      return;
    case "slow-reader": {
      const connection = clients[fault.client]?.connection;
      connection?.readSlowly(true);
      clock.after(fault.forMs, () => connection?.readSlowly(false));
      return;
    }
    case "no-acks": {
      const client = clients[fault.client];
      if (client === undefined) return;
      client.acks = false;
      clock.after(fault.forMs, () => {
        client.acks = true;
      });
      return;
    }
    case "bad-weather": {
      const connection = clients[fault.client]?.connection;
      connection?.setWeather({ delayMsMin: 0, delayMsMax: fault.delayMs });
      clock.after(fault.forMs, () => connection?.setWeather(fairWeather));
      return;
    }
    case "component-cut":
    case "component-restart":
    case "component-hang":
      goWrongWithComponent(world, fault);
      return;
    case "wire-cut":
    case "wire-weather":
    case "wire-mute":
    case "wire-forge":
    case "unreachable":
    case "hang":
      goWrongBetween(world, fault);
      return;
    default:
  }
  const number = fault.server ?? 0;
  const server = world.servers[number];
  if (server === undefined) return;
  const trouble = (kind: Trouble["kind"], forMs: number): void => model.trouble(kind, [number], clock.now, forMs);
  switch (fault.fault) {
    case "clock-jump":
      trouble("jump", 0);
      server.clockOffset += fault.byMs;
      return;
    case "kill":
      trouble("kill", 3_000 + fault.downMs);
      server.kill({
        ...fault,
        noticedMs: () => (draws.chance(0.8) ? draws.below(2_000) : undefined),
      });
      return;
    case "restart":
      trouble("restart", fault.downMs + stopMsMax);
      // What was written to it was taken by its system, and perhaps by nobody else.
      if (!server.manners.manages) model.apart([number], clock.now, fault.downMs + stopMsMax);
      server.restart(fault.downMs);
      return;
    default:
      goWrongWithDisc(server, fault, { clock, draws, trouble });
  }
}

function goWrongWithComponent({ clock, component, draws }: World, fault: FaultOfComponent): void {
  const connection = component?.connection;
  switch (fault.fault) {
    case "component-cut":
      connection?.cut({
        serverNoticesMs: fault.serverNotices ? draws.below(400) : undefined,
        clientNoticesMs: fault.componentNotices ? draws.below(400) : undefined,
      });
      return;
    case "component-restart":
      component?.restart(fault.downMs);
      return;
    default:
      connection?.readSlowly(true);
      clock.after(fault.forMs, () => connection?.readSlowly(false));
  }
}

function goWrongWithDisc(
  server: SimServer,
  fault: Extract<Fault, { fault: "disc-slow" | "commits-fail" | "reads-fail" | "disc-fills" }>,
  {
    clock,
    draws,
    trouble,
  }: Pick<World, "clock" | "draws"> & {
    readonly trouble: (kind: Trouble["kind"], forMs: number) => void;
  },
): void {
  const { mood } = server;
  switch (fault.fault) {
    case "disc-slow":
      mood.delayMsMax = fault.delayMs;
      trouble("slow", fault.forMs);
      clock.after(fault.forMs, () => {
        mood.delayMsMax = 3;
      });
      return;
    case "commits-fail":
      mood.commits = fault;
      trouble("commits", fault.forMs);
      if (fault.flickerMs !== undefined)
        flicker(server, { ...fault, until: clock.now + fault.forMs }, { clock, draws });
      clock.after(fault.forMs, () => {
        mood.commits = undefined;
        server.applyMood();
      });
      break;
    case "disc-fills":
      mood.charsMax = server.disk.charsUsed + fault.roomChars;
      trouble("commits", fault.forMs);
      clock.after(fault.forMs, () => {
        mood.charsMax = Infinity;
        server.applyMood();
      });
      break;
    default:
      mood.readsFail = true;
      trouble("reads", fault.forMs);
      clock.after(fault.forMs, () => {
        mood.readsFail = false;
        server.applyMood();
      });
  }
  server.applyMood();
}

/** Commits fail, and do not, and do again. */
function flicker(
  server: SimServer,
  how: NonNullable<DiscMood["commits"]> & { readonly flickerMs?: number; readonly until: number },
  { clock, draws }: Pick<World, "clock" | "draws">,
): void {
  clock.after(draws.between(1, how.flickerMs ?? 1), () => {
    if (clock.now >= Math.min(how.until, actingMs)) return;
    server.mood.commits = server.mood.commits === undefined ? how : undefined;
    server.applyMood();
    flicker(server, how, { clock, draws });
  });
}

function goWrongBetween({ clock, model, network, servers }: World, fault: FaultBetweenServers): void {
  if (fault.fault === "hang") {
    servers[fault.server]?.life?.hang(fault.forMs);
    model.apart([fault.server], clock.now, fault.forMs);
    return;
  }
  if (fault.fault === "unreachable") {
    const domains = servers[fault.server]?.domains ?? [];
    for (const domain of domains) network.reachability.set(domain, fault.how);
    clock.after(fault.forMs, () => {
      for (const domain of domains) network.reachability.delete(domain);
    });
    // Tries become rarer.
    model.apart([fault.server], clock.now, fault.forMs * 2.5);
    return;
  }
  const there = network.wires.filter(({ over }) => !over);
  const wire = there[fault.which % there.length];
  if (wire === undefined) return;
  const ends = endsOf(wire, servers);
  switch (fault.fault) {
    case "wire-cut": {
      const { diallerNoticesMs: dialler, acceptorNoticesMs: acceptor } = fault;
      wire.cut({ dialler, acceptor });
      // Who is told by nobody finds out when nothing is answered.
      const resumed = ends.every((end) => servers[end]?.manners.resumes === true);
      model.apart(ends, clock.now, resumed ? Math.max(dialler ?? foundOutMs, acceptor ?? foundOutMs) : foundOutMs);
      return;
    }
    case "wire-forge": {
      const [dialler = 0, acceptor = 0] = ends;
      const [here, there] = [model.serverOf(fault.from), model.serverOf(fault.to)];
      // What the other side may not say: it is neither's, or it is the reader's own.
      const side = there === dialler ? "dialler" : "acceptor";
      if (here === (side === "dialler" ? acceptor : dialler)) return;
      const message = `<message type='chat' id='forged' from='${fault.from}' to='${fault.to}'><body>forged</body></message>`;
      wire.forge(side, message);
      // It is thrown out, with all that was on the stream.
      model.apart(ends, clock.now, foundOutMs);
      return;
    }
    case "wire-weather":
      wire.setWeather({ delayMsMin: 0, delayMsMax: fault.delayMs });
      clock.after(fault.forMs, () => wire.setWeather(fairWeather));
      model.trouble("late", ends, clock.now, fault.forMs);
      return;
    default:
      wire.setMute(true);
      clock.after(fault.forMs, () => wire.setMute(false));
      model.apart(ends, clock.now, fault.forMs);
  }
}

/** Until it is found out by silence alone that a connection is no more, and what comes of it is over. */
const foundOutMs = 120_000;

function endsOf(wire: ServerWire, servers: readonly SimServer[]): readonly number[] {
  return wire.addresses.map((address) => servers.findIndex((server) => server.address === address));
}

/** Nobody tells one side of a wire that the other is gone. */
export function goesUnnoticed({ clock, model, servers }: World, wire: ServerWire): void {
  model.apart(endsOf(wire, servers), clock.now, foundOutMs);
}
