import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clientContext,
  credentialsOf,
  runExchange,
  serverContext,
  testDomain,
  testPolicy,
} from "#testing/sasl/run-exchange.ts";
import { channelBindingTypes } from "./channel-binding.ts";
import type { ClientBinding, SaslClientContext } from "./client-context.ts";
import { isPlus, mechanisms, type Mechanism } from "./mechanism.ts";
import type { SaslServerContext } from "./server-context.ts";
import { startClientMechanism } from "./start-client-mechanism.ts";
import { startServerMechanism } from "./start-server-mechanism.ts";
import type { StoredCredentials } from "./stored-credentials.ts";

/** Every mechanism with every way to say something about channel binding that is right for it. */
const bindings = channelBindingTypes.map((type, index) => ({ type, data: new Uint8Array(32).fill(index + 1) }));
const ways: readonly { readonly mechanism: Mechanism; readonly binding: ClientBinding; readonly name: string }[] =
  mechanisms.flatMap((mechanism): { mechanism: Mechanism; binding: ClientBinding; name: string }[] => {
    if (isPlus(mechanism)) {
      return bindings.map((binding) => ({ mechanism, binding, name: `${mechanism} bound to ${binding.type}` }));
    }
    const flags = mechanism.startsWith("SCRAM") ? (["n", "y"] as const) : (["n"] as const);
    return flags.map((binding) => ({ mechanism, binding, name: `${mechanism} with ${binding}` }));
  });

const juliet = credentialsOf("juliet", "r0m30myr0m30");
const passwordless = new Set<Mechanism>(["EXTERNAL", "ANONYMOUS"]);

function exchange(
  way: { readonly mechanism: Mechanism; readonly binding: ClientBinding },
  changes: {
    readonly client?: Partial<SaslClientContext>;
    readonly server?: Partial<SaslServerContext>;
    readonly stored?: StoredCredentials | undefined;
  } = {},
) {
  const offered = way.binding === "y" ? mechanisms.filter((mechanism) => !isPlus(mechanism)) : mechanisms;
  const certificate = [{ address: `juliet@${testDomain}`, username: "juliet" }];
  const server = serverContext({ offered, bindings, certificate, ...changes.server });
  return runExchange({
    server: startServerMechanism(way.mechanism, server),
    client: startClientMechanism(way.mechanism, clientContext({ binding: way.binding, ...changes.client })),
    find: (username) => (username === "juliet" ? ("stored" in changes ? changes.stored : juliet) : undefined),
  });
}

