import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeriveKeyRequest } from "#kit/env.ts";
import { defaultSaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { logInAtOnce, request } from "../scenario/log-in-at-once.ts";
import { startWorld } from "../scenario/world.ts";
import { SocketClient } from "../socket-client.ts";
import { startedServer, type StartedServer } from "../started-server.ts";

const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const plain = (user: string, password: string): string =>
  `<auth ${sasl} mechanism='PLAIN'>${btoa(`\0${user}\0${password}`)}</auth>`;

async function attempt(started: StartedServer, from: string, user: string, password: string): Promise<string> {
  using client = await SocketClient.tls(started.tlsPort, "montague.example", { localAddress: from });
  client.open("montague.example");
  await client.until(/<\/stream:features>/);
  client.send(plain(user, password));
  const [, condition = "in"] = await client.until(/<failure[^>]*><([\w-]+)\/>|<success/);
  return condition;
}

test("A29 an account that is guessed at from many addresses is shut to strangers, and open to its owner and all others to themselves", async () => {
  const accounts = ["romeo@montague.example", "benvolio@montague.example"];
  await using started = await startedServer("[limits.login]\nfailures_max = 4\n", { accounts });
  const home = "127.0.3.1";
  assert.equal(await attempt(started, home, "romeo", "romeo"), "in");
  for (let guess = 0; guess < 4; guess += 1)
    assert.equal(await attempt(started, `127.0.4.${guess + 1}`, "romeo", `guess ${guess}`), "not-authorized");
  assert.equal(await attempt(started, "127.0.5.1", "romeo", "romeo"), "temporary-auth-failure");
  assert.equal(await attempt(started, home, "romeo", "romeo"), "in");
  assert.equal(await attempt(started, "127.0.5.1", "benvolio", "benvolio"), "in");
  assert.deepEqual(started.limitsHit, ["failed-logins"]);
});

test("A29 an address that guesses at many accounts is shut out of all, whether they exist or not", async () => {
  await using started = await startedServer("[limits.login]\nfailures_max = 4\n");
  for (const user of ["romeo", "nobody", "admin", "root"])
    assert.equal(await attempt(started, "127.0.4.1", user, "guess"), "not-authorized");
  for (const user of ["romeo", "nobody"])
    assert.equal(await attempt(started, "127.0.4.1", user, user), "temporary-auth-failure");
  assert.equal(await attempt(started, "127.0.4.2", "romeo", "romeo"), "in");
});

/** What a log-in that fails makes the server do, and what it says. */
interface Work {
  readonly derivations: readonly (readonly [hash: string, iterations: number, length: number])[];
  readonly reads: number;
  readonly said: readonly string[];
  readonly lengths: readonly number[];
}

const device = "d4565fa7-4d72-4749-b3d3-740edbf87770";
const askForToken = "<request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/>";

async function workOf(mechanism: string, user: string): Promise<Work> {
  const policy = { ...defaultSaslServerPolicy, scramIterations: 4_096 };
  await using world = await startWorld({ accounts: ["romeo@montague.example"], settings: { sasl: policy } });
  if (mechanism.startsWith("HT-")) await logInAtOnce(world, "romeo@montague.example", { device, inline: askForToken });
  const derivations: (readonly [string, number, number])[] = [];
  const { deriveKey } = world.env;
  const counted = (request: DeriveKeyRequest): Promise<Uint8Array> => {
    derivations.push([request.hash, request.iterations, request.length]);
    return deriveKey(request);
  };
  Object.assign(world.env, { deriveKey: counted });
  let reads = 0;
  const { get } = world.store;
  Object.assign(world.store, {
    get: (...asked: Parameters<typeof get>) => {
      reads += 1;
      return get(...asked);
    },
  });
  const client = world.connect();
  await client.open("montague.example");
  client.ignoreAll();
  const before = client.pending.length;
  if (mechanism === "PLAIN") await client.sendText(plain(user, "wrong"));
  else if (mechanism.startsWith("HT-")) {
    const initial = encodeUtf8(`${user}\0${"x".repeat(32)}`);
    const address = `${user}@montague.example`;
    await request(client, address, { mechanism, device, initial, inline: "<fast xmlns='urn:xmpp:fast:0'/>" });
  } else {
    await client.sendText(`<auth ${sasl} mechanism='${mechanism}'>${btoa(`n,,n=${user},r=abcdefgh`)}</auth>`);
    const nonce = /r=([^,]+)/.exec(atob(client.pending.at(-1)?.text ?? ""))?.[1] ?? "";
    const proofBytes = mechanism === "SCRAM-SHA-1" ? 20 : mechanism === "SCRAM-SHA-256" ? 32 : 64;
    const proof = btoa("x".repeat(proofBytes));
    await client.sendText(`<response ${sasl}>${btoa(`c=biws,r=${nonce},p=${proof}`)}</response>`);
  }
  const said = client.pending.slice(before);
  const show = (element: XmlElement): string => `${element.name} ${element.elements()[0]?.name ?? ""}`;
  return { derivations, reads, said: said.map(show), lengths: said.map(({ text }) => text.length) };
}

for (const mechanism of ["PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512", "HT-SHA-256-NONE"])
  test(`A27 ${mechanism}: who exists and who does not cost the same reads and derivations, and are told as much`, async () => {
    const known = await workOf(mechanism, "romeo");
    assert.equal(known.reads, 1);
    assert.equal(known.derivations.length, mechanism === "PLAIN" ? 1 : 0);
    assert.equal(known.said.at(-1), "failure not-authorized");
    for (const user of ["tybalt", "nobod"]) assert.deepEqual(await workOf(mechanism, user), known, user);
  });

test("A27 times of log-ins that fail, with and without an account: reported, not asserted", async (t) => {
  const times = { known: [] as number[], unknown: [] as number[] };
  const limits = "[limits.login]\nfailures_max = false\nfailures_per_connection_max = 100\n";
  await using started = await startedServer(limits);
  using client = await SocketClient.tls(started.tlsPort, "montague.example");
  client.open("montague.example");
  await client.until(/<\/stream:features>/);
  for (let turn = 0; turn < 90; turn += 1) {
    const which = turn % 2 === 0 ? "known" : "unknown";
    const from = process.hrtime.bigint();
    client.send(plain(which === "known" ? "romeo" : "tybal", "wrong"));
    const [, condition] = await client.until(/<failure[^>]*><([\w-]+)\/>/);
    assert.equal(condition, "not-authorized");
    times[which].push(Number(process.hrtime.bigint() - from) / 1e6);
  }
  for (const [which, all] of Object.entries(times)) {
    const sorted = all.toSorted((one, other) => one - other);
    const at = (part: number): string => (sorted[Math.floor(sorted.length * part)] ?? 0).toFixed(2);
    t.diagnostic(`${which}: median ${at(0.5)} ms, quartiles ${at(0.25)} and ${at(0.75)} ms`);
  }
});
