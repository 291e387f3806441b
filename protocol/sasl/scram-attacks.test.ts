import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clientContext,
  countingRandom,
  credentialsOf,
  derive,
  runExchange,
  serverContext,
  settleServer,
  type Tamper,
} from "#testing/sasl/run-exchange.ts";
import type { SaslClientContext } from "./client-context.ts";
import type { SaslServerContext } from "./server-context.ts";
import { decodeBase64, encodeBase64 } from "./sasl-base64.ts";
import { authMessageOf, clientProof, saltedPasswordRequest } from "./scram-keys.ts";
import { readServerFirst } from "./scram-message.ts";
import { decodeUtf8, encodeUtf8 } from "./utf8.ts";
import { scramIterationsMax, scramIterationsMin } from "./server-policy.ts";
import { startClientMechanism } from "./start-client-mechanism.ts";
import { startServerMechanism } from "./start-server-mechanism.ts";

const juliet = credentialsOf("juliet", "r0m30myr0m30");
const find = (username: string) => (username === "juliet" ? juliet : undefined);
const exporter = { type: "tls-exporter", data: new Uint8Array(32).fill(1) } as const;
const endPoint = { type: "tls-server-end-point", data: new Uint8Array(32).fill(2) } as const;
const bindings = [exporter, endPoint];
const both = ["SCRAM-SHA-256-PLUS", "SCRAM-SHA-256"];

/** Changes the text of the message with this number: 0 and 2 are the client's, 1 and 3 the server's. */
function edit(number: number, change: (text: string) => string): Tamper {
  return (message, index) =>
    index === number
      ? { ...message, data: encodeUtf8(change(decodeUtf8(message.data ?? new Uint8Array()) ?? "")) }
      : message;
}

function attack(options: {
  readonly plus?: boolean;
  readonly tamper?: Tamper;
  readonly client?: Partial<SaslClientContext>;
  readonly server?: Partial<SaslServerContext>;
}) {
  const mechanism = options.plus === true ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256";
  const binding = options.plus === true ? exporter : "n";
  const context = serverContext({ offered: both, bindings, ...options.server });
  return runExchange({
    server: startServerMechanism(mechanism, context),
    client: startClientMechanism(mechanism, clientContext({ binding, ...options.client })),
    find,
    ...(options.tamper === undefined ? {} : { tamper: options.tamper }),
  });
}

const another = (text: string): string => text.replace(/.$/, (last) => (last === "A" ? "B" : "A"));