for (const way of ways) {
  const { mechanism, name } = way;
  test(`${name}: who knows the password gets in, and the server has proven itself`, () => {
    const { server, client } = exchange(way);
    assert.equal(client.type, "authenticated");
    assert.ok(server?.type === "success");
    assert.equal(server.identity.anonymous, mechanism === "ANONYMOUS");
    if (mechanism !== "ANONYMOUS") {
      assert.deepEqual(server.identity, { authcid: "juliet", authzid: undefined, anonymous: false });
    }
  });
  if (mechanism === "ANONYMOUS") continue;
  test(`${name}: a disabled account is told so, after the proof`, () => {
    const { server } = exchange(way, { stored: { ...juliet, status: "disabled" } });
    assert.deepEqual(server, { type: "failure", condition: "account-disabled" });
  });
  test(`${name}: expired credentials are told so, after the proof`, () => {
    const { server } = exchange(way, { stored: { ...juliet, status: "expired" } });
    assert.deepEqual(server, { type: "failure", condition: "credentials-expired" });
  });
  test(`${name}: no account, no entry`, () => {
    const { server, client } = exchange(way, { stored: undefined });
    assert.deepEqual(server, { type: "failure", condition: "not-authorized" });
    assert.notEqual(client.type, "authenticated");
  });
  test(`A24 ${name}: to act as oneself is allowed [rfc6120-6.3.8-01]`, () => {
    const authzid = `juliet@${testDomain}`;
    const { server } = exchange(way, { client: { authzid } });
    assert.ok(server?.type === "success");
    assert.equal(server.identity.authcid, "juliet");
    assert.ok(server.identity.authzid === undefined || server.identity.authzid === authzid);
  });
  test(`A24 ${name}: to act as another is not [rfc6120-6.3.8-06]`, () => {
    const { server } = exchange(way, { client: { authzid: `romeo@${testDomain}` } });
    assert.deepEqual(server, { type: "failure", condition: "invalid-authzid" });
  });
  test(`A24 ${name}: to act as another is possible where the host says so, and the identity says both names [rfc6120-6.3.8-02]`, () => {
    const authzid = `romeo@${testDomain}`;
    const { server } = exchange(way, { client: { authzid }, server: { mayActAs: () => true } });
    assert.ok(server?.type === "success");
    assert.deepEqual(server.identity, { authcid: "juliet", authzid, anonymous: false });
  });
  test(`A23 ${name}: not offered, not accepted`, () => {
    const offered = mechanisms.filter((other) => other !== mechanism);
    const { server } = exchange(way, { server: { offered } });
    assert.deepEqual(server, { type: "failure", condition: "invalid-mechanism" });
  });
  if (passwordless.has(mechanism)) continue;
  test(`${name}: a wrong password is refused, also for a disabled account`, () => {
    for (const stored of [juliet, { ...juliet, status: "disabled" as const }]) {
      const { server, client } = exchange(way, { client: { password: "r0m30myr0m31" }, stored });
      assert.deepEqual(server, { type: "failure", condition: "not-authorized" });
      assert.notEqual(client.type, "authenticated");
    }
  });
  test(`${name}: user name and password are prepared on both sides`, () => {
    const stored = credentialsOf("juliet", "\u2168 i\u00adi");
    const { server } = exchange(way, { client: { username: "jul\u00adiet", password: "IX ii" }, stored });
    assert.equal(server?.type, "success");
  });
  test(`${name}: names and passwords with , = " \\ and letters from everywhere arrive whole`, () => {
    const username = 'ju,l=2C"i\\et=Жé';
    const password = 'p,=\\"ä\u00ffß密';
    const stored = credentialsOf(username, password);
    const result = runExchange({
      server: startServerMechanism(mechanism, serverContext({ offered: [mechanism], bindings })),
      client: startClientMechanism(mechanism, clientContext({ username, password, binding: way.binding })),
      find: (asked) => (asked === username ? stored : undefined),
    });
    assert.equal(result.server?.type, "success");
  });
  test(`${name}: what SASLprep forbids is not sent`, () => {
    for (const bad of ["a\u0007b", "\u0627b", ""]) {
      const { client } = exchange(way, { client: { password: bad } });
      assert.ok(client.type === "refused" && client.reason === "bad-credentials");
    }
  });
}

test("an account that lacks the keys of a hash cannot be told from no account by that hash", () => {
  const { scram } = juliet;
  const old: StoredCredentials = scram["SHA-1"] === undefined ? { scram: {} } : { scram: { "SHA-1": scram["SHA-1"] } };
  const way = { mechanism: "SCRAM-SHA-256", binding: "n" } as const;
  const withOld = exchange(way, { stored: old });
  const without = exchange(way, { stored: undefined });
  assert.deepEqual(withOld, without);
});

test("PLAIN is checked against whatever keys an account has", () => {
  const { scram } = juliet;
  assert.ok(scram["SHA-1"] !== undefined);
  const policy = { ...testPolicy, scramHashes: ["SHA-512"] as const, scramOffered: ["SHA-512"] as const };
  const { server } = exchange(
    { mechanism: "PLAIN", binding: "n" },
    { stored: { scram: { "SHA-1": scram["SHA-1"] } }, server: { policy } },
  );
  assert.equal(server?.type, "success");
});

test("a client that sends nothing in <auth/> is asked to begin [rfc6120-6.3.10-01] [rfc6120-6.4.3-01]", () => {
  for (const mechanism of ["SCRAM-SHA-256", "PLAIN", "EXTERNAL", "ANONYMOUS"]) {
    const server = startServerMechanism(mechanism, serverContext({ offered: [mechanism] }));
    assert.deepEqual(server.respond(undefined), { type: "challenge", data: new Uint8Array() });
  }
});
