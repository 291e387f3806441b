import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { suite, test } from "node:test";
import { CutProxy } from "../cut-proxy.ts";
import { addBalconyUser } from "../balcony-process.ts";
import { LabServer, passwordOf } from "../lab.ts";
import { relayAddress } from "../network.ts";
import { SlixmppPeer, type PeerEvent } from "../peers/slixmpp.ts";
import { remoteSoftwares } from "../remotes/all.ts";
import { meet, type MeetingPlace } from "../remotes/meeting.ts";
import { prosody } from "../remotes/prosody.ts";
import { twin } from "../remotes/twin.ts";

const alice = "alice@ours.test";
const messagesSent = 300;
const pauseMs = 10;
/** More than a stanza may wait for its way, and what is done about that. */
const goneMsMax = 90_000;
const cuts = 5;
/** To the other server: the negotiation, and some dozens of messages. */
const bytesBetweenCuts = 11_000;

suite("a domain that cannot be reached: its stanzas come back, with the reason", () => {
  const cases = [
    { domain: "missing.test", why: "it does not exist", condition: "remote-server-not-found" },
    { domain: "no-service.test", why: "it says that it has no server", condition: "remote-server-not-found" },
    { domain: "refuses.test", why: "nobody listens there", condition: "remote-server-timeout" },
    { domain: "hangs.test", why: "who listens there says nothing", condition: "remote-server-timeout" },
    { domain: "silent.test", why: "DNS does not answer", condition: "remote-server-timeout" },
  ] as const;
  for (const { domain, why, condition } of cases)
    test(`${domain}: ${why}`, async () => {
      await using server = await LabServer.start({
        name: "unreachable",
        users: [alice],
        federation: { security: "dialback" },
      });
      await using mute = await listenMute();
      await using here = await SlixmppPeer.online({ jid: alice });
      await here.order("message", { to: `bob@${domain}`, body: "hello?", id: "m1" });
      await here.order("presence", { to: `bob@${domain}`, type: "subscribe" });
      const bounce = await here.event("message", (event) => event["type"] === "error" && event["id"] === "m1");
      assert.equal(bounce["error"], condition, `${server.logTail()} ${mute.connections}`);
      await here.order("message", { to: `bob@${domain}`, body: "still not?", id: "m2" });
      const second = await here.event("message", (event) => event["type"] === "error" && event["id"] === "m2");
      assert.equal(second["error"], condition);
    });
});

for (const software of remoteSoftwares)
  suite(software.name, () => {
    for (const [what, stop] of [
      ["is stopped and started again", (place: MeetingPlace) => place.remote.stop()],
      ["is killed and started again", (place: MeetingPlace) => place.remote.kill()],
    ] as const)
      test(`it ${what} in the middle of a conversation: each message is delivered, comes back, or went within the window of what was not proven yet`, async (context) => {
        await using place = await meet(software, { our: "dialback", remote: {} });
        const { here, remote } = place;
        await place.there.logOut();
        const bob = remote.user("bob");
        const all = numbered();
        await sendSteadily(here, bob, all.slice(0, messagesSent / 3));
        const sending = sendSteadily(here, bob, all.slice(messagesSent / 3, (messagesSent * 2) / 3));
        await stop(place);
        await sending;
        await here.order("ping", { jid: "ours.test" }); // behind it we know that it is gone
        const whileDown = all.slice((messagesSent * 2) / 3);
        await Promise.all([sendSteadily(here, bob, whileDown), remote.startAgain()]);
        // What was sent last has been decided about when this has: it goes the same way, behind it.
        await answered(here, remote.domain);
        await using again = await SlixmppPeer.online({ jid: bob, anyCertificate: true });
        await again.order("presence");
        // ejabberd delivers what it has kept beside what comes now: the last one decides that all are there.
        const last = all.at(-1);
        const lastCame = again.event("message", (event) => event["body"] === last).then(() => [String(last)]);
        const lastReturned = here
          .event("message", (event) => event["type"] === "error" && event["id"] === last)
          .then(() => []);
        const lastOne = await Promise.any([lastCame, lastReturned]);
        // Where the last came back long ago, what was kept for bob may only be on its way.
        await again.order("roster");
        const came = [...again.seen("message").map((event) => String(event["body"])), ...lastOne];
        const back = here.seen("message").filter((event) => event["type"] === "error");
        const returned = new Set([
          ...back.map((event) => String(event["id"])),
          ...(lastOne.length === 0 ? [String(last)] : []),
        ]);
        const delivered = new Set(came);
        const lost = all.filter((body) => !delivered.has(body) && !returned.has(body));
        const twice = came.length - delivered.size;
        context.diagnostic(
          `${software.name} ${what}: ${delivered.size} of ${messagesSent} delivered, ${returned.size} came back, ${lost.length} lost, ${twice} twice`,
        );
        // A server that forgets what it has taken may forget all of it; what we had not given away is ours to answer for.
        assert.deepEqual(
          lost.filter((body) => whileDown.includes(body)),
          [],
        );
        if (software.management !== "none") assert.deepEqual(lost, [], "what was not acknowledged is sent again");
      });
  });

