import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { balcony, listServers } from "../balcony-process.ts";
import { waitMsMax } from "../inbox.ts";
import { LabServer } from "../lab.ts";
import { MoodyResolver, type Mood } from "../moody-resolver.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { remoteSoftwares } from "../remotes/all.ts";
import { RemoteServer } from "../remotes/remote-server.ts";

const alice = "alice@ours.test";
const pollMs = 300;

const stack = new AsyncDisposableStack();
after(async () => await stack.disposeAsync());
const resolver = stack.use(await MoodyResolver.start());
const server = stack.use(
  await LabServer.start({
    name: "dns",
    users: [alice],
    federation: { security: "dialback", resolver: { address: MoodyResolver.address, validates: false } },
  }),
);
const places: { readonly remote: RemoteServer; readonly bob: SlixmppPeer }[] = [];
for (const software of remoteSoftwares) {
  const remote = stack.use(await RemoteServer.start(software, { verbose: false }));
  const bob = stack.use(await SlixmppPeer.online({ jid: remote.user("bob"), anyCertificate: true }));
  await bob.order("presence");
  await bob.order("roster");
  places.push({ remote, bob });
}
const here = stack.use(await SlixmppPeer.online({ jid: alice }));
await here.available();
let words = 0;

describe("DNS fails in the middle of everything, whatever server is at the other end", () => {
  const cases: readonly {
    readonly mood: Mood;
    readonly what: string;
    readonly condition: string;
    readonly heals: boolean;
  }[] = [
    { mood: "server-failure", what: "the resolver fails", condition: "remote-server-timeout", heals: true },
    { mood: "silent", what: "the resolver says nothing", condition: "remote-server-timeout", heals: true },
    // What it says is believed: nobody waits for a domain that does not exist.
    { mood: "no-such-name", what: "the resolver knows no names", condition: "remote-server-not-found", heals: false },
  ];
  for (const { mood, what, condition, heals } of cases) {
    test(`${what}: streams that are there go on, both ways`, async () => {
      resolver.mood = "answers";
      await Promise.all(places.map(async ({ remote }) => await comesBack(remote)));
      await say("there");
      await say("back");
      resolver.mood = mood;
      await say("there");
      await say("back");
    });

    if (heals)
      test(`${what} for a moment: what is sent where no stream is waits, and comes once when it has recovered`, async () => {
        await noStreams();
        resolver.mood = mood;
        const ids = await send();
        await untilListed(({ routes }) => routes.filter(({ waiting }) => waiting > 0).length === places.length);
        resolver.mood = "answers";
        await Promise.all(places.map(async ({ bob }, index) => await heard(bob, ids[index])));
        for (const [index, { bob }] of places.entries())
          assert.equal(bob.seen("message").filter((event) => event["body"] === ids[index]).length, 0, "it came twice");
        assert.deepEqual(returned(ids), []);
      });

    test(`${what} for long: what is sent where no stream is comes back with ${condition}; when it has recovered all is as before`, async () => {
      await noStreams();
      resolver.mood = mood;
      const asked = resolver.asked.length;
      const ids = await send();
      for (const id of ids) {
        const bounce = await here.event(
          "message",
          (event) => event["type"] === "error" && event["id"] === id,
          2 * waitMsMax,
        );
        assert.equal(bounce["error"], condition, id);
      }
      assert.ok(resolver.asked.length > asked, "it was not asked");
      for (const { remote } of places)
        assert.ok(
          resolver.asked.slice(asked).some((name) => name.endsWith(remote.domain)),
          `${remote.domain} was not asked for`,
        );
      resolver.mood = "answers";
      await Promise.all(places.map(async ({ remote }) => await comesBack(remote)));
      await say("there");
      await say("back");
      for (const [index, { bob }] of places.entries())
        assert.equal(
          bob.seen("message").filter((event) => event["body"] === ids[index]).length,
          0,
          "it came back and came",
        );
      assert.deepEqual(returned(ids), []);
    });

    test(`${what}: who can show a certificate still comes in, as no name is asked for`, async () => {
      await noStreams();
      resolver.mood = mood;
      await say("back", ({ software }) => software.external.shows);
    });
  }
});

/** A word from each to each, all at the same time. */
async function say(way: "there" | "back", among: (remote: RemoteServer) => boolean = () => true): Promise<void> {
  const said = places
    .filter(({ remote }) => among(remote))
    .map(async ({ remote, bob }) => {
      words += 1;
      const body = `${way} ${words}`;
      const [from, to, hears] = way === "there" ? [here, remote.user("bob"), bob] : [bob, alice, here];
      await from.order("message", { to, body });
      await heard(hears, body);
    });
  await Promise.all(said);
}

/** A message to each; the body is its id. */
async function send(): Promise<readonly string[]> {
  const sent = places.map(async ({ remote }) => {
    words += 1;
    const body = `${remote.domain} ${words}`;
    await here.order("message", { to: remote.user("bob"), body, id: body });
    return body;
  });
  return await Promise.all(sent);
}

async function heard(peer: SlixmppPeer, body: string | undefined): Promise<void> {
  await peer.event("message", (event) => event["body"] === body && event["type"] !== "error");
}

function returned(ids: readonly string[]): readonly unknown[] {
  return here.seen("message").filter((event) => event["type"] === "error" && ids.includes(String(event["id"])));
}

/** Closes all streams with all of them; they open theirs again when they have something to say. */
async function noStreams(): Promise<void> {
  for (const deadline = Date.now() + waitMsMax; ; await sleep(pollMs)) {
    const { streams } = await listServers(server.dir);
    if (streams.length === 0) return;
    assert.ok(Date.now() < deadline, JSON.stringify(streams));
    // Where the last one has ended by itself meanwhile, there is none to be closed.
    for (const domain of new Set(streams.map(({ remote }) => remote)))
      await balcony(server.dir, ["s2s", "close", domain]).catch(() => {});
  }
}

async function untilListed(isTrue: (listed: Awaited<ReturnType<typeof listServers>>) => boolean): Promise<void> {
  for (const deadline = Date.now() + waitMsMax; ; await sleep(pollMs)) {
    const listed = await listServers(server.dir);
    if (isTrue(listed)) return;
    assert.ok(Date.now() < deadline, JSON.stringify(listed));
  }
}

/** Until we have found the way again. */
async function comesBack({ domain }: RemoteServer): Promise<void> {
  for (const deadline = Date.now() + 2 * waitMsMax; ; await sleep(pollMs)) {
    const isThere = await here.order("ping", { jid: domain }).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    assert.ok(Date.now() < deadline, `there is no way to ${domain} any more`);
  }
}
