import assert from "node:assert/strict";
import { test } from "node:test";
import { AdministrationError } from "#kit/administration-error.ts";
import { domainJid } from "#testing/addresses.ts";
import { startNeighbours } from "#testing/scenario/neighbours.ts";
import { federationAdministration } from "./federation-administration.ts";

const capulet = domainJid("capulet.example");

test("an administrator opens a stream, sees it, and closes it", async () => {
  await using neighbours = await startNeighbours();
  const { env, montague } = neighbours;
  const administration = federationAdministration(montague.core);
  const connecting = administration.connectServer({ domain: capulet });
  await env.settle();
  const { local, remote } = await connecting;
  assert.deepEqual([local, remote], ["montague.example", "capulet.example"]);
  const { streams, routes } = await administration.listServers({});
  assert.deepEqual(
    streams.map((stream) => [stream.local, stream.remote, stream.ways, stream.openedBy, stream.state]),
    [["montague.example", "capulet.example", "out", "us", "open"]],
  );
  assert.deepEqual(
    routes.map(({ state, waiting }) => [state, waiting]),
    [["open", 0]],
  );
  assert.deepEqual((await administration.listServers({ domain: domainJid("verona.example") })).streams, []);
  assert.equal((await administration.closeServer({ domain: capulet })).closed, 1);
  await env.settle();
  assert.deepEqual((await administration.listServers({})).streams, []);
  await assert.rejects(administration.closeServer({ domain: capulet }), AdministrationError);
});

test("what is in the way is said in words, and seen in the list", async () => {
  await using neighbours = await startNeighbours({ federation: { admits: (remote) => remote !== "verona.example" } });
  const { env, montague, network } = neighbours;
  const administration = federationAdministration(montague.core);
  const attempt = async (domain: string, host?: string): Promise<string> => {
    const request = { domain: domainJid(domain), ...(host !== undefined && { host: domainJid(host) }) };
    const outcome = administration.connectServer(request).then(
      () => "connected",
      (error: unknown) => (error instanceof AdministrationError ? `${error.code}: ${error.message}` : String(error)),
    );
    await env.settle();
    return outcome;
  };
  network.set("capulet.example", "refused");
  assert.equal(await attempt("capulet.example"), "unavailable: capulet.example does not accept connections");
  assert.equal(await attempt("nowhere.example"), "unavailable: nowhere.example is not in DNS");
  assert.match(await attempt("verona.example"), /^not-allowed: .* look at enabled, allow and block in \[s2s\]/u);
  assert.match(await attempt("montague.example"), /^invalid: /u);
  assert.match(await attempt("capulet.example", "other.example"), /^not-found: /u);
  const { routes } = await administration.listServers({});
  assert.deepEqual(
    routes.map(({ remote, state, reason }) => [remote, state, reason]),
    [
      ["capulet.example", "failing", "capulet.example does not accept connections"],
      ["nowhere.example", "failing", "nowhere.example is not in DNS"],
    ],
  );
  // Not before its time by itself, but whenever somebody asks.
  network.set("capulet.example", "reachable");
  assert.equal(await attempt("capulet.example"), "connected");
});