for (const software of [prosody, twin])
  test(`the connection with ${software.name} is cut again and again: ${software.management === "resumes" ? "everything comes once, in order" : "nothing is lost, and what had not been acknowledged may come again"}`, async (context) => {
    const [, , domain = ""] = software.domains;
    await using relay = await CutProxy.listen({
      on: { host: relayAddress, port: 5269 },
      to: { host: software.address, port: 5269 },
      breaks: Array.from({ length: cuts }, () => ({ how: "cut", afterBytes: bytesBetweenCuts })),
    });
    await using place = await meet(software, { our: "dialback", remote: {} });
    const bob = `bob@${domain}`;
    if (software === twin) await addBalconyUser(place.remote.dir, { jid: bob, password: passwordOf(bob) });
    await using there = await SlixmppPeer.online({ jid: bob }, { host: place.remote.domain, port: 5222 });
    await there.order("presence");
    await there.order("roster");
    await sendSteadily(place.here, bob, numbered());
    const last = numbered().at(-1);
    await there.event("message", (event) => event["body"] === last);
    const came = there.seen("message").map((event) => String(event["body"]));
    const once = [...new Set(came)].filter((body) => body !== last);
    assert.deepEqual(once, numbered().slice(0, -1));
    const twice = came.length - once.length;
    if (software.management === "resumes") assert.equal(twice, 0);
    context.diagnostic(`${software.name}: ${messagesSent} came, ${twice} twice, ${relay.connectionCount} connections`);
    assert.ok(relay.connectionCount > cuts, `${relay.connectionCount} connections`);
    await answered(place.here, domain);
  });

for (const software of [prosody, twin])
  test(`${software.name} is killed: a contact there is shown as gone, and as there when both are back`, async () => {
    await using place = await meet(software, { our: "dialback", remote: { verbose: false } });
    const { here, there, remote } = place;
    const bob = remote.user("bob");
    const isFrom = (event: PeerEvent): boolean => String(event["from"]).replace(/\/.*$/u, "") === bob;
    await here.order("presence", { to: bob, type: "subscribe" });
    await there.event("presence", (event) => event["type"] === "subscribe");
    await there.order("presence", { to: alice, type: "subscribed" });
    await here.event("presence", (event) => event["type"] === "available" && isFrom(event));
    await remote.kill();
    await here.event("presence", (event) => event["type"] === "unavailable" && isFrom(event), goneMsMax);
    await remote.startAgain();
    await using again = await SlixmppPeer.online({ jid: bob, anyCertificate: true });
    await again.order("presence", { status: "back" });
    await here.event("presence", (event) => event["status"] === "back" && isFrom(event), goneMsMax);
  });

function numbered(): readonly string[] {
  return Array.from({ length: messagesSent }, (_, number) => `number ${number}`);
}

async function sendSteadily(peer: SlixmppPeer, to: string, bodies: readonly string[]): Promise<void> {
  for (const body of bodies) {
    await peer.order("message", { to, body, id: body });
    await sleep(pauseMs);
  }
}

/** Waits until the other server answers again, which may take until we try it again. */
async function answered(peer: SlixmppPeer, domain: string): Promise<void> {
  for (let tries = 0; tries < 60; tries += 1) {
    try {
      await peer.order("ping", { jid: domain });
      return;
    } catch {
      await sleep(500);
    }
  }
  assert.fail(`${domain} never answers again`);
}

async function listenMute(): Promise<AsyncDisposable & { readonly connections: number }> {
  const sockets = new Set<{ destroy: () => void }>();
  const server = createServer((socket) => {
    socket.on("error", () => {});
    sockets.add(socket);
  });
  server.listen(5269, "127.0.10.99");
  await once(server, "listening");
  return {
    get connections() {
      return sockets.size;
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
