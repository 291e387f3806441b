import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clientContext,
  credentialsOf,
  runExchange,
  serverContext,
  settleServer,
  testPolicy,
} from "#testing/sasl/run-exchange.ts";
import { fakeScramKeys } from "./fake-credentials.ts";
import type { SaslSuccess } from "./server-exchange.ts";
import { startClientMechanism } from "./start-client-mechanism.ts";
import { startServerMechanism } from "./start-server-mechanism.ts";
import type { StoredCredentials } from "./stored-credentials.ts";
import { encodeUtf8 } from "./utf8.ts";

const policy = { ...testPolicy, digestMd5: false };
const password = "r0m30myr0m30";
const fresh = credentialsOf("juliet", password, policy);
const old = credentialsOf("juliet", password, { ...policy, scramIterations: 4_100 });

const { "SHA-1": sha1 } = fresh.scram;
assert.ok(sha1 !== undefined);
const lacking: StoredCredentials = { scram: { "SHA-1": sha1 } };

function logIn(found: StoredCredentials, said = password): ReturnType<typeof settleServer> {
  const server = startServerMechanism("PLAIN", serverContext({ offered: ["PLAIN"], policy }));
  return settleServer(server, server.respond(encodeUtf8(`\0juliet\0${said}`)), () => found);
}

function successOf(found: StoredCredentials): SaslSuccess {
  const output = logIn(found);
  assert.equal(output.type, "success");
  return output;
}

for (const { name, found } of [
  { name: "an old iteration count", found: old },
  { name: "a hash too few", found: lacking },
  {
    name: "a key of DIGEST-MD5 that is not wanted any more",
    found: credentialsOf("juliet", password, { ...policy, digestMd5: true }),
  },
])
  test(`A27 keys with ${name} are renewed by the first log-in that shows the password`, () => {
    const { renewal } = successOf(found);
    assert.ok(renewal !== undefined);
    assert.equal(renewal.from, found);
    assert.deepEqual(
      Object.entries(renewal.to.scram).map(([hash, { iterations }]) => [hash, iterations]),
      Object.entries(fresh.scram).map(([hash]) => [hash, policy.scramIterations]),
    );
    assert.equal(renewal.to.digestMd5, undefined);
    assert.equal(
      successOf(renewal.to).renewal,
      undefined,
      "which need not be renewed again, and hold the same password",
    );
  });

test("keys that are what the policy makes stay", () => {
  assert.equal(successOf(fresh).renewal, undefined);
});

test("A27 a wrong password, an account that is shut, and SCRAM renew nothing", () => {
  assert.deepEqual(logIn(old, "wrong"), { type: "failure", condition: "not-authorized" });
  assert.deepEqual(logIn({ ...old, status: "disabled" }), { type: "failure", condition: "account-disabled" });
  const { server } = runExchange({
    server: startServerMechanism("SCRAM-SHA-256", serverContext({ offered: ["SCRAM-SHA-256"], policy })),
    client: startClientMechanism("SCRAM-SHA-256", clientContext({ password })),
    find: () => old,
  });
  assert.ok(server?.type === "success" && server.renewal === undefined);
});

test("A27 users who do not exist have the counts that those have who do, always the same, and never go back", () => {
  const countOf = (user: string, seen?: readonly [number, ...number[]]): number =>
    fakeScramKeys(
      serverContext({ offered: [], policy: { ...policy, ...(seen && { scramIterationsSeen: seen }) } }),
      "SHA-256",
      user,
    ).iterations;
  const users = Array.from({ length: 200 }, (_, at) => `user-${at}`);
  assert.deepEqual(new Set(users.map((user) => countOf(user))), new Set([policy.scramIterations]));
  const seen = [[4_096], [4_096, 10_000], [4_096, 10_000, 20_000]] as const;
  for (const user of users) {
    const counts = seen.map((some) => countOf(user, some));
    assert.deepEqual(
      counts,
      counts.toSorted((one, other) => one - other),
    );
    assert.deepEqual(
      counts,
      seen.map((some) => countOf(user, some)),
    );
  }
  const now = users.map((user) => countOf(user, seen[2]));
  for (const count of seen[2]) assert.ok(now.filter((is) => is === count).length > 20, `nobody has ${count}`);
});
