import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClientSession } from "./client-session.ts";
import { Connection } from "./connection.ts";
import { drawsFor } from "./draws.ts";
import { noHits } from "./hits.ts";
import { Ledger } from "./ledger.ts";
import { RosterHistory } from "./roster-history.ts";
import { SimClient } from "./sim-client.ts";
import { SimClock } from "./sim-clock.ts";
import { SimNetwork } from "./sim-network.ts";
import { domainNamed, SimServer } from "./sim-server.ts";
import { Trace } from "./trace.ts";

const seed = 1;
const weather = { delayMsMin: 1, delayMsMax: 40 };

/** Two servers with a client each, logged in. */
async function twoServers() {
  const [clock, trace, ledger] = [new SimClock(), new Trace(true), new Ledger()];
  const network = new SimNetwork({ seed, clock, trace });
  const serverOf = (domain: string, address: string): SimServer =>
    new SimServer({
      seed,
      clock,
      trace,
      hits: noHits(),
      domains: [domainNamed(domain)],
      among: { name: domain, address, network },
    });
  const servers = {
    capulet: serverOf("capulet.example", "198.51.100.1"),
    montague: serverOf("montague.example", "198.51.100.2"),
  };
  for (const server of Object.values(servers)) server.start();
  await clock.advance(1_000);
  let connections = 0;
  const clientOf = (account: string, server: SimServer): SimClient => {
    server.createAccount(account);
    return new SimClient({
      account,
      draws: drawsFor(seed, `client ${account}`),
      part: {
        account: 0,
        resource: "balcony",
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
        rosters: new RosterHistory(),
        connect: (client) => {
          if (server.life === undefined) return undefined;
          connections += 1;
          const draws = drawsFor(seed, `connection ${connections}`);
          const parts = { clock, draws, life: server.life, client, weather, remoteAddress: "192.0.2.1" };
          const connection = new Connection({ ...parts, filled: () => undefined });
          return server.accept(connection) ? connection : undefined;
        },
        began: (session) => ledger.begin(session),
        stanzaSent: () => undefined,
        mustResume: () => false,
        discFailed: () => false,
      },
    });
  };
  const [juliet, romeo] = [
    clientOf("juliet@capulet.example", servers.capulet),
    clientOf("romeo@montague.example", servers.montague),
  ];
  await clock.advance(1_000);
  for (const client of [juliet, romeo]) client.logIn();
  await clock.advance(2_000);
  return { clock, trace, ledger, network, servers, juliet, romeo };
}

const write = (from: SimClient, to: SimClient): void => {
  const send = (session: ClientSession): void =>
    from.sendMessage(session, { to: to.account, account: to.account, kind: "chat" });
  from.whenOnline(send);
};

test("two servers of a simulated world talk, and go on after cuts, kills and restarts of either", async () => {
  const { clock, ledger, network, servers, juliet, romeo } = await twoServers();
  write(juliet, romeo);
  write(romeo, juliet);
  await clock.advance(10_000);
  assert.equal(network.wires.length > 0, true);
  assert.deepEqual(
    ledger.entries.map(({ receipts, acknowledgedAt }) => [receipts.length, acknowledgedAt !== undefined]),
    [
      [1, true],
      [1, true],
    ],
  );
  for (const wire of network.wires) wire.cut({ dialler: 10, acceptor: 10 });
  write(juliet, romeo);
  await clock.advance(60_000);
  servers.montague.kill({ steps: 0, when: "before-durable", downMs: 1_000, noticedMs: () => 100 });
  await clock.advance(3_000);
  write(juliet, romeo);
  await clock.advance(60_000);
  servers.capulet.restart(1_000);
  await clock.advance(10_000);
  write(romeo, juliet);
  await clock.advance(90_000);
  assert.deepEqual(
    ledger.entries.map(({ receipts }) => receipts.length > 0),
    [true, true, true, true, true],
  );
  assert.deepEqual([...ledger.violations, ...servers.capulet.bugs, ...servers.montague.bugs], []);
});

test("a domain that the network does not know, or does not reach, is told", async () => {
  const { clock, ledger, network, juliet, romeo } = await twoServers();
  network.reachability.set("montague.example", "refused");
  write(juliet, romeo);
  await clock.advance(120_000);
  assert.deepEqual(
    ledger.entries.map(({ bouncedAt, receipts }) => [bouncedAt !== undefined, receipts.length]),
    [[true, 0]],
  );
});
