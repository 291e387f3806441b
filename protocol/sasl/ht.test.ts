import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import type { ChannelBinding } from "./channel-binding.ts";
import { htClient } from "./ht-client.ts";
import { htMechanismNames, htMechanisms, parseHtMechanism, type HtMechanism } from "./ht-mechanism.ts";
import { htTokenCharactersMin, keyOfToken } from "./ht-token.ts";
import { decodeBase64, encodeBase64 } from "./sasl-base64.ts";
import type { SaslServerContext } from "./server-context.ts";
import type { SaslServerExchange } from "./server-exchange.ts";
import { defaultSaslServerPolicy, serverMechanisms } from "./server-policy.ts";
import { startServerMechanism } from "./start-server-mechanism.ts";
import type { TokenCandidate } from "./token-candidate.ts";
import { encodeUtf8 } from "./utf8.ts";

interface Vector {
  readonly source: string;
  readonly mechanism: string;
  readonly authcid: string;
  readonly token: string;
  readonly initiator_message_b64: string;
  readonly responder_message_b64: string;
}

// As the file's fields say.
const { vectors } = JSON.parse(readFileSync(new URL("vectors/sasl-ht.json", import.meta.url), "utf8")) as {
  readonly vectors: readonly Vector[];
};

const exporter: ChannelBinding = { type: "tls-exporter", data: new Uint8Array(32).fill(9) };
const endPoint: ChannelBinding = { type: "tls-server-end-point", data: new Uint8Array(32).fill(8) };
const unique: ChannelBinding = { type: "tls-unique", data: new Uint8Array(12).fill(7) };
const token = "t".repeat(htTokenCharactersMin);

function mechanismOf(name: string): HtMechanism {
  const mechanism = parseHtMechanism(name);
  assert.ok(mechanism !== undefined);
  return mechanism;
}

function context(changes: Partial<SaslServerContext> = {}): SaslServerContext {
  return {
    policy: defaultSaslServerPolicy,
    offered: htMechanismNames,
    bindings: [exporter, endPoint],
    encrypted: true,
    domain: "im.example",
    mayActAs: () => false,
    secret: new Uint8Array(32),
    random: (bytes) => new Uint8Array(bytes),
    device: "d1",
    ...changes,
  };
}

function candidate(name: string, changes: Partial<TokenCandidate> = {}): TokenCandidate {
  return { mechanism: name, key: keyOfToken(mechanismOf(name).hash, token), expired: false, ...changes };
}

function message(name: string, bindings: readonly ChannelBinding[] = [exporter, endPoint]): Uint8Array {
  const output = htClient(mechanismOf(name), { username: "juliet", token, bindings }).start();
  assert.equal(output.type, "response");
  return output.data ?? new Uint8Array();
}

/** What the server says to it. */
function answer(exchange: SaslServerExchange, data: Uint8Array, found: readonly TokenCandidate[]): string {
  const output = exchange.respond(data);
  if (output.type !== "lookupToken") return output.type === "failure" ? output.condition : output.type;
  const last = exchange.tokens(found);
  return last.type === "failure" ? last.condition : last.type;
}

describe("HT, the messages", () => {
  for (const vector of vectors.filter(({ source }) => !source.includes("draft-ietf"))) {
    test(`${vector.mechanism} as ${vector.source} has them`, () => {
      const client = htClient(mechanismOf(vector.mechanism), {
        username: vector.authcid,
        token: vector.token,
        bindings: [],
      });
      const first = client.start();
      assert.equal(first.type, "response");
      assert.equal(encodeBase64(first.data ?? new Uint8Array()), vector.initiator_message_b64);
      assert.equal(client.success(decodeBase64(vector.responder_message_b64)).type, "authenticated");
    });
  }

  for (const name of htMechanismNames)
    test(`${name}: client and server convince each other [xep0484-3.1-03]`, () => {
      const bindings = [exporter, endPoint, unique];
      const client = htClient(mechanismOf(name), { username: "juliet", token, bindings });
      const first = client.start();
      assert.equal(first.type, "response");
      const server = startServerMechanism(name, context({ bindings }));
      const lookup = server.respond(first.data);
      assert.deepEqual(lookup, { type: "lookupToken", username: "juliet", device: "d1" });
      const success = server.tokens([candidate(name)]);
      assert.equal(success.type, "success");
      assert.deepEqual(success.identity, { authcid: "juliet", authzid: undefined, anonymous: false });
      assert.deepEqual(success.tokenKey, candidate(name).key);
      assert.equal(client.success(success.data).type, "authenticated");
    });
});

