import assert from "node:assert/strict";
import { test } from "node:test";
import type { DomainJid } from "#protocol/jid/jid.ts";
import { domainJid } from "#testing/addresses.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { changeHosts } from "./host-changes.ts";
import { hostAdministration } from "./host-administration.ts";
import { parseConfig } from "./config/load-config.ts";
import { serverModules } from "./modules.generated.ts";

const accounts = ["romeo@montague.example", "juliet@capulet.example", "nurse@capulet.example"];
const capulet = domainJid("capulet.example");

function configOf(...domains: readonly string[]) {
  const text = domains.map((domain) => `[[hosts]]\ndomain = "${domain}"\n`).join("");
  return parseConfig({ file: undefined, text }, serverModules);
}

async function settled<T>(world: World, promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  await world.advance(1_000);
  return promise;
}

function administer(world: World) {
  return hostAdministration({
    core: world.core,
    config: () => configOf("capulet.example", "montague.example"),
    certificates: undefined,
  });
}

test("hosts are listed with their accounts and sessions", async () => {
  await using world = await startWorld({ accounts });
  await world.login("juliet@capulet.example/balcony");
  const { hosts } = await settled(world, administer(world).listHosts({}));
  assert.deepEqual(
    hosts.map(({ domain, accounts: count, sessions }) => [domain, count, sessions]),
    [
      ["capulet.example", 2, 1],
      ["montague.example", 1, 0],
    ],
  );
});

test("all accounts of a host are deleted one by one, their sessions end, and those of others stay", async () => {
  await using world = await startWorld({ accounts });
  const juliet = await world.login("juliet@capulet.example/balcony");
  const told: number[] = [];
  const deleting = (async () => {
    for await (const deleted of administer(world).deleteAccountsOf(capulet, new AbortController().signal))
      told.push(deleted);
  })();
  await settled(world, deleting);
  assert.deepEqual(told, [1, 2]);
  assert.equal(juliet.streamClosed, true);
  const { hosts } = await settled(world, administer(world).listHosts({}));
  assert.deepEqual(
    hosts.map(({ accounts: count }) => count),
    [0, 1],
  );
});

test("hosts come and go as the configuration says, but none without a certificate, and not the last one", async () => {
  await using world = await startWorld({ accounts });
  const change = (has: (domain: DomainJid) => boolean, ...domains: readonly string[]) =>
    settled(world, changeHosts(world.core, configOf(...domains), has));
  const always = () => true;
  assert.deepEqual(await change(always, "capulet.example", "verona.example"), {
    added: ["verona.example"],
    removed: ["montague.example"],
    problems: [],
  });
  const { added, removed, problems } = await change(() => false, "mantua.example");
  assert.deepEqual({ added, removed }, { added: [], removed: ["capulet.example"] });
  assert.deepEqual(problems, [
    "mantua.example is not served: its certificate cannot be used",
    "verona.example is still served: it is the last host",
  ]);
  assert.deepEqual([...world.core.hosts.keys()], ["verona.example"]);
});
