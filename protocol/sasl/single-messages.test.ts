import assert from "node:assert/strict";
import { test } from "node:test";
import { clientContext, credentialsOf, serverContext, settleServer, testDomain } from "#testing/sasl/run-exchange.ts";
import type { Mechanism } from "./mechanism.ts";
import type { CertificateIdentity } from "./server-context.ts";
import { startClientMechanism } from "./start-client-mechanism.ts";
import { startServerMechanism } from "./start-server-mechanism.ts";
import { encodeUtf8 } from "./utf8.ts";

const juliet = credentialsOf("juliet", "r0m30myr0m30");
const find = (username: string) => (username === "juliet" ? juliet : undefined);

const plain: readonly { readonly name: string; readonly message: string | Uint8Array; readonly condition?: string }[] =
  [
    { name: "is accepted", message: "\0juliet\0r0m30myr0m30" },
    { name: "A24 with one's own address is accepted", message: `juliet@${testDomain}\0juliet\0r0m30myr0m30` },
    {
      name: "A24 with the address of another is refused",
      message: `romeo@${testDomain}\0juliet\0r0m30myr0m30`,
      condition: "invalid-authzid",
    },
    {
      name: "A24 with a mere name as address is refused",
      message: "romeo\0juliet\0r0m30myr0m30",
      condition: "invalid-authzid",
    },
    {
      name: "A24 with the right authzid and another's authcid is refused",
      message: `juliet@${testDomain}\0romeo\0r0m30myr0m30`,
      condition: "not-authorized",
    },
    { name: "with a wrong password is refused", message: "\0juliet\0r0m30", condition: "not-authorized" },
    {
      name: "with a wrong password and another's address says no more",
      message: `romeo@${testDomain}\0juliet\0x`,
      condition: "not-authorized",
    },
    { name: "without content", message: "", condition: "malformed-request" },
    { name: "without NUL", message: "juliet", condition: "malformed-request" },
    { name: "with one NUL", message: "juliet\0r0m30myr0m30", condition: "malformed-request" },
    { name: "with three NULs", message: "\0juliet\0r0m30\0myr0m30", condition: "malformed-request" },
    { name: "without a user", message: "\0\0r0m30myr0m30", condition: "malformed-request" },
    { name: "without a password", message: "\0juliet\0", condition: "malformed-request" },
    {
      name: "with a password that is not UTF-8",
      message: Uint8Array.of(0, 0x6a, 0, 0xfc),
      condition: "malformed-request",
    },
    { name: "with an overlong NUL", message: Uint8Array.of(0, 0x6a, 0, 0xc0, 0x80), condition: "malformed-request" },
    { name: "with a user of 255 bytes is read", message: `\0${"j".repeat(255)}\0x`, condition: "not-authorized" },
    {
      name: "with a password of 1023 bytes is read",
      message: `\0juliet\0${"x".repeat(1023)}`,
      condition: "not-authorized",
    },
    { name: "with a password of 1024 bytes", message: `\0juliet\0${"x".repeat(1024)}`, condition: "malformed-request" },
    { name: "with a megabyte", message: `\0juliet\0${"x".repeat(1_000_000)}`, condition: "malformed-request" },
    { name: "with a password that SASLprep forbids", message: "\0juliet\0\u0007", condition: "not-authorized" },
  ];

for (const { name, message, condition } of plain) {
  test(`PLAIN ${name}`, () => {
    const server = startServerMechanism("PLAIN", serverContext({ offered: ["PLAIN"] }));
    const data = typeof message === "string" ? encodeUtf8(message) : message;
    const output = settleServer(server, server.respond(data), find);
    assert.equal(output.type === "failure" ? output.condition : undefined, condition);
  });
}

