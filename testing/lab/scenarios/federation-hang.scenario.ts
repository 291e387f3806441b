import assert from "node:assert/strict";
import { after, describe, test, type TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { listServers } from "../balcony-process.ts";
import { LabServer } from "../lab.ts";
import { RawClient } from "../peers/raw-client.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { remoteSoftwares } from "../remotes/all.ts";
import { ejabberd } from "../remotes/ejabberd.ts";
import { jabberd2 } from "../remotes/jabberd2.ts";
import { prosody } from "../remotes/prosody.ts";
import { RemoteServer, type RemoteSoftware } from "../remotes/remote-server.ts";
import { twin } from "../remotes/twin.ts";
import { metricsOf } from "../server-metrics.ts";

const [alice, carol, dave, other] = ["alice@ours.test", "carol@ours.test", "dave@ours.test", "alice@open.ours.test"];
/** What may wait for one domain. */
const queueStanzasMax = 500;
const shortCount = 200;
const longCount = 4_000;
const ballastBytes = 4_000;
/** FederationLimits: 4 MiB on one stream. */
const owedStanzasMax = Math.ceil((4 * 2 ** 20) / ballastBytes);
const settleMsMax = 90_000;

/** A remote server, and its bob. */
interface Place {
  readonly software: RemoteSoftware;
  readonly remote: RemoteServer;
  readonly bob: SlixmppPeer;
}

const stack = new AsyncDisposableStack();
after(async () => await stack.disposeAsync());
const server = stack.use(
  await LabServer.start({
    name: "hang",
    users: [alice, carol, dave, other],
    federation: { security: "dialback", bidirectional: true, queueStanzasMax },
  }),
);
const places: Place[] = [];
for (const software of remoteSoftwares) {
  const remote = stack.use(await RemoteServer.start(software, { verbose: false, bidirectional: software === twin }));
  const bob = stack.use(await SlixmppPeer.online({ jid: remote.user("bob"), anyCertificate: true }));
  await bob.order("presence");
  await bob.order("roster");
  places.push({ software, remote, bob });
}
const here = stack.use(await SlixmppPeer.online({ jid: carol }));
const neighbour = stack.use(await SlixmppPeer.online({ jid: dave }));
for (const peer of [here, neighbour]) await peer.available();
let talks = 0;

describe("a server that hangs in the middle of a conversation", () => {
  for (const place of places)
    test(`${place.software.name} hangs for a moment: what was sent meanwhile comes once, in order, and nobody else notices`, async () => {
      using sender = await RawClient.online(alice);
      await talk(place);
      place.remote.freeze();
      try {
        await sender.flood(place.remote.user("bob"), shortCount, "short");
        await othersTalk([place], 1);
      } finally {
        place.remote.thaw();
      }
      const last = `short ${shortCount - 1}`;
      await place.bob.event("message", (event) => event["body"] === last);
      assert.deepEqual([...bodies(place, "short"), last], numbered("short", shortCount));
      assert.deepEqual([...sender.returned], []);
    });

  // Two at a time: they wait for the same deadlines.
  for (const names of [
    [prosody, jabberd2],
    [twin, ejabberd],
  ]) {
    const hanging = places.filter(({ software }) => names.includes(software));
    const title = hanging.map(({ software }) => software.name).join(" and ");
    test(`${title} hang for long: all that was sent is delivered in the end or comes back, our bounds hold, and nobody else notices`, async (context) => {
      await using clients = new AsyncDisposableStack();
      const sides = [];
      for (const place of hanging) {
        await talk(place);
        const sender = clients.use(await RawClient.online(alice, { resource: place.software.name }));
        sides.push({ ...place, sender, prefix: `long ${place.software.name}` });
      }
      const stranger = clients.use(await RawClient.online(other));
      const [before = 0] = await metricsOf("process_resident_memory_bytes");
      for (const { remote } of hanging) remote.freeze();
      try {
        for (const { remote, sender, prefix } of sides) {
          sender.send(`<iq type='get' id='ping' to='${remote.domain}'><ping xmlns='urn:xmpp:ping'/></iq>`);
          await sender.flood(remote.user("bob"), longCount, prefix, ballastBytes);
          // A pair of domains that was never used, with a server that hangs.
          stranger.send(
            `<message to='${remote.user("bob")}' type='chat' id='${remote.domain}'><body>new</body></message>`,
          );
        }
        assert.ok((await boundsHold(context, before)) > 0, "nothing was held up");
        await othersTalk(hanging);
        await boundsHold(context, before);
        // What is too much comes back at once, the rest when its time is over. Without stream management nobody can tell what
        // the operating system has taken from what has arrived.
        for (const { software, sender } of sides) {
          if (software.management !== "none") {
            await sender.until(
              () => sender.returned.size > longCount,
              () => `${software.name}: ${sender.returned.size} came back`,
              settleMsMax,
            );
            assert.equal(sender.returned.get("ping"), "remote-server-timeout");
          }
          const conditions = new Set(sender.returned.values());
          assert.deepEqual(
            [...conditions].filter((one) => !/^(remote-server-timeout|resource-constraint)$/u.test(one)),
            [],
          );
        }
        await stranger.until(
          () => stranger.returned.size >= hanging.length,
          () => `the new pairs: ${[...stranger.returned.keys()].join(" ")} came back`,
          settleMsMax,
        );
        assert.deepEqual([...new Set(stranger.returned.values())], ["remote-server-timeout"]);
        await nothingIsLeft(); // as far as we are concerned
        await othersTalk(hanging);
      } finally {
        for (const { remote } of hanging) remote.thaw();
      }
      for (const { software, remote, bob, sender, prefix } of sides) {
        await answers(remote.domain);
        const last = "the last one";
        await here.order("message", { to: remote.user("bob"), body: last });
        await bob.event("message", (event) => event["body"] === last, settleMsMax);
        // Some deliver what they had kept beside what comes now.
        await bob.order("ping", { jid: remote.domain });
        const came = bodies({ bob }, prefix);
        const delivered = new Set(came);
        const lost = numbered(prefix, longCount).filter((body) => !delivered.has(body) && !sender.returned.has(body));
        const both = came.filter((body) => sender.returned.has(body)).length;
        context.diagnostic(
          `${software.name} hangs, ${longCount} sent: ${delivered.size} delivered, ${sender.returned.size - 1} came back (${both} of them delivered all the same), ${lost.length} lost, ${came.length - delivered.size} twice`,
        );
        if (software.management !== "none") assert.deepEqual(lost, []);
        // All that was on its way when the connection was given up lies together.
        const from = numbered(prefix, longCount).indexOf(lost[0] ?? "");
        assert.deepEqual(lost, from < 0 ? [] : numbered(prefix, longCount).slice(from, from + lost.length));
      }
      await nothingIsLeft();
    });
  }
});

/** Everybody else: on our own server, and at the other remote servers, both ways. */
async function othersTalk(hanging: readonly Pick<Place, "software">[], rounds = 3): Promise<void> {
  const others = places.filter(({ software }) => hanging.every((one) => one.software !== software));
  assert.ok(others.length >= 2);
  for (let round = 0; round < rounds; round += 1) {
    talks += 1;
    await here.order("message", { to: dave, body: `at home ${talks}` });
    await neighbour.event("message", (event) => event["body"] === `at home ${talks}`);
    for (const place of others) await talk(place);
  }
}

/** A word there, and one back. */
async function talk({ remote, bob }: Place): Promise<void> {
  talks += 1;
  const [there, back] = [`there ${talks}`, `back ${talks}`];
  await here.order("message", { to: remote.user("bob"), body: there });
  await bob.event("message", (event) => event["body"] === there);
  await bob.order("message", { to: carol, body: back });
  await here.event("message", (event) => event["body"] === back);
}

/** What a server that hangs makes us hold is bounded, and it is told to who asks. Gives how many stanzas that are. */
async function boundsHold(context: TestContext, before: number): Promise<number> {
  const [waiting = 0, bytes = 0, memory = 0] = await metricsOf(
    "balcony_server_stanzas_waiting",
    "balcony_server_bytes_waiting",
    "process_resident_memory_bytes",
  );
  const { streams, routes } = await listServers(server.dir);
  const owed = streams.reduce((sum, { unproven }) => sum + unproven, 0);
  context.diagnostic(
    `while they hang: ${waiting} stanzas (${bytes} bytes) wait, ${owed} are unproven, memory ${Math.round((memory - before) / 2 ** 20)} MiB more`,
  );
  assert.ok(bytes <= waiting * (ballastBytes + 1_000), `${bytes} bytes wait`);
  // What a stream owed when it ended waits before the rest.
  for (const route of routes)
    assert.ok(route.waiting <= queueStanzasMax + owedStanzasMax, `${route.waiting} wait for ${route.remote}`);
  for (const { unproven, remote } of streams) assert.ok(unproven <= owedStanzasMax, `${unproven} owed to ${remote}`);
  return waiting + owed;
}

/** Until a server that was frozen answers again. */
async function answers(domain: string): Promise<void> {
  for (const deadline = Date.now() + settleMsMax; ; await sleep(500)) {
    const isThere = await here.order("ping", { jid: domain }).then(
      () => true,
      () => false,
    );
    if (isThere) return;
    assert.ok(Date.now() < deadline, `${domain} never answers again`);
  }
}

/** Nothing waits, nothing is owed, nothing is written down. */
async function nothingIsLeft(): Promise<void> {
  for (const deadline = Date.now() + settleMsMax; ; await sleep(500)) {
    const left = await metricsOf(
      "balcony_server_stanzas_waiting",
      "balcony_server_bytes_waiting",
      "balcony_outgoing_rows",
    );
    const { streams } = await listServers(server.dir);
    const owed = streams.reduce((sum, { unproven }) => sum + unproven, 0);
    if (owed === 0 && left.every((figure) => figure === 0)) return;
    assert.ok(Date.now() < deadline, `left: ${left.join(", ")}; ${owed} owed`);
  }
}

function bodies({ bob }: Pick<Place, "bob">, prefix: string): readonly string[] {
  return bob
    .seen("message")
    .filter((event) => event["type"] !== "error")
    .map((event) => String(event["body"]))
    .filter((body) => body.startsWith(`${prefix} `));
}

function numbered(prefix: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, number) => `${prefix} ${number}`);
}