const refusedByServer: readonly (Parameters<typeof attack>[0] & {
  readonly name: string;
  readonly condition: string;
})[] = [
  { name: "A27 y while -PLUS was offered", client: { binding: "y" }, condition: "not-authorized" },
  { name: "A27 p with a mechanism that does not bind", client: { binding: exporter }, condition: "not-authorized" },
  { name: "A27 n with -PLUS", plus: true, client: { binding: "n" }, condition: "not-authorized" },
  { name: "A27 y with -PLUS", plus: true, client: { binding: "y" }, condition: "not-authorized" },
  {
    name: "A27 a binding type that the server does not have",
    plus: true,
    client: { binding: { type: "tls-unique", data: exporter.data } },
    condition: "not-authorized",
  },
  {
    name: "A27 the data of another connection",
    plus: true,
    client: { binding: { ...exporter, data: new Uint8Array(32).fill(9) } },
    condition: "not-authorized",
  },
  {
    name: "A27 the data of another binding type",
    plus: true,
    client: { binding: { ...exporter, data: endPoint.data } },
    condition: "not-authorized",
  },
  {
    name: "A27 the flag was changed on the way from p to n",
    plus: true,
    tamper: edit(0, (text) => text.replace(/^p=[^,]+/, "n")),
    condition: "not-authorized",
  },
  {
    name: "A27 the flag was changed on the way from y to n",
    client: { binding: "y" },
    tamper: edit(0, (text) => text.replace(/^y/, "n")),
    condition: "not-authorized",
  },
  {
    name: "A27 the authzid was added on the way",
    tamper: edit(0, (text) => text.replace("n,,", "n,a=juliet@balcony.example,")),
    condition: "not-authorized",
  },
  {
    name: "A27 the nonce of the last message is another",
    tamper: edit(2, (text) => text.replace(/,r=./, ",r=_")),
    condition: "not-authorized",
  },
  {
    name: "A27 the nonce of the last message is only the client's",
    tamper: edit(2, (text) => text.replace(/(,r=.{24})[^,]+/, "$1")),
    condition: "not-authorized",
  },
  {
    name: "A27 the proof is another",
    tamper: edit(2, (text) => text.replace(/p=./, (start) => another(start))),
    condition: "not-authorized",
  },
  {
    name: "A27 the proof is too short",
    tamper: edit(2, (text) => text.replace(/p=.*/, "p=AAAA")),
    condition: "not-authorized",
  },
  {
    name: "A27 the proof is too long",
    tamper: edit(2, (text) => text.replace(/p=.*/, `p=${"AAAA".repeat(20)}`)),
    condition: "not-authorized",
  },
  { name: "A27 the last message is empty", tamper: edit(2, () => ""), condition: "malformed-request" },
  {
    name: "A27 the last message lacks the proof",
    tamper: edit(2, (text) => text.replace(/,p=.*/, "")),
    condition: "malformed-request",
  },
  {
    name: "A27 the proof is empty",
    tamper: edit(2, (text) => text.replace(/p=.*/, "p=")),
    condition: "malformed-request",
  },
  {
    name: "A27 the proof is not base64",
    tamper: edit(2, (text) => text.replace(/p=./, "p=*")),
    condition: "malformed-request",
  },
  {
    name: "A27 a mandatory extension in the last message",
    tamper: edit(2, (text) => text.replace(",p=", ",m=x,p=")),
    condition: "malformed-request",
  },
  {
    name: "A27 a mandatory extension in the first message",
    tamper: edit(0, (text) => text.replace("n=", "m=x,n=")),
    condition: "malformed-request",
  },
  {
    name: "A27 the first message is sent again instead of the last",
    tamper: edit(2, () => "n,,n=juliet,r=abc"),
    condition: "malformed-request",
  },
  {
    name: "the first message is truncated",
    tamper: edit(0, (text) => text.slice(0, 9)),
    condition: "malformed-request",
  },
  {
    name: "the first message has no name",
    tamper: edit(0, (text) => text.replace("n=juliet", "n=")),
    condition: "malformed-request",
  },
  {
    name: "the name has a bad escape",
    tamper: edit(0, (text) => text.replace("n=juliet", "n=jul=2Diet")),
    condition: "malformed-request",
  },
  {
    name: "the name has a small escape",
    tamper: edit(0, (text) => text.replace("n=juliet", "n=jul=2ciet")),
    condition: "malformed-request",
  },
  {
    name: "the name has a NUL",
    tamper: edit(0, (text) => text.replace("n=juliet", "n=jul\0iet")),
    condition: "malformed-request",
  },
  { name: "the nonce is empty", tamper: edit(0, (text) => text.replace(/r=.*/, "r=")), condition: "malformed-request" },
  { name: "the nonce has a space", tamper: edit(0, (text) => `${text} `), condition: "malformed-request" },
  { name: "the nonce is endless", tamper: edit(0, (text) => text + "x".repeat(300)), condition: "malformed-request" },
  { name: "the GS2 header is non-standard", tamper: edit(0, (text) => `F,${text}`), condition: "malformed-request" },
  { name: "the flag is none", tamper: edit(0, (text) => text.replace(/^n/, "q")), condition: "malformed-request" },
  {
    name: "the message is not UTF-8",
    tamper: (message, index) => (index === 0 ? { ...message, data: Uint8Array.of(0x6e, 0x2c, 0x2c, 0xff) } : message),
    condition: "malformed-request",
  },
  {
    name: "the message is too long",
    tamper: edit(0, (text) => `${text},x=${"x".repeat(9000)}`),
    condition: "malformed-request",
  },
  {
    name: "the user name is too long",
    client: { username: "j".repeat(1023) },
    tamper: edit(0, (text) => text.replace(/n=j+/, `n=${"j".repeat(1100)}`)),
    condition: "not-authorized",
  },
];

for (const { name, condition, ...options } of refusedByServer) {
  test(`${name}: the server refuses`, () => {
    const { server, client } = attack(options);
    assert.ok(server?.type === "failure");
    assert.equal(server.condition, condition);
    assert.notEqual(client.type, "authenticated");
  });
}