const address = (name: string): CertificateIdentity => ({ address: `${name}@${testDomain}`, username: name });
const external: readonly {
  readonly name: string;
  readonly certificate: readonly CertificateIdentity[];
  readonly from?: string;
  readonly message: string | Uint8Array;
  readonly who: string;
}[] = [
  {
    name: "one address, none asked for [rfc6120-13.7.2.2.1-02] [xep0178-2-05]",
    certificate: [address("juliet")],
    message: "",
    who: "juliet",
  },
  { name: "one address, asked for", certificate: [address("juliet")], message: `juliet@${testDomain}`, who: "juliet" },
  {
    name: "another address asked for",
    certificate: [address("juliet")],
    message: `romeo@${testDomain}`,
    who: "invalid-authzid",
  },
  {
    name: "two addresses, one asked for [xep0178-2-06]",
    certificate: [address("romeo"), address("juliet")],
    message: `juliet@${testDomain}`,
    who: "juliet",
  },
  {
    name: "two addresses, one in the stream header [rfc6120-13.7.2.2.1-03]",
    certificate: [address("romeo"), address("juliet")],
    from: `juliet@${testDomain}`,
    message: "",
    who: "juliet",
  },
  {
    name: "two addresses, none said [xep0178-2-07]",
    certificate: [address("romeo"), address("juliet")],
    message: "",
    who: "invalid-authzid",
  },
  {
    name: "two addresses, another in the stream header",
    certificate: [address("romeo"), address("juliet")],
    from: `nurse@${testDomain}`,
    message: "",
    who: "invalid-authzid",
  },
  {
    name: "an address without account [xep0178-2-09]",
    certificate: [address("romeo")],
    message: "",
    who: "not-authorized",
  },
  { name: "no address", certificate: [], message: "", who: "not-authorized" },
  { name: "no address, one asked for", certificate: [], message: `juliet@${testDomain}`, who: "not-authorized" },
  { name: "a server", certificate: [{ address: "verona.example" }], message: "", who: "verona.example" },
  {
    name: "a server that says so",
    certificate: [{ address: "verona.example" }],
    message: "verona.example",
    who: "verona.example",
  },
  {
    name: "a server of two domains",
    certificate: [{ address: "verona.example" }, { address: "mantua.example" }],
    message: "mantua.example",
    who: "mantua.example",
  },
  {
    name: "a server that wants to be another",
    certificate: [{ address: "verona.example" }],
    message: "mantua.example",
    who: "invalid-authzid",
  },
  { name: "an authzid with NUL", certificate: [address("juliet")], message: "juliet\0", who: "malformed-request" },
  {
    name: "an authzid that is not UTF-8",
    certificate: [address("juliet")],
    message: Uint8Array.of(0xff),
    who: "malformed-request",
  },
];

for (const { name, certificate, from, message, who } of external) {
  test(`EXTERNAL ${name}: ${who}`, () => {
    const context = serverContext({ offered: ["EXTERNAL"], certificate, ...(from === undefined ? {} : { from }) });
    const server = startServerMechanism("EXTERNAL", context);
    const data = typeof message === "string" ? encodeUtf8(message) : message;
    const output = settleServer(server, server.respond(data), find);
    assert.equal(
      output.type === "success" ? output.identity.authcid : output.type === "failure" && output.condition,
      who,
    );
  });
}

test("EXTERNAL of a server asks for no account", () => {
  const context = serverContext({ offered: ["EXTERNAL"], certificate: [{ address: "verona.example" }] });
  assert.equal(startServerMechanism("EXTERNAL", context).respond(new Uint8Array()).type, "success");
});

const traces: readonly { readonly name: string; readonly trace: string | Uint8Array; readonly accepted: boolean }[] = [
  { name: "none", trace: "", accepted: true },
  { name: "an address", trace: "sirhc@example", accepted: true },
  { name: "255 characters outside the BMP", trace: "😀".repeat(255), accepted: true },
  { name: "256 characters", trace: "x".repeat(256), accepted: false },
  { name: "a NUL", trace: "a\0b", accepted: false },
  { name: "not UTF-8", trace: Uint8Array.of(0x80), accepted: false },
];

for (const { name, trace, accepted } of traces) {
  test(`ANONYMOUS with this trace is ${accepted ? "accepted" : "refused"}: ${name}`, () => {
    const server = startServerMechanism("ANONYMOUS", serverContext({ offered: ["ANONYMOUS"] }));
    const output = server.respond(typeof trace === "string" ? encodeUtf8(trace) : trace);
    assert.equal(output.type, accepted ? "success" : "failure");
    if (output.type === "success") assert.match(output.identity.authcid, /^[0-9a-f]{32}$/);
  });
}

test("ANONYMOUS users are different people", () => {
  const context = serverContext({ offered: ["ANONYMOUS"] });
  const names = Array.from({ length: 20 }, () => {
    const output = startServerMechanism("ANONYMOUS", context).respond(new Uint8Array());
    return output.type === "success" ? output.identity.authcid : "";
  });
  assert.equal(new Set(names).size, names.length);
});

test("a client whose mechanism has one message refuses what the server has no reason to say", () => {
  for (const mechanism of ["PLAIN", "EXTERNAL", "ANONYMOUS"] satisfies readonly Mechanism[]) {
    const client = startClientMechanism(mechanism, clientContext());
    client.start();
    assert.equal(client.success(encodeUtf8("surprise")).type, "refused");
  }
  const client = startClientMechanism("PLAIN", clientContext());
  client.start();
  assert.equal(client.challenge(new Uint8Array()).type, "refused");
});

const started = (mechanism: Mechanism, authzid?: string) =>
  startClientMechanism(mechanism, clientContext(authzid === undefined ? {} : { authzid })).start();

test("a client sends nothing, zero bytes or its address as each mechanism has it [rfc6120-6.3.8-03]", () => {
  assert.deepEqual(started("ANONYMOUS"), { type: "response", data: undefined });
  assert.deepEqual(started("DIGEST-MD5"), { type: "response", data: undefined });
  assert.deepEqual(started("EXTERNAL"), { type: "response", data: new Uint8Array() });
  assert.deepEqual(started("EXTERNAL", "verona.example"), { type: "response", data: encodeUtf8("verona.example") });
});
