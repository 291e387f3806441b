import assert from "node:assert/strict";
import { test } from "node:test";
import { _MD5, _SHA1 } from "@noble/hashes/legacy.js";
import { _SHA256, _SHA512 } from "@noble/hashes/sha2.js";
import {
  clientContext,
  credentialsOf,
  runExchange,
  serverContext,
  testPolicy,
  type ExchangeResult,
} from "#testing/sasl/run-exchange.ts";
import { equalBytes } from "./bytes.ts";
import type { Mechanism } from "./mechanism.ts";
import { readServerFirst } from "./scram-message.ts";
import { startClientMechanism } from "./start-client-mechanism.ts";
import { startServerMechanism } from "./start-server-mechanism.ts";
import type { StoredCredentials } from "./stored-credentials.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";

/** Blocks that any of our hash functions worked through while `run` ran: all the work there is, without a clock. */
function blocksHashed(run: () => void): number {
  let blocks = 0;
  const restore = [_MD5, _SHA1, _SHA256, _SHA512].map(({ prototype }) => {
    const own: unknown = Reflect.get(prototype, "process");
    assert.ok(typeof own === "function");
    Reflect.set(prototype, "process", function counted(this: unknown, ...args: readonly unknown[]) {
      blocks += 1;
      Reflect.apply(own, this, args);
    });
    return () => Reflect.set(prototype, "process", own);
  });
  try {
    run();
  } finally {
    for (const undo of restore) undo();
  }
  return blocks;
}

const stored = credentialsOf("juliet", "r0m30myr0m30");
const mechanisms = [
  "SCRAM-SHA-1",
  "SCRAM-SHA-256",
  "SCRAM-SHA-512",
  "PLAIN",
  "DIGEST-MD5",
] satisfies readonly Mechanism[];

function wrongPassword(
  mechanism: Mechanism,
  found: StoredCredentials | undefined,
): ExchangeResult & { blocks: number } {
  let result: ExchangeResult | undefined;
  const blocks = blocksHashed(() => {
    result = runExchange({
      server: startServerMechanism(mechanism, serverContext({ offered: [mechanism] })),
      client: startClientMechanism(mechanism, clientContext({ password: "wrong" })),
      find: () => found,
    });
  });
  assert.ok(result !== undefined);
  return { ...result, blocks };
}

for (const mechanism of mechanisms) {
  const known = wrongPassword(mechanism, stored);
  const others = {
    "an unknown user": undefined,
    "a disabled account": { ...stored, status: "disabled" },
    "an account with expired credentials": { ...stored, status: "expired" },
    "an account without keys": { scram: {} },
  } satisfies Record<string, StoredCredentials | undefined>;
  for (const [name, found] of Object.entries(others)) {
    test(`A27 ${mechanism}: ${name} and a wrong password get the same answers for the same work`, () => {
      const other = wrongPassword(mechanism, found);
      assert.deepEqual(other.server, { type: "failure", condition: "not-authorized" });
      assert.deepEqual(other.server, known.server);
      assert.deepEqual(other.serverOutputs, known.serverOutputs);
      assert.deepEqual(
        other.messages.map(({ name: element, data }) => [element, data?.length]),
        known.messages.map(({ name: element, data }) => [element, data?.length]),
      );
      assert.equal(other.blocks, known.blocks);
      assert.ok(known.blocks > 0);
    });
  }
}

test("A27 PLAIN asks for a derivation also for an unknown user, of the same size", () => {
  const asked = [stored, undefined].map((found) => {
    const server = startServerMechanism("PLAIN", serverContext({ offered: ["PLAIN"] }));
    assert.deepEqual(server.respond(encodeUtf8("\0juliet\0x")), { type: "lookup", username: "juliet" });
    const output = server.credentials(found);
    assert.ok(output.type === "derive");
    return { ...output, salt: output.salt.length };
  });
  assert.deepEqual(asked[0], asked[1]);
});

/** What a server says about an unknown user. */
function challengeFor(username: string, changes: Parameters<typeof serverContext>[0] = {}) {
  const server = startServerMechanism("SCRAM-SHA-256", serverContext({ offered: ["SCRAM-SHA-256"], ...changes }));
  assert.equal(server.respond(encodeUtf8(`n,,n=${username},r=abc`)).type, "lookup");
  const output = server.credentials(undefined);
  assert.ok(output.type === "challenge");
  const first = readServerFirst(decodeUtf8(output.data) ?? "");
  assert.ok(first !== undefined);
  return first;
}

test("A27 an unknown user has the same salt every time, and another than other users and other servers have", () => {
  const nobody = challengeFor("nobody");
  assert.equal(nobody.iterations, testPolicy.scramIterations);
  assert.deepEqual(challengeFor("nobody").salt, nobody.salt);
  assert.notDeepEqual(challengeFor("somebody").salt, nobody.salt);
  assert.notDeepEqual(
    challengeFor("nobody", { secret: encodeUtf8("quite another secret, as long") }).salt,
    nobody.salt,
  );
});

test("A27 an unknown user has the same salt in every spelling, as a known one has", () => {
  assert.deepEqual(challengeFor("NoBody").salt, challengeFor("nobody").salt);
});

test("A27 no proof opens an account that does not exist, even one made from the server's own secret", () => {
  const server = startServerMechanism("PLAIN", serverContext({ offered: ["PLAIN"] }));
  server.respond(encodeUtf8("\0nobody\0x"));
  server.credentials(undefined);
  assert.deepEqual(server.derived(new Uint8Array(32)), { type: "failure", condition: "not-authorized" });
});

test("A26 comparing looks at every byte, wherever the first difference is", () => {
  const looked: number[] = [];
  const watched = (bytes: Uint8Array): Uint8Array =>
    new Proxy(bytes, {
      get: (target, key) => {
        if (typeof key === "string" && /^\d+$/.test(key)) looked.push(Number(key));
        const value: unknown = Reflect.get(target, key);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  const secret = new Uint8Array(32).fill(5);
  for (const place of [0, 15, 31, undefined]) {
    const guess = secret.slice();
    if (place !== undefined) guess[place] = 6;
    looked.length = 0;
    assert.equal(equalBytes(guess, watched(secret)), place === undefined);
    assert.deepEqual(
      looked,
      Array.from({ length: 32 }, (_, index) => index),
    );
  }
  assert.equal(equalBytes(secret, secret.slice(1)), false);
  assert.equal(equalBytes(secret.slice(1), secret), false);
  assert.equal(equalBytes(Uint8Array.of(1, 0), Uint8Array.of(1)), false);
});