const refusedByClient: readonly { readonly name: string; readonly tamper: Tamper; readonly reason: string }[] = [
  {
    name: "A27 the server's nonce does not begin with ours",
    tamper: edit(1, (text) => text.replace(/^r=./, "r=_")),
    reason: "unacceptable-challenge",
  },
  {
    name: "A27 the server adds nothing to our nonce",
    tamper: edit(1, (text) => text.replace(/^(r=.{24})[^,]+/, "$1")),
    reason: "unacceptable-challenge",
  },
  {
    name: "A27 the iteration count would take for ever",
    tamper: edit(1, (text) => text.replace(/i=.*/, "i=4294967295")),
    reason: "unacceptable-challenge",
  },
  {
    name: "A27 the iteration count is just above the bound",
    tamper: edit(1, (text) => text.replace(/i=.*/, `i=${scramIterationsMax + 1}`)),
    reason: "unacceptable-challenge",
  },
  {
    name: "A27 the iteration count is too small",
    tamper: edit(1, (text) => text.replace(/i=.*/, `i=${scramIterationsMin - 1}`)),
    reason: "unacceptable-challenge",
  },
  {
    name: "A27 the iteration count is zero",
    tamper: edit(1, (text) => text.replace(/i=.*/, "i=0")),
    reason: "malformed-challenge",
  },
  {
    name: "A27 the iteration count is no number",
    tamper: edit(1, (text) => text.replace(/i=.*/, "i=1e9")),
    reason: "malformed-challenge",
  },
  {
    name: "A27 the salt is endless",
    tamper: edit(1, (text) => text.replace(/s=[^,]*/, `s=${"AAAA".repeat(300)}`)),
    reason: "unacceptable-challenge",
  },
  {
    name: "A27 the salt is empty",
    tamper: edit(1, (text) => text.replace(/s=[^,]*/, "s=")),
    reason: "malformed-challenge",
  },
  { name: "A27 a mandatory extension first", tamper: edit(1, (text) => `m=x,${text}`), reason: "malformed-challenge" },
  { name: "A27 a mandatory extension last", tamper: edit(1, (text) => `${text},m=x`), reason: "malformed-challenge" },
  {
    name: "A27 success instead of a challenge",
    tamper: (message, index) => (index === 1 ? { name: "success", data: undefined } : message),
    reason: "server-not-authenticated",
  },
  {
    name: "A27 success without the signature",
    tamper: (message, index) => (index === 3 ? { name: "success", data: undefined } : message),
    reason: "server-not-authenticated",
  },
  {
    name: "A27 the signature is another",
    tamper: edit(3, (text) => text.replace(/v=./, (start) => another(start))),
    reason: "server-not-authenticated",
  },
  { name: "A27 the signature is short", tamper: edit(3, () => "v=AAAA"), reason: "server-not-authenticated" },
  { name: "A27 the signature is empty", tamper: edit(3, () => "v="), reason: "malformed-challenge" },
  { name: "A27 zero bytes with success", tamper: edit(3, () => ""), reason: "malformed-challenge" },
  { name: "the server reports an error", tamper: edit(3, () => "e=other-error"), reason: "rejected" },
];

for (const { name, tamper, reason } of refusedByClient) {
  test(`${name}: the client refuses`, () => {
    const { client } = attack({ tamper });
    assert.ok(client.type === "refused");
    assert.equal(client.reason, reason);
  });
}

test("A27 a client asks for no derivation before it has agreed to the iteration count", () => {
  const client = startClientMechanism("SCRAM-SHA-256", clientContext());
  const first = client.start();
  assert.ok(first.type === "response" && first.data !== undefined);
  const nonce = /r=(.*)/.exec(decodeUtf8(first.data) ?? "")?.[1] ?? "";
  assert.equal(client.challenge(encodeUtf8(`r=${nonce}xyz,s=AAAA,i=999999999`)).type, "refused");
});

test("A27 who hears one log-in cannot say it again", () => {
  const heard = attack({});
  assert.equal(heard.server?.type, "success");
  const server = startServerMechanism(
    "SCRAM-SHA-256",
    serverContext({ offered: both, bindings, random: countingRandom(99) }),
  );
  settleServer(server, server.respond(heard.messages[0]?.data), find);
  assert.deepEqual(server.respond(heard.messages[2]?.data), { type: "failure", condition: "not-authorized" });
});

test("A27 an exchange that is over stays over", () => {
  const heard = attack({});
  const server = startServerMechanism("SCRAM-SHA-256", serverContext({ offered: both, bindings }));
  settleServer(server, server.respond(heard.messages[0]?.data), find);
  assert.equal(server.respond(heard.messages[2]?.data).type, "success");
  assert.equal(server.respond(heard.messages[2]?.data).type, "failure");
  assert.equal(server.derived(new Uint8Array(32)).type, "failure");
  assert.equal(server.credentials(juliet).type, "failure");
});

