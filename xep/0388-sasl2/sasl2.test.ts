import assert from "node:assert/strict";
import { pbkdf2Sync } from "node:crypto";
import { describe, test } from "node:test";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import { announcementHash } from "#protocol/sasl/announcement-hash.ts";
import type { SaslClientExchange, SaslClientOutput } from "#protocol/sasl/client-exchange.ts";
import { decodeBase64, encodeBase64 } from "#protocol/sasl/sasl-base64.ts";
import type { ScramHash } from "#protocol/sasl/scram-hash.ts";
import { scramClient } from "#protocol/sasl/scram-client.ts";
import { defaultSaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import { decodeUtf8 } from "#protocol/sasl/utf8.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { instantMessaging } from "#testing/scenario/contacts.ts";
import { logInAtOnce, NS_SASL2, opened, request } from "#testing/scenario/log-in-at-once.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { sasl2 } from "./server.ts";

const romeo = "romeo@montague.example";
const accounts = [romeo];
const modules = [...instantMessaging, sasl2];
const upgrade = (hash: string) => `<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-${hash}</upgrade>`;
const allHashes = { ...defaultSaslServerPolicy, scramIterations: 4096 };

function derive({ hash, password, salt, iterations, length }: Extract<SaslClientOutput, { type: "derive" }>) {
  return new Uint8Array(pbkdf2Sync(password, salt, iterations, length, hash.replace("-", "")));
}

/** What the exchange says next, with derivations made. */
function settle(exchange: SaslClientExchange, output: SaslClientOutput): Uint8Array {
  const answered = output.type === "derive" ? exchange.derived(derive(output)) : output;
  assert.equal(answered.type, "response");
  return answered.data ?? new Uint8Array();
}

function data(element: XmlElement | undefined): Uint8Array {
  return decodeBase64(element?.text ?? "") ?? new Uint8Array();
}

function scram(hash: ScramHash, password = "romeo"): SaslClientExchange {
  const random = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(5);
  return scramClient(hash, { username: "romeo", password, domain: "montague.example", binding: "n", random });
}

/** Logs in by SCRAM; returns what came in place of the next challenge. */
async function byScram(client: ScriptedClient, hash: ScramHash, inline = "", password = "romeo"): Promise<XmlElement> {
  const exchange = scram(hash, password);
  const initial = settle(exchange, exchange.start());
  await request(client, romeo, { mechanism: `SCRAM-${hash}`, initial, inline });
  const challenge = client.next();
  if (challenge.name !== "challenge") return challenge;
  const response = settle(exchange, exchange.challenge(data(challenge)));
  await client.sendText(`<response xmlns='${NS_SASL2}'>${encodeBase64(response)}</response>`);
  const answer = client.next();
  const additional = answer.child(NS_SASL2, "additional-data");
  if (additional !== undefined) assert.equal(exchange.success(data(additional)).type, "authenticated");
  return answer;
}

async function hashesOf(world: World): Promise<readonly string[]> {
  const jid = parseJid(romeo);
  assert.ok(jid !== undefined);
  const finding = world.core.accounts.find(bareOf(jid));
  await world.settle();
  return Object.keys((await finding)?.credentials.scram ?? {}).toSorted();
}

describe("log-in by SASL2", () => {
  test("by PLAIN takes one request, and binding follows without a restart", async () => {
    await using world = await startWorld({ accounts, modules });
    const { answer, client } = await logInAtOnce(world, romeo);
    assert.equal(client.jid, romeo);
    assert.equal(answer.name, "success");
    assert.equal(client.next().name, "features");
    await client.bind("garden");
    assert.equal(client.jid, `${romeo}/garden`);
  });

  test("by SCRAM ends with the server's proof [xep0388-2.6.1-01]", async () => {
    await using world = await startWorld({ accounts, modules });
    const client = await opened(world, romeo);
    const success = await byScram(client, "SHA-1");
    assert.equal(success.name, "success");
    assert.equal(success.elements()[0]?.name, "additional-data");
  });

  test("A55 ends with the password: who is between log-in and binding is sent away", async () => {
    await using world = await startWorld({ accounts, modules });
    const { client } = await logInAtOnce(world, romeo);
    client.ignoreAll();
    const jid = parseJid(romeo);
    assert.ok(jid !== undefined);
    const changing = world.core.accounts.setPassword(bareOf(jid), "other");
    await world.settle();
    assert.equal((await changing).ok, true);
    assert.match(serialize(client.next()), /<not-authorized /);
  });

  test("A29 wrong passwords are counted whichever profile they come by, and who is refused is told why [xep0388-2.6.2-01]", async () => {
    const failedLogins = { max: 2, windowMs: 60_000 };
    await using world = await startWorld({ accounts, modules, settings: { failedLogins } });
    for (let count = 0; count < 2; count++) await logInAtOnce(world, romeo, { password: "x" });
    const { answer } = await logInAtOnce(world, romeo);
    assert.match(serialize(answer), /^<failure xmlns='urn:xmpp:sasl:2'><temporary-auth-failure [^>]*><text>too many /);
  });

  test("A52 leaves no password in the log", async () => {
    await using world = await startWorld({ accounts, modules });
    await logInAtOnce(world, romeo, { password: "wherefore" });
    assert.doesNotMatch(JSON.stringify(world.log), /wherefore/);
  });
});

describe("what was announced is signed", () => {
  test("A31 the challenge of SCRAM carries its hash, by either profile [xep0474-6.1-02]", async () => {
    await using world = await startWorld({ accounts, modules });
    for (const profile of ["sasl2", "sasl"]) {
      const client = world.connect();
      const features = await client.open("montague.example");
      const list = features.child(NS_SASL2, "authentication")?.elements() ?? [];
      const mechanisms = list.filter(({ name }) => name === "mechanism").map(({ text }) => text);
      const exchange = scram("SHA-1");
      const initial = encodeBase64(settle(exchange, exchange.start()));
      await client.sendText(
        profile === "sasl2"
          ? `<authenticate xmlns='${NS_SASL2}' mechanism='SCRAM-SHA-1'><initial-response>${initial}</initial-response></authenticate>`
          : `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-1'>${initial}</auth>`,
      );
      const challenge = decodeUtf8(data(client.next())) ?? "";
      assert.equal(challenge.split(",").at(-1), `h=${announcementHash("SHA-1", { mechanisms })}`);
    }
  });
});

describe("upgrade tasks", () => {
  const onlySha1 = { ...allHashes, scramHashes: ["SHA-1"], scramOffered: ["SHA-1"] } as const;

  /** An account of the time when there was SHA-1 only, on a server that has gone on. */
  async function upgraded(): Promise<World> {
    const world = await startWorld({ accounts, modules, settings: { sasl: allHashes } });
    const jid = parseJid(romeo);
    assert.ok(jid !== undefined);
    const finding = world.core.accounts.find(bareOf(jid));
    await world.settle();
    const record = await finding;
    const sha1 = record?.credentials.scram["SHA-1"];
    assert.ok(record !== undefined && sha1 !== undefined);
    const to = { scram: { "SHA-1": sha1 } };
    const renewing = world.core.accounts.renewCredentials(bareOf(jid), { from: record.credentials, to });
    await world.settle();
    assert.equal((await renewing).ok, true);
    return world;
  }

  /** Does the task that the server asks for; returns what came then. */
  async function perform(client: ScriptedClient, asked: XmlElement, hash: ScramHash): Promise<XmlElement> {
    const task = asked.child(NS_SASL2, "tasks")?.elements()[0]?.text;
    assert.equal(task, `UPGR-SCRAM-${hash}`);
    await client.sendText(`<next xmlns='${NS_SASL2}' task='${task}'/>`);
    const salt = client.next().elements()[0];
    const length = hash === "SHA-256" ? 32 : 64;
    const iterations = Number(salt?.attr("iterations"));
    const salted = derive({
      type: "derive",
      hash,
      password: Buffer.from("romeo"),
      salt: data(salt),
      iterations,
      length,
    });
    await client.sendText(
      `<task-data xmlns='${NS_SASL2}'><hash xmlns='urn:xmpp:scram-upgrade:0'>${encodeBase64(salted)}</hash></task-data>`,
    );
    return client.next();
  }

  test("are announced alike to all, and only where the policy wants more than one hash [xep0480-2.1-01] [xep0480-3-03]", async () => {
    const names = async (policy: typeof allHashes | typeof onlySha1): Promise<readonly string[]> => {
      await using world = await startWorld({ accounts, modules, settings: { sasl: policy } });
      const features = await world.connect().open("montague.example");
      const children = features.child(NS_SASL2, "authentication")?.elements() ?? [];
      return children.filter(({ name }) => name === "upgrade").map(({ text }) => text);
    };
    assert.deepEqual(await names(allHashes), ["UPGR-SCRAM-SHA-512", "UPGR-SCRAM-SHA-256", "UPGR-SCRAM-SHA-1"]);
    assert.deepEqual(await names(onlySha1), ["UPGR-SCRAM-SHA-1"]);
  });

  test("make the keys that are missing, one after the other, and those that are there stay [xep0388-2.6.3-07] [xep0480-2.2-02] [xep0480-3-01] [xep0480-3-02] [xep0480-4-01]", async () => {
    await using world = await upgraded();
    assert.deepEqual(await hashesOf(world), ["SHA-1"]);
    const client = await opened(world, romeo);
    const first = await byScram(client, "SHA-1", upgrade("SHA-512") + upgrade("SHA-256") + upgrade("SHA-1"));
    assert.equal(first.name, "continue");
    assert.notEqual(first.child(NS_SASL2, "additional-data"), undefined);
    const second = await perform(client, first, "SHA-512");
    assert.equal(second.child(NS_SASL2, "additional-data"), undefined);
    const success = await perform(client, second, "SHA-256");
    assert.equal(success.name, "success");
    assert.deepEqual(await hashesOf(world), ["SHA-1", "SHA-256", "SHA-512"]);
    for (const hash of ["SHA-1", "SHA-256", "SHA-512"] as const) {
      const again = await opened(world, romeo);
      // Nothing is missing any more, so nothing is asked for.
      assert.equal((await byScram(again, hash, upgrade("SHA-256"))).name, "success");
    }
  });

  test("go on with the proof of the log-in, the client chooses, and what it sends is no password [xep0388-2.6.3-01] [xep0388-2.6.3-02] [xep0388-2.6.3-03] [xep0388-2.6.3-06] [xep0480-2.1-02]", async () => {
    await using world = await upgraded();
    const client = await opened(world, romeo);
    const asked = await byScram(client, "SHA-1", upgrade("SHA-512") + upgrade("SHA-256"));
    assert.match(decodeUtf8(data(asked.child(NS_SASL2, "additional-data"))) ?? "", /^v=/u);
    // A salt that is the account's own: what is made with it is good for nothing but this account's keys.
    const task = asked.child(NS_SASL2, "tasks")?.elements()[0]?.text;
    await client.sendText(`<next xmlns='${NS_SASL2}' task='${task}'/>`);
    const [salt] = client.next().elements();
    assert.equal(salt?.name, "salt");
    assert.ok(data(salt).length >= 16);
    const plain = encodeBase64(Buffer.from("romeo"));
    await client.sendText(
      `<task-data xmlns='${NS_SASL2}'><hash xmlns='urn:xmpp:scram-upgrade:0'>${plain}</hash></task-data>`,
    );
    assert.match(serialize(client.next()), /malformed-request/u);
    assert.deepEqual(await hashesOf(world), ["SHA-1"]);
  });

  test("are not for those who ask for none, nor after a password that was not proven", async () => {
    await using world = await upgraded();
    const client = await opened(world, romeo);
    assert.equal((await byScram(client, "SHA-1")).name, "success");
    const stranger = await opened(world, romeo);
    assert.equal((await byScram(stranger, "SHA-1", upgrade("SHA-256"), "tybalt")).name, "failure");
    assert.deepEqual(await hashesOf(world), ["SHA-1"]);
  });

  const wrong: readonly (readonly [name: string, sent: string, answer: RegExp])[] = [
    ["another task than that asked for", `<next xmlns='${NS_SASL2}' task='UPGR-SCRAM-SHA-512'/>`, /malformed-request/],
    ["data before the task began", `<task-data xmlns='${NS_SASL2}'/>`, /malformed-request/],
    ["the exchange goes on as if nothing were", `<response xmlns='${NS_SASL2}'/>`, /malformed-request/],
    ["the client gives up", `<abort xmlns='${NS_SASL2}'/>`, /aborted/],
    [
      "a hash of the wrong length",
      `<next xmlns='${NS_SASL2}' task='UPGR-SCRAM-SHA-256'/><task-data xmlns='${NS_SASL2}'><hash xmlns='urn:xmpp:scram-upgrade:0'>AAAA</hash></task-data>`,
      /malformed-request/,
    ],
    [
      "another request [xep0388-4.8-01]",
      `<authenticate xmlns='${NS_SASL2}' mechanism='PLAIN'/>`,
      /^<stream:error|<not-authorized/,
    ],
    ["a stanza [xep0388-2.4-02]", "<presence/>", /<not-authorized/],
  ];
  for (const [name, sent, answer] of wrong)
    test(`fail when there comes ${name}, and nothing is kept`, async () => {
      await using world = await upgraded();
      const client = await opened(world, romeo);
      assert.equal((await byScram(client, "SHA-1", upgrade("SHA-256"))).name, "continue");
      await client.sendText(sent);
      assert.match(serialize(client.pending.at(-1) ?? client.next()), answer);
      assert.deepEqual(await hashesOf(world), ["SHA-1"]);
    });

  test("A55 made with a password that was changed meanwhile are refused", async () => {
    await using world = await upgraded();
    const client = await opened(world, romeo);
    const asked = await byScram(client, "SHA-1", upgrade("SHA-256"));
    const jid = parseJid(romeo);
    assert.ok(jid !== undefined);
    const changing = world.core.accounts.setPassword(bareOf(jid), "other");
    await world.settle();
    await changing;
    // The stream is gone with the password, before anything can be kept.
    assert.equal(client.streamClosed, true);
    assert.equal(asked.name, "continue");
  });
});
