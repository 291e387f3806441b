import assert from "node:assert/strict";
import { test } from "node:test";
import {
  clientContext,
  credentialsOf,
  runExchange,
  serverContext,
  settleServer,
  testDomain,
  type Tamper,
} from "#testing/sasl/run-exchange.ts";
import { fromByteString, toByteString } from "./bytes.ts";
import { digestMd5Ha1, digestMd5Response, type DigestParts } from "./digest-md5-keys.ts";
import { digestDirectivesMax, readDirectives, writeDirectives } from "./digest-md5-message.ts";
import { startClientMechanism } from "./start-client-mechanism.ts";
import { startServerMechanism } from "./start-server-mechanism.ts";
import { encodeUtf8 } from "./utf8.ts";

const juliet = credentialsOf("juliet", "r0m30myr0m30");
const find = (username: string) => (username === "juliet" ? juliet : undefined);

function edit(number: number, change: (text: string) => string): Tamper {
  return (message, index) =>
    index === number
      ? { ...message, data: fromByteString(change(toByteString(message.data ?? new Uint8Array()))) }
      : message;
}

function exchange(tamper?: Tamper) {
  return runExchange({
    server: startServerMechanism("DIGEST-MD5", serverContext({ offered: ["DIGEST-MD5"] })),
    client: startClientMechanism("DIGEST-MD5", clientContext()),
    find,
    ...(tamper === undefined ? {} : { tamper }),
  });
}

test("the server's proof comes as a challenge, and success is empty, as clients of RFC 3920 expect", () => {
  const { messages } = exchange();
  assert.deepEqual(
    messages.map(({ name, data }) => [name, (data?.length ?? 0) > 0]),
    [
      ["auth", false],
      ["challenge", true],
      ["response", true],
      ["challenge", true],
      ["response", false],
      ["success", false],
    ],
  );
  assert.match(
    toByteString(messages[1]?.data ?? new Uint8Array()),
    /^realm="balcony.example",nonce="[0-9a-f]{32}",qop="auth",charset=utf-8,algorithm=md5-sess$/,
  );
});