test("A27 who does not wait for the answer is refused, and the late answer changes nothing", () => {
  const server = startServerMechanism("SCRAM-SHA-256", serverContext({ offered: both }));
  assert.equal(server.respond(encodeUtf8("n,,n=juliet,r=abc")).type, "lookup");
  assert.equal(server.respond(encodeUtf8("c=biws,r=abc,p=AAAA")).type, "failure");
  assert.equal(server.credentials(juliet).type, "failure");
});

test("what we do not know of optional extensions is ignored on all four messages", () => {
  const server = startServerMechanism("SCRAM-SHA-1", serverContext({ offered: ["SCRAM-SHA-1"] }));
  assert.equal(settleServer(server, server.respond(encodeUtf8("n,,n=juliet,r=abc,x=y,z=1")), find).type, "challenge");
  const added = attack({ tamper: edit(1, (text) => `${text},h=abc`) });
  // The client went on to prove something, but both sides sign all they have heard.
  assert.equal(added.messages.length, 3);
  assert.deepEqual(added.server, { type: "failure", condition: "not-authorized" });
  assert.equal(attack({ tamper: edit(3, (text) => `${text},x=y`) }).client.type, "authenticated");
});

test("the server's last message may come as a challenge too, and is answered with zero bytes", () => {
  const { messages, client } = attack({
    tamper: (message, index) => (index === 3 ? { name: "challenge", data: message.data } : message),
  });
  assert.equal(messages[3]?.name, "challenge");
  assert.deepEqual(client, { type: "response", data: new Uint8Array() });
});

test("A27 after a last message that came as a challenge, success must carry nothing more", () => {
  const context = serverContext({ offered: both });
  for (const [data, expected] of [
    [undefined, "authenticated"],
    [new Uint8Array(), "authenticated"],
    [encodeUtf8("v=AAAA"), "refused"],
  ] as const) {
    const client = startClientMechanism("SCRAM-SHA-256", clientContext());
    const first = client.start();
    assert.ok(first.type === "response");
    const fresh = startServerMechanism("SCRAM-SHA-256", context);
    const challenge = settleServer(fresh, fresh.respond(first.data), find);
    assert.ok(challenge.type === "challenge");
    const asked = client.challenge(challenge.data);
    assert.ok(asked.type === "derive");
    const proof = client.derived(derive(asked));
    assert.ok(proof.type === "response");
    const last = fresh.respond(proof.data);
    assert.ok(last.type === "success" && last.data !== undefined);
    assert.equal(client.challenge(last.data).type, "response");
    assert.equal(client.success(data).type, expected);
  }
});

test("A27 a proof with more behind it is no proof", () => {
  const longer = edit(2, (text) =>
    text.replace(/p=(.*)/, (_, proof: string) => {
      const bytes = decodeBase64(proof) ?? new Uint8Array();
      return `p=${encodeBase64(Uint8Array.from([...bytes, 0]))}`;
    }),
  );
  assert.deepEqual(attack({ tamper: longer }).server, { type: "failure", condition: "not-authorized" });
});

test("A27 reuse of a nonce: who knows the password, but signs another nonce than ours, is refused", () => {
  const keys = juliet.scram["SHA-256"];
  assert.ok(keys !== undefined);
  const salted = derive(saltedPasswordRequest("SHA-256", encodeUtf8("r0m30myr0m30"), keys));
  for (const change of [(nonce: string) => nonce, (nonce: string) => `${nonce}x`, () => "abc"]) {
    const server = startServerMechanism("SCRAM-SHA-256", serverContext({ offered: both }));
    const challenge = settleServer(server, server.respond(encodeUtf8("n,,n=juliet,r=abc")), find);
    assert.ok(challenge.type === "challenge");
    const serverFirst = decodeUtf8(challenge.data) ?? "";
    const ours = readServerFirst(serverFirst)?.nonce ?? "";
    const bare = `c=biws,r=${change(ours)}`;
    const proof = clientProof("SHA-256", salted, authMessageOf("n=juliet,r=abc", serverFirst, bare));
    const output = server.respond(encodeUtf8(`${bare},p=${encodeBase64(proof)}`));
    assert.equal(output.type, change(ours) === ours ? "success" : "failure");
  }
});