describe("HT, what a server refuses", () => {
  const name = "HT-SHA-256-EXPR";
  const other = (): TokenCandidate => candidate(name, { key: keyOfToken("SHA-256", `${token}x`) });

  test("no token, another token, and a token of another mechanism alike (A31) [xep0484-3.4-06] [xep0484-3.4-07]", () => {
    for (const found of [[], [other()], [candidate(name, { mechanism: "HT-SHA-256-NONE" })]])
      assert.equal(answer(startServerMechanism(name, context()), message(name), found), "not-authorized");
  });

  test("a token that has expired, told only to who has it [xep0484-4.2-02]", () => {
    const expired = { ...candidate(name), expired: true };
    assert.equal(answer(startServerMechanism(name, context()), message(name), [expired]), "credentials-expired");
    const wrong = { ...other(), expired: true };
    assert.equal(answer(startServerMechanism(name, context()), message(name), [wrong]), "not-authorized");
  });

  test("a proof for another channel", () => {
    const elsewhere = message(name, [{ ...exporter, data: new Uint8Array(32) }]);
    assert.equal(answer(startServerMechanism(name, context()), elsewhere, [candidate(name)]), "not-authorized");
  });

  test("binding to what this channel has not", () => {
    const exchange = startServerMechanism("HT-SHA-256-UNIQ", context());
    assert.equal(answer(exchange, message("HT-SHA-256-UNIQ", [unique]), []), "not-authorized");
  });

  test("somebody who does not say which device it is [xep0484-4.1-03]", () => {
    const { device: _, ...nameless } = context();
    assert.equal(answer(startServerMechanism(name, nameless), message(name), []), "malformed-request");
  });

  test("A23 a mechanism that is not offered", () => {
    const exchange = startServerMechanism(name, context({ offered: ["PLAIN"] }));
    assert.equal(answer(exchange, message(name), [candidate(name)]), "invalid-mechanism");
  });

  const proof = new Uint8Array(32);
  const broken: readonly (readonly [name: string, data: Uint8Array])[] = [
    ["nothing", new Uint8Array()],
    ["no user", new Uint8Array([0, ...proof])],
    ["no proof", encodeUtf8("juliet\0")],
    ["no end of the user", encodeUtf8("juliet")],
    ["a proof that is too short", new Uint8Array([...encodeUtf8("juliet\0"), ...proof.subarray(1)])],
    ["a proof that is too long", new Uint8Array([...encodeUtf8("juliet\0"), ...proof, 0])],
    ["a user that is no text", new Uint8Array([0xff, 0, ...proof])],
    ["a user that is too long", new Uint8Array([...encodeUtf8(`${"j".repeat(1_024)}\0`), ...proof])],
  ];
  for (const [what, data] of broken)
    test(`a message with ${what}`, () => {
      assert.equal(answer(startServerMechanism(name, context()), data, [candidate(name)]), "malformed-request");
    });

  test("A26 A27 and does the same work whoever it is for: both places are compared, filled or not [xep0484-5.1-01] [xep0484-6-03]", () => {
    const keysUsed = (found: readonly TokenCandidate[]): number => {
      let reads = 0;
      const counted = <T extends object>(of: T, property: keyof T): T =>
        new Proxy(of, {
          get: (target, key, receiver) => {
            if (key === property) reads++;
            return Reflect.get(target, key, receiver);
          },
        });
      // What is not there is made of the server's secret.
      const exchange = startServerMechanism(name, counted(context(), "secret"));
      const outcome = answer(
        exchange,
        message(name),
        found.map((each) => counted(each, "key")),
      );
      assert.equal(outcome, "not-authorized");
      return reads;
    };
    assert.deepEqual([[], [other()], [other(), other()]].map(keysUsed), [2, 2, 2]);
    const places = [
      [other(), candidate(name)],
      [candidate(name), other()],
    ];
    for (const found of places)
      assert.equal(answer(startServerMechanism(name, context()), message(name), found), "success");
  });
});

describe("HT, what a client refuses", () => {
  test("a server that does not know the token", () => {
    const client = htClient(mechanismOf("HT-SHA-256-NONE"), { username: "juliet", token, bindings: [] });
    client.start();
    assert.equal(client.success(new Uint8Array(32)).type, "refused");
  });

  test("a server that says nothing", () => {
    const client = htClient(mechanismOf("HT-SHA-256-NONE"), { username: "juliet", token, bindings: [] });
    client.start();
    assert.equal(client.success(undefined).type, "refused");
  });

  test("a channel without what the token is for [xep0484-6-02]", () => {
    const client = htClient(mechanismOf("HT-SHA-256-EXPR"), { username: "juliet", token, bindings: [endPoint] });
    assert.equal(client.start().type, "refused");
  });
});

describe("HT, what is offered", () => {
  const transport = { encrypted: true, bindings: [exporter, endPoint], certified: false };

  test("is what works on the connection, strongest binding first, and one without binding [xep0484-3.1-04] (S30)", () => {
    assert.deepEqual(htMechanisms(defaultSaslServerPolicy, transport), [
      "HT-SHA-512-EXPR",
      "HT-SHA-256-EXPR",
      "HT-SHA-512-ENDP",
      "HT-SHA-256-ENDP",
      "HT-SHA-512-NONE",
      "HT-SHA-256-NONE",
    ]);
  });

  test("has tls-unique where TLS is older than 1.3", () => {
    const names = htMechanisms(defaultSaslServerPolicy, { ...transport, bindings: [unique] });
    assert.deepEqual(names, ["HT-SHA-512-UNIQ", "HT-SHA-256-UNIQ", "HT-SHA-512-NONE", "HT-SHA-256-NONE"]);
  });

  test("has nothing without binding where binding is required, and nothing at all without TLS [xep0484-6-01]", () => {
    const required = { ...defaultSaslServerPolicy, channelBinding: "required" } as const;
    assert.equal(
      htMechanisms(required, transport).some((name) => name.endsWith("-NONE")),
      false,
    );
    assert.deepEqual(htMechanisms(defaultSaslServerPolicy, { ...transport, encrypted: false }), []);
  });

  test("is never among the mechanisms of passwords, which are what SCRAM signs", () => {
    assert.equal(
      serverMechanisms(defaultSaslServerPolicy, transport).some((name) => name.startsWith("HT-")),
      false,
    );
  });
});
