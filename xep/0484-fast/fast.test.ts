import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { ChannelBinding } from "#protocol/sasl/channel-binding.ts";
import { htClient } from "#protocol/sasl/ht-client.ts";
import { parseHtMechanism } from "#protocol/sasl/ht-mechanism.ts";
import { defaultSaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import { htTokenCharactersMin } from "#protocol/sasl/ht-token.ts";
import { decodeBase64, encodeBase64 } from "#protocol/sasl/sasl-base64.ts";
import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { bareJid } from "#testing/addresses.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { logInAtOnce, NS_SASL2, request } from "#testing/scenario/log-in-at-once.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World, type WorldOptions } from "#testing/scenario/world.ts";
import { parseDateTime } from "../0082-date-time/date-time.ts";
import { bind2 } from "../0386-bind2/server.ts";
import { sasl2 } from "../0388-sasl2/server.ts";
import { fast } from "./server.ts";

const NS_FAST = "urn:xmpp:fast:0";
const romeo = "romeo@montague.example";
const phone = "d4565fa7-4d72-4749-b3d3-740edbf87770";
const laptop = "0a1b2c3d-4d72-4749-b3d3-740edbf87770";
const none = "HT-SHA-256-NONE";
const hour = 3_600_000;
const day = 24 * hour;
const modules = [...instantMessaging, sasl2, bind2, fast];
const start = (options: WorldOptions = {}): Promise<World> => startWorld({ accounts: [romeo], modules, ...options });
const ask = (mechanism = none) => `<request-token xmlns='${NS_FAST}' mechanism='${mechanism}'/>`;
const exporter: ChannelBinding = { type: "tls-exporter", data: new Uint8Array(32).fill(9) };
const bindable: SecureChannel = { bindings: { announced: [exporter], tolerated: [] } };

interface Presenting {
  readonly token: string;
  readonly mechanism?: string;
  readonly device?: string;
  /** Attributes of `<fast/>`. */
  readonly use?: string;
  readonly inline?: string;
  readonly user?: string;
}

function tokenOf(answer: XmlElement): string {
  return answer.child(NS_FAST, "token")?.attr("token") ?? "";
}

/** A token that a device asked for with its password. */
async function obtain(world: World, device = phone, inline = ""): Promise<string> {
  const { answer } = await logInAtOnce(world, romeo, { device, inline: ask() + inline });
  const token = tokenOf(answer);
  assert.notEqual(token, "", serialize(answer));
  return token;
}

/** Logs in by a token; returns what came in answer. */
async function present(world: World, presenting: Presenting, channel?: SecureChannel): Promise<XmlElement> {
  return (await presented(world, presenting, channel)).answer;
}

async function presented(
  world: World,
  { token, mechanism = none, device = phone, use = "", inline = "", user = "romeo" }: Presenting,
  channel?: SecureChannel,
): Promise<{ readonly answer: XmlElement; readonly client: ScriptedClient }> {
  const client = world.connect(channel === undefined ? {} : { channel });
  await client.open("montague.example");
  const parsed = parseHtMechanism(mechanism);
  assert.ok(parsed !== undefined);
  const exchange = htClient(parsed, { username: user, token, bindings: [exporter] });
  const first = exchange.start();
  assert.equal(first.type, "response");
  await request(client, `${user}@montague.example`, {
    mechanism,
    device,
    initial: first.data ?? new Uint8Array(),
    inline: `<fast xmlns='${NS_FAST}' ${use}/>${inline}`,
  });
  const answer = client.next();
  if (answer.name === "success") {
    const additional = decodeBase64(answer.child(NS_SASL2, "additional-data")?.text ?? "");
    assert.equal(exchange.success(additional).type, "authenticated");
  }
  return { answer, client };
}

const condition = (answer: XmlElement): string => answer.elements()[0]?.name ?? answer.name;
/** How it ended: the name of the answer, or why it failed. */
const outcome = (answer: XmlElement): string => (answer.name === "failure" ? condition(answer) : answer.name);

describe("tokens are offered", () => {
  test("inline, with mechanisms that work on the connection, without early data [xep0484-3.1-01] [xep0484-3.1-02] [xep0484-3.1-05]", async () => {
    await using world = await start();
    const features = async (channel?: SecureChannel): Promise<string> => {
      const client = world.connect(channel === undefined ? {} : { channel });
      const sasl = (await client.open("montague.example")).child(NS_SASL2, "authentication");
      const element = sasl?.child(NS_SASL2, "inline")?.child(NS_FAST, "fast");
      assert.equal(element?.attr("tls-0rtt"), undefined);
      return (element?.elements() ?? []).map(({ text }) => text).join(" ");
    };
    assert.equal(await features(), "HT-SHA-512-NONE HT-SHA-256-NONE");
    assert.equal(await features(bindable), "HT-SHA-512-EXPR HT-SHA-256-EXPR HT-SHA-512-NONE HT-SHA-256-NONE");
  });

  test("only where they are on", async () => {
    await using world = await start({ modules: [...instantMessaging, sasl2, bind2] });
    const client = world.connect();
    assert.doesNotMatch(serialize(await client.open("montague.example")), /fast/);
    const { answer } = await logInAtOnce(world, romeo, { device: phone, inline: ask() });
    assert.equal(answer.child(NS_FAST, "token"), undefined);
    assert.equal(outcome(await present(world, { token: "t".repeat(200) })), "invalid-mechanism");
  });
});

describe("a token", () => {
  test("is given to who asks for it with a password, and says how long it is good [xep0484-3.2-01] [xep0484-3.2-02] [xep0484-3.3-02]", async () => {
    await using world = await start();
    const { answer } = await logInAtOnce(world, romeo, { device: phone, inline: ask() });
    const token = answer.child(NS_FAST, "token");
    assert.equal(parseDateTime(token?.attr("expiry") ?? ""), Math.floor(world.env.now() + 21 * day));
    assert.ok((token?.attr("token")?.length ?? 0) >= htTokenCharactersMin);
  });

  test("is not given to who fails, names no device, or asks for a mechanism that is none [xep0484-3.2-03] [xep0484-3.3-01]", async () => {
    await using world = await start();
    const wishes = [
      { device: phone, password: "x", inline: ask() },
      { inline: ask() },
      { device: phone, inline: ask("HT-SHA-256-EXPR") },
      { device: phone, inline: ask("PLAIN") },
      { device: phone, inline: `<request-token xmlns='${NS_FAST}'/>` },
    ];
    for (const wish of wishes) {
      const { answer } = await logInAtOnce(world, romeo, wish);
      assert.doesNotMatch(serialize(answer), /<token/);
    }
  });

  test("lets in again and again, binding in one with it [xep0484-3.4-01]", async () => {
    await using world = await start();
    const token = await obtain(world);
    for (let count = 0; count < 3; count++) {
      const { answer } = await presented(world, { token, inline: "<bind xmlns='urn:xmpp:bind:0'/>" });
      assert.equal(answer.name, "success");
      assert.match(answer.child(NS_SASL2, "authorization-identifier")?.text ?? "", /^romeo@montague\.example\/./);
      assert.equal(answer.child(NS_FAST, "token"), undefined);
    }
  });

  test("is all that is asked for: no task comes with it [xep0484-4.2-01]", async () => {
    await using world = await start({ settings: { sasl: { ...defaultSaslServerPolicy, scramIterations: 4096 } } });
    const token = await obtain(world);
    const inline = "<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-512</upgrade>";
    assert.equal(outcome(await present(world, { token, inline })), "success");
  });

  test("takes up a stream in one round trip [xep0198-9.2-01]", async () => {
    await using world = await start();
    const enable = "<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>";
    const { answer, client } = await logInAtOnce(world, romeo, { device: phone, inline: ask() + enable });
    const id = answer.child("urn:xmpp:bind:0", "bound")?.child("urn:xmpp:sm:3", "enabled")?.attr("id");
    await client.sendText("<presence/>");
    await client.cut();
    const again = await presented(world, {
      token: tokenOf(answer),
      inline: `<resume xmlns='urn:xmpp:sm:3' previd='${id}' h='0'/>${enable}`,
    });
    assert.equal(again.answer.child("urn:xmpp:sm:3", "resumed")?.attr("h"), "1");
    assert.equal(again.answer.child("urn:xmpp:bind:0", "bound"), undefined);
    assert.deepEqual(
      [...world.core.registry.sessions()].map(({ jid, connected }) => [jid, connected]),
      [[client.jid, true]],
    );
  });

  for (const killed of [false, true])
    test(`takes up a stream after the server ${killed ? "was killed" : "ended in peace"}, in one round trip`, async () => {
      await using world = await start();
      const enable = "<bind xmlns='urn:xmpp:bind:0'><enable xmlns='urn:xmpp:sm:3' resume='true'/></bind>";
      const { answer, client } = await logInAtOnce(world, romeo, { device: phone, inline: ask() + enable });
      const id = answer.child("urn:xmpp:bind:0", "bound")?.child("urn:xmpp:sm:3", "enabled")?.attr("id");
      await client.cut();
      await world.restart({ killed });
      const inline = `<resume xmlns='urn:xmpp:sm:3' previd='${id}' h='0'/>${enable}`;
      const again = await present(world, { token: tokenOf(answer), inline });
      assert.equal(again.child(NS_SASL2, "authorization-identifier")?.text, client.jid);
      assert.notEqual(again.child("urn:xmpp:sm:3", "resumed"), undefined);
    });

  test("and the header may be sent in one breath: one round trip to a session [xep0388-2.1-04]", async () => {
    await using world = await start();
    const token = await obtain(world);
    const exchange = htClient({ hash: "SHA-256", binding: "none" }, { username: "romeo", token, bindings: [] });
    const first = exchange.start();
    assert.equal(first.type, "response");
    const initial = encodeBase64(first.data ?? new Uint8Array());
    const client = world.connect();
    await client.sendText(
      `<stream:stream to='montague.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'><authenticate xmlns='${NS_SASL2}' mechanism='${none}'><initial-response>${initial}</initial-response><user-agent id='${phone}'/><fast xmlns='${NS_FAST}'/><bind xmlns='urn:xmpp:bind:0'/></authenticate><presence/>`,
    );
    assert.deepEqual(
      client.pending.map(({ name }) => name),
      ["features", "success", "features", "presence"],
    );
  });

  test("is worth nothing to another device, for another user, or altered", async () => {
    await using world = await start({ accounts: [romeo, "tybalt@montague.example"] });
    const token = await obtain(world);
    assert.equal(outcome(await present(world, { token, device: laptop })), "not-authorized");
    assert.equal(outcome(await present(world, { token, user: "tybalt" })), "not-authorized");
    assert.equal(outcome(await present(world, { token: `${token}a` })), "not-authorized");
    assert.equal(outcome(await present(world, { token })), "success");
  });

  test("A31 is worth nothing with another mechanism than it was asked for [xep0484-3.4-06] [xep0484-3.4-07]", async () => {
    await using world = await start();
    const client = world.connect({ channel: bindable });
    await client.open("montague.example");
    await request(client, romeo, { device: phone, inline: ask("HT-SHA-256-EXPR") });
    const token = tokenOf(client.next());
    assert.equal(outcome(await present(world, { token }, bindable)), "not-authorized");
    assert.equal(outcome(await present(world, { token, mechanism: "HT-SHA-256-EXPR" }, bindable)), "success");
  });

  test("needs to be announced as one: without <fast/> its mechanism does not exist, and with it no other does (A23) [xep0484-3.4-01]", async () => {
    await using world = await start();
    await obtain(world);
    const { answer } = await logInAtOnce(world, romeo, { device: phone, mechanism: none });
    assert.equal(outcome(answer), "invalid-mechanism");
    const { answer: other } = await logInAtOnce(world, romeo, { device: phone, inline: `<fast xmlns='${NS_FAST}'/>` });
    assert.equal(outcome(other), "mechanism-too-weak");
  });

  test("A27 an unknown user, a known one without tokens and one with another are answered alike", async () => {
    await using world = await start();
    const token = await obtain(world, laptop);
    const answers: string[] = [];
    for (const [user, device] of [
      ["nobody", phone],
      ["romeo", phone],
      ["romeo", laptop],
    ] as const)
      answers.push(serialize(await present(world, { token: `${token}x`, user, device })));
    assert.equal(new Set(answers).size, 1);
  });

  test("A29 guesses count like wrong passwords", async () => {
    await using world = await start({ settings: { failedLogins: { max: 2, windowMs: 60_000 } } });
    const token = "t".repeat(200);
    for (let count = 0; count < 2; count++) assert.equal(outcome(await present(world, { token })), "not-authorized");
    assert.equal(outcome(await present(world, { token })), "temporary-auth-failure");
  });

  test("A30 is long and random, and A52 neither logged nor stored as it is", async () => {
    await using world = await start();
    const [one, two] = [await obtain(world), await obtain(world, laptop)];
    assert.notEqual(one, two);
    const reading = world.store.get("fast-tokens", bareJid(romeo), phone);
    await world.settle();
    const stored = (await reading) ?? "";
    assert.notEqual(stored, "");
    assert.equal(stored.includes(one), false);
    assert.equal(JSON.stringify(world.log).includes(one), false);
  });
});

describe("a token that expires", () => {
  test("lets nobody in, and says so to who has it [xep0484-4.2-02]", async () => {
    await using world = await start();
    const token = await obtain(world);
    await world.advance(21 * day);
    assert.equal(outcome(await present(world, { token })), "credentials-expired");
    assert.equal(outcome(await present(world, { token: `${token}x` })), "not-authorized");
  });

  test("is replaced when it is a day old; the old one is good until the new one was used [xep0484-3.5-01] [xep0484-3.5-02]", async () => {
    await using world = await start();
    const old = await obtain(world);
    assert.equal(tokenOf(await present(world, { token: old })), "");
    await world.advance(25 * hour);
    const fresh = tokenOf(await present(world, { token: old }));
    assert.notEqual(fresh, "");
    assert.equal(outcome(await present(world, { token: old })), "success");
    // That was given again, since the first may have been lost; only the latest counts.
    assert.equal(outcome(await present(world, { token: fresh })), "not-authorized");
    const latest = tokenOf(await present(world, { token: old }));
    assert.equal(outcome(await present(world, { token: latest })), "success");
    assert.equal(outcome(await present(world, { token: old })), "not-authorized");
  });

  test("may be replaced when the client asks, at once [xep0484-3.5-03]", async () => {
    await using world = await start();
    const old = await obtain(world);
    const fresh = tokenOf(await present(world, { token: old, inline: ask() }));
    assert.notEqual(fresh, "");
    assert.equal(outcome(await present(world, { token: fresh })), "success");
    assert.equal(outcome(await present(world, { token: old })), "not-authorized");
  });
});

describe("a count", () => {
  test("must grow with each use [xep0484-3.4-04] [xep0484-3.4-05]", async () => {
    await using world = await start();
    const token = await obtain(world);
    const outcomes: string[] = [];
    for (const use of ["", "count='1'", "count='1'", "count='3'", "count='2'", "", "count='4'"])
      outcomes.push(outcome(await present(world, { token, use })));
    const repeated = "not-authorized";
    assert.deepEqual(outcomes, ["success", "success", repeated, "success", repeated, repeated, "success"]);
  });

  test("of two uses at the same moment lets one in", async () => {
    await using world = await start();
    const token = await obtain(world);
    const both = await Promise.all([1, 2].map(() => present(world, { token, use: "count='1'" })));
    assert.deepEqual(both.map(outcome).toSorted(), ["not-authorized", "success"]);
  });

  for (const use of ["count='-1'", "count='x'", "count='99999999999'"])
    test(`that is none (${use}) is malformed`, async () => {
      await using world = await start();
      const token = await obtain(world);
      assert.equal(outcome(await present(world, { token, use })), "malformed-request");
    });
});

describe("a token is gone", () => {
  test("when its client gives it back, no other is given instead, and the session goes on [xep0484-3.6-01] [xep0484-3.6-02] [xep0484-3.6-03] [xep0484-3.6-04]", async () => {
    await using world = await start();
    const token = await obtain(world);
    await world.advance(25 * hour);
    const bind = "<bind xmlns='urn:xmpp:bind:0'/>";
    const { answer, client } = await presented(world, { token, use: "invalidate='true'", inline: bind });
    assert.equal(answer.name, "success");
    await client.sendText("<presence/>");
    assert.equal(client.streamClosed, false);
    assert.equal([...world.core.registry.sessions()].length, 1);
    assert.equal(answer.child(NS_FAST, "token"), undefined);
    assert.equal(outcome(await present(world, { token })), "not-authorized");
  });

  test("when its client gives it back and asks for another, which is good [xep0484-3.6-03]", async () => {
    await using world = await start();
    const token = await obtain(world);
    const next = tokenOf(await present(world, { token, use: "invalidate='1'", inline: ask() }));
    assert.equal(outcome(await present(world, { token })), "not-authorized");
    assert.equal(outcome(await present(world, { token: next })), "success");
  });

  test("A55 with the password, on all devices", async () => {
    await using world = await start();
    const tokens = [await obtain(world), await obtain(world, laptop)];
    const changing = world.core.accounts.setPassword(bareJid(romeo), "other");
    await world.settle();
    assert.equal((await changing).ok, true);
    assert.equal(outcome(await present(world, { token: tokens[0] ?? "" })), "not-authorized");
    assert.equal(outcome(await present(world, { token: tokens[1] ?? "", device: laptop })), "not-authorized");
  });

  test("A54 A55 with the account: who gets its name inherits none", async () => {
    await using world = await start({ settings: { tombstoneMs: 0 } });
    const token = await obtain(world);
    const jid = bareJid(romeo);
    const replacing = world.core.accounts.delete(jid).then(() => world.core.accounts.create(jid, "romeo"));
    await world.settle();
    assert.equal((await replacing).ok, true);
    assert.equal(outcome(await present(world, { token })), "not-authorized");
  });

  test("with the device that was not seen for longest, when there are too many (A15)", async () => {
    await using world = await start({ options: { "fast.devices_max": 2 } });
    const device = (number: number): string => `d4565fa7-4d72-4749-b3d3-74000000000${number}`;
    const tokens: string[] = [];
    for (let number = 0; number < 3; number++) {
      tokens.push(await obtain(world, device(number)));
      await world.advance(2 * hour);
    }
    const outcomes: string[] = [];
    for (const [number, token] of tokens.entries())
      outcomes.push(outcome(await present(world, { token, device: device(number) })));
    assert.deepEqual(outcomes, ["not-authorized", "success", "success"]);
  });
});

test("a full disc keeps nobody out whose use of a token need not be written down", async () => {
  await using world = await start();
  const [plain, counted] = [await obtain(world), await obtain(world, laptop)];
  world.faults.failCommits("full");
  // Each is the first use of a new token, which ends older ones where that can be written.
  assert.equal(outcome(await present(world, { token: plain })), "success");
  const use = "count='1'";
  assert.equal(outcome(await present(world, { token: counted, device: laptop, use })), "temporary-auth-failure");
  world.faults.failCommits(undefined);
  assert.equal(outcome(await present(world, { token: counted, device: laptop, use })), "success");
  assert.equal(outcome(await present(world, { token: plain })), "success");
});

test("a store that cannot be written gives no token and lets in all the same; one that cannot be read does not", async () => {
  await using world = await start();
  const token = await obtain(world);
  world.faults.failCommits("full");
  const { answer } = await logInAtOnce(world, romeo, { device: laptop, inline: ask() });
  world.faults.failCommits(undefined);
  assert.equal(answer.name, "success");
  assert.equal(answer.child(NS_FAST, "token"), undefined);
  assert.equal(outcome(await present(world, { token })), "success");
});