const byServer: readonly {
  readonly name: string;
  readonly change: (text: string) => string;
  readonly condition?: string;
}[] = [
  { name: "white space and empty elements", change: (text) => ` ,, ${text.replaceAll(",", " ,\r\n ")},` },
  { name: "names in capitals", change: (text) => text.replace("username=", "USERNAME=") },
  { name: "no qop", change: (text) => text.replace(",qop=auth", "") },
  { name: "an unknown directive", change: (text) => `${text},colour="blue, \\"sky\\""` },
  { name: "another nonce", change: (text) => text.replace(/,nonce="./, ',nonce="_'), condition: "not-authorized" },
  { name: "another cnonce", change: (text) => text.replace(/cnonce="./, 'cnonce="_'), condition: "not-authorized" },
  {
    name: "A27 a second use of the nonce",
    change: (text) => text.replace("nc=00000001", "nc=00000002"),
    condition: "not-authorized",
  },
  {
    name: "a protection that we do not offer",
    change: (text) => text.replace("qop=auth", "qop=auth-conf"),
    condition: "not-authorized",
  },
  {
    name: "another realm",
    change: (text) => text.replace(/realm="[^"]*"/, 'realm="verona.example"'),
    condition: "not-authorized",
  },
  { name: "no realm", change: (text) => text.replace(/realm="[^"]*",/, ""), condition: "not-authorized" },
  {
    name: "another service [xep0388-4.1-01]",
    change: (text) => text.replace("xmpp/", "imap/"),
    condition: "not-authorized",
  },
  {
    name: "another host",
    change: (text) => text.replace(`xmpp/${testDomain}`, "xmpp/verona.example"),
    condition: "not-authorized",
  },
  {
    name: "a response in capitals",
    change: (text) =>
      text.replace(/response=[0-9a-f]{32}/, (found) => `response=${found.slice(9).toUpperCase()}F`.slice(0, 41)),
    condition: "malformed-request",
  },
  {
    name: "a short response",
    change: (text) => text.replace(/response=[0-9a-f]{32}/, "response=00"),
    condition: "malformed-request",
  },
  {
    name: "a wrong response",
    change: (text) => text.replace(/response=[0-9a-f]{32}/, `response=${"0".repeat(32)}`),
    condition: "not-authorized",
  },
  { name: "two nonces", change: (text) => `${text},nonce="x"`, condition: "malformed-request" },
  { name: "two users", change: (text) => `${text},username="romeo"`, condition: "malformed-request" },
  { name: "two qops", change: (text) => `${text},qop=auth`, condition: "malformed-request" },
  { name: "another charset", change: (text) => text.replace("utf-8", "utf-7"), condition: "malformed-request" },
  {
    name: "a user that is not UTF-8",
    change: (text) => text.replace("juliet", "juli\u00e9t"),
    condition: "malformed-request",
  },
  { name: "no user", change: (text) => text.replace(/username="[^"]*",/, ""), condition: "malformed-request" },
  { name: "an open quote", change: (text) => `${text},x="`, condition: "malformed-request" },
  { name: "nothing", change: () => "", condition: "malformed-request" },
  {
    name: "A24 another's address, added on the way",
    change: (text) => `${text},authzid="romeo@${testDomain}"`,
    condition: "not-authorized",
  },
  { name: "too much", change: (text) => `${text},x="${"x".repeat(4096)}"`, condition: "malformed-request" },
];

for (const { name, change, condition } of byServer) {
  test(`A27 a response of DIGEST-MD5 with ${name} is ${condition === undefined ? "accepted" : "refused"}`, () => {
    const { server } = exchange(edit(2, change));
    assert.equal(server?.type === "failure" ? server.condition : undefined, condition);
    assert.equal(server?.type, condition === undefined ? "success" : "failure");
  });
}

const byClient: readonly { readonly name: string; readonly tamper: Tamper; readonly reason: string }[] = [
  { name: "no nonce", tamper: edit(1, (text) => text.replace(/nonce="[^"]*",/, "")), reason: "malformed-challenge" },
  { name: "two nonces", tamper: edit(1, (text) => `${text},nonce="x"`), reason: "malformed-challenge" },
  {
    name: "no algorithm",
    tamper: edit(1, (text) => text.replace(",algorithm=md5-sess", "")),
    reason: "malformed-challenge",
  },
  { name: "two charsets", tamper: edit(1, (text) => `${text},charset=utf-8`), reason: "malformed-challenge" },
  {
    name: "no protection that we have",
    tamper: edit(1, (text) => text.replace('"auth"', '"auth-int,auth-conf"')),
    reason: "unacceptable-challenge",
  },
  { name: "too much", tamper: edit(1, (text) => `${text},x="${"x".repeat(2048)}"`), reason: "malformed-challenge" },
  { name: "a wrong proof", tamper: edit(3, () => `rspauth=${"0".repeat(32)}`), reason: "server-not-authenticated" },
  { name: "no proof", tamper: edit(3, () => "x=y"), reason: "malformed-challenge" },
  {
    name: "success without proof",
    tamper: (message, index) => (index === 3 ? { name: "success", data: undefined } : message),
    reason: "server-not-authenticated",
  },
  {
    name: "success at once",
    tamper: (message, index) => (index === 1 ? { name: "success", data: undefined } : message),
    reason: "server-not-authenticated",
  },
];

for (const { name, tamper, reason } of byClient) {
  test(`A27 a server of DIGEST-MD5 with ${name} is not believed`, () => {
    const { client } = exchange(tamper);
    assert.ok(client.type === "refused");
    assert.equal(client.reason, reason);
  });
}

test("the server's proof may come with success [rfc6120-6.4.6-02]", () => {
  const { client } = exchange((message, index) => (index === 3 ? { name: "success", data: message.data } : message));
  assert.equal(client.type, "authenticated");
});

const realmFor = (offer: string): string | undefined => {
  const { messages } = exchange(edit(1, (text) => text.replace(/^realm="[^"]*",/, offer)));
  return readDirectives(toByteString(messages[2]?.data ?? new Uint8Array()))?.get("realm")?.[0];
};

test("the client takes the realm that is its domain, the first one otherwise, none if there is none [rfc6120-6.3.9-02]", () => {
  assert.equal(realmFor(`realm="a.example",realm="${testDomain}",`), testDomain);
  assert.equal(realmFor('realm="a.example",realm="b.example",'), "a.example");
  assert.equal(realmFor(""), undefined);
});

test("whatever realm the server names, the client is after its own domain [rfc6120-6.3.9-03]", () => {
  const { messages } = exchange(edit(1, (text) => text.replace(/^realm="[^"]*",/, 'realm="a.example",')));
  const response = readDirectives(toByteString(messages[2]?.data ?? new Uint8Array()));
  assert.deepEqual(response?.get("digest-uri"), [`xmpp/${testDomain}`]);
});

test("the server names its domain as realm, and goes by that [rfc6120-6.3.9-01]", () => {
  const { messages } = exchange();
  const challenge = readDirectives(toByteString(messages[1]?.data ?? new Uint8Array()));
  assert.deepEqual(challenge?.get("realm"), [testDomain]);
});

test("who tries to go on with an earlier log-in is told that it is stale, and logs in anew", () => {
  const earlier = exchange().messages[2]?.data;
  const server = startServerMechanism("DIGEST-MD5", serverContext({ offered: ["DIGEST-MD5"] }));
  const output = server.respond(earlier);
  assert.ok(output.type === "challenge");
  assert.deepEqual(readDirectives(toByteString(output.data))?.get("stale"), ["true"]);
  const client = startClientMechanism("DIGEST-MD5", clientContext());
  client.start();
  const response = client.challenge(output.data);
  assert.ok(response.type === "response");
  assert.equal(settleServer(server, server.respond(response.data), find).type, "challenge");
});

test("a client that reads ISO 8859-1 only logs in with letters of it", () => {
  const username = "jos\u00e9";
  const stored = credentialsOf(username, "p\u00e4ss");
  const result = runExchange({
    server: startServerMechanism("DIGEST-MD5", serverContext({ offered: ["DIGEST-MD5"] })),
    client: startClientMechanism("DIGEST-MD5", clientContext({ username, password: "p\u00e4ss" })),
    find: (asked) => (asked === username ? stored : undefined),
    tamper: edit(1, (text) => text.replace("charset=utf-8,", "")),
  });
  assert.equal(result.server?.type, "success");
  assert.doesNotMatch(toByteString(result.messages[2]?.data ?? new Uint8Array()), /charset/);
});

test("letters beyond ISO 8859-1 need a server of UTF-8", () => {
  const { client } = runExchange({
    server: startServerMechanism("DIGEST-MD5", serverContext({ offered: ["DIGEST-MD5"] })),
    client: startClientMechanism("DIGEST-MD5", clientContext({ username: "Ж" })),
    find,
    tamper: edit(1, (text) => text.replace("charset=utf-8,", "")),
  });
  assert.ok(client.type === "refused" && client.reason === "bad-credentials");
});

test("keys of another realm open nothing", () => {
  const ha1 = digestMd5Ha1({ username: "juliet", realm: testDomain, password: "r0m30myr0m30" });
  const { server } = runExchange({
    server: startServerMechanism("DIGEST-MD5", serverContext({ offered: ["DIGEST-MD5"] })),
    client: startClientMechanism("DIGEST-MD5", clientContext()),
    find: () => ({ scram: {}, digestMd5: { realm: "verona.example", ha1 } }),
  });
  assert.deepEqual(server, { type: "failure", condition: "not-authorized" });
});

test("a host that a log-in server stands in for names the domain last", () => {
  const { server } = exchange(edit(2, (text) => text.replace("xmpp/", "xmpp/login.example/")));
  // Read as ours, and refused because the response was made for the other name.
  assert.deepEqual(server, { type: "failure", condition: "not-authorized" });
});

test("directives come back as they were written", () => {
  const text = writeDirectives([
    ["a", 'x"\\y,z', true],
    ["b", "t", false],
    ["a", "", true],
  ]);
  assert.deepEqual(
    readDirectives(text),
    new Map([
      ["a", ['x"\\y,z', ""]],
      ["b", ["t"]],
    ]),
  );
});

const listOf = (count: number) => readDirectives(Array.from({ length: count }, () => "a=b").join(","));

test("a message of very many directives is not read", () => {
  assert.equal(listOf(digestDirectivesMax)?.get("a")?.length, digestDirectivesMax);
  assert.equal(listOf(digestDirectivesMax + 1), undefined);
  assert.equal(readDirectives(",".repeat(1000)), undefined);
});

test("bytes that are no directives are refused", () => {
  for (const text of ["a", "=b", 'a="b"c', "a=b c=d", 'a="b', "a b=c", "\u00e9=b"])
    assert.equal(readDirectives(text), undefined, text);
  assert.deepEqual(readDirectives(toByteString(encodeUtf8("a=\u00e9"))), new Map([["a", ["\u00c3\u00a9"]]]));
});

const signed: readonly {
  readonly name: string;
  readonly parts?: Partial<DigestParts>;
  readonly realm?: string;
  readonly accepted: boolean;
}[] = [
  { name: "what we asked for", accepted: true },
  { name: "our host in capitals", parts: { digestUri: "xmpp/BALCONY.example" }, accepted: true },
  {
    name: "a host that stands in for our domain",
    parts: { digestUri: `xmpp/login.example/${testDomain}` },
    accepted: true,
  },
  { name: "one's own address", parts: { authzid: `juliet@${testDomain}` }, accepted: true },
  { name: "an empty address", parts: { authzid: "" }, accepted: true },
  { name: "another nonce", parts: { nonce: "0123456789" }, accepted: false },
  { name: "a second use of the nonce", parts: { nc: "00000002" }, accepted: false },
  { name: "a protection that we do not offer", parts: { qop: "auth-int" }, accepted: false },
  { name: "another service", parts: { digestUri: `imap/${testDomain}` }, accepted: false },
  { name: "another host", parts: { digestUri: "xmpp/verona.example" }, accepted: false },
  { name: "another domain", parts: { digestUri: `xmpp/${testDomain}/verona.example` }, accepted: false },
  { name: "too long a name", parts: { digestUri: `xmpp/a/${testDomain}/b` }, accepted: false },
  { name: "another realm", realm: "verona.example", accepted: false },
];

for (const { name, parts: changes, realm = testDomain, accepted } of signed) {
  test(`A27 who knows the password and signs ${name} is ${accepted ? "accepted" : "refused"} by DIGEST-MD5`, () => {
    const ha1 = digestMd5Ha1({ username: "juliet", realm, password: "r0m30myr0m30" });
    const server = startServerMechanism("DIGEST-MD5", serverContext({ offered: ["DIGEST-MD5"] }));
    const challenge = server.respond(undefined);
    assert.ok(challenge.type === "challenge");
    const nonce = readDirectives(toByteString(challenge.data))?.get("nonce")?.[0] ?? "";
    const parts = {
      nonce,
      cnonce: "c",
      nc: "00000001",
      qop: "auth",
      digestUri: `xmpp/${testDomain}`,
      authzid: undefined,
      ...changes,
    };
    const text = writeDirectives([
      ["username", "juliet", true],
      ["realm", realm, true],
      ["nonce", parts.nonce, true],
      ["cnonce", parts.cnonce, true],
      ["nc", parts.nc, false],
      ["qop", parts.qop, false],
      ["digest-uri", parts.digestUri, true],
      ["response", digestMd5Response(ha1, parts, "client"), false],
      ...(parts.authzid === undefined ? [] : [["authzid", parts.authzid, true] as const]),
    ]);
    const found = { ...juliet, digestMd5: { realm, ha1 } };
    const output = settleServer(server, server.respond(fromByteString(text)), () => found);
    assert.equal(output.type, accepted ? "challenge" : "failure");
  });
}
