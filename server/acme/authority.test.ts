import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer as createPlainServer, type Server as PlainServer } from "node:http";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { generateSelfSigned } from "../tls/self-signed.ts";
import { Authority } from "./authority.ts";
import { makeAccountKey } from "./certificate-request.ts";
import { AcmeError, type Solver } from "./solver.ts";

// What pebble cannot be made to do. All else is tried against it in the lab (testing/lab/scenarios/acme.scenario.ts).
let directory: string;
let key: string;
let pem: { readonly certificate: string; readonly key: string };

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-authority-"));
  key = await makeAccountKey();
  pem = await generateSelfSigned("localhost", Date.now());
  await writeFile(join(directory, "ca.pem"), pem.certificate);
});

after(() => rm(directory, { recursive: true }));

interface Fake extends AsyncDisposable {
  readonly url: string;
  readonly server: Server;
}

type Answer = { readonly status: number; readonly headers?: Readonly<Record<string, string>>; readonly body?: object };

/** An authority that has a directory and nonces, and answers all else as it is told; it looks at no signature. */
async function fakeAuthority(answer: (path: string, base: string) => Answer): Promise<Fake> {
  const server = createServer({ cert: pem.certificate, key: pem.key }, (request, response) => {
    const base = `https://localhost:${portOf(server)}`;
    const { status, headers, body } = ((path: string): Answer => {
      const body = { newNonce: `${base}/nonce`, newAccount: `${base}/account`, newOrder: `${base}/order` };
      if (path === "/dir") return { status: 200, body };
      return path === "/nonce" ? { status: 200 } : answer(path, base);
    })(request.url ?? "");
    response.writeHead(status, { "replay-nonce": "bm9uY2U", "content-type": "application/json", ...headers });
    response.end(request.method === "HEAD" || body === undefined ? "" : JSON.stringify(body));
  }).listen(0, "localhost");
  await once(server, "listening");
  return {
    server,
    url: `https://localhost:${portOf(server)}/dir`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function refusing(status: number, headers: Readonly<Record<string, string>> = {}): Promise<Fake> {
  return fakeAuthority(() => ({ status, headers, body: { type: "urn:x", detail: "too many of them" } }));
}

function portOf(server: Server | PlainServer): number {
  const address = server.address();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function failureOf(url: string, authorities = join(directory, "ca.pem"), signal = new AbortController().signal) {
  try {
    const settings = {
      directory: url,
      contacts: [],
      externalAccount: undefined,
      authorities,
      preferredChain: undefined,
    };
    using _authority = await Authority.open(settings, key, signal);
  } catch (error) {
    assert(error instanceof AcmeError, String(error));
    return error;
  }
  return assert.fail("it should not have opened");
}

test("an authority that says when to come again is believed", async () => {
  const from = Date.now();
  await using fake = await refusing(429, { "retry-after": "7200" });
  const { message, notBefore = 0 } = await failureOf(fake.url);
  assert.match(
    message,
    /opening the account at localhost:\d+ failed: too many of them; it wants to be asked again \d{4}-/,
  );
  assert.ok(notBefore >= from + 7_200_000 && notBefore <= Date.now() + 7_200_000);
  await using later = await refusing(503, { "retry-after": "Fri, 01 Jan 2100 00:00:00 GMT" });
  assert.equal((await failureOf(later.url)).notBefore, Date.UTC(2100, 0, 1));
});

for (const [status, header] of [
  [429, "soon"],
  [403, "7200"],
] as const)
  test(`an authority that answers ${status} with "${header}" has not said when to come again`, async () => {
    await using fake = await refusing(status, { "retry-after": header });
    assert.equal((await failureOf(fake.url)).notBefore, undefined);
  });

test("an authority that nobody vouches for, or that is not there, is told in words", async () => {
  const fake = await refusing(500);
  const other = join(directory, "other.pem");
  await writeFile(other, (await generateSelfSigned("other.example", Date.now())).certificate);
  assert.match(
    (await failureOf(fake.url, other)).message,
    /cannot reach the authority at localhost:\d+: .*self.signed/,
  );
  await fake[Symbol.asyncDispose]();
  assert.match((await failureOf(fake.url)).message, /cannot reach the authority at localhost:\d+: .*ECONNREFUSED/);
  assert.match(
    (await failureOf(fake.url, join(directory, "missing"))).message,
    /cannot read .*\(\[acme\] authorities\)/,
  );
});

for (const { name, challenges, says } of [
  {
    name: "whose token would leave the directory",
    challenges: [{ type: "http-01", token: "../../../etc/passwd", url: "https://localhost/x", status: "pending" }],
    says: /the authority's token is none by RFC 8555/,
  },
  {
    name: "that does not look in the way that was chosen",
    challenges: [{ type: "dns-01", token: "a-token-of-the-authority", url: "https://localhost/x", status: "pending" }],
    says: /does not take http-01 for example\.org, but dns-01 \(\[acme\] challenge\)/,
  },
]) {
  test(`an authority ${name} is refused, and nothing is shown to it`, async () => {
    const identifier = { type: "dns", value: "example.org" };
    await using fake = await fakeAuthority((path, base) => {
      if (path === "/account") return { status: 201, headers: { location: `${base}/me` }, body: { status: "valid" } };
      if (path === "/authz") return { status: 200, body: { status: "pending", identifier, challenges } };
      const body = { status: "pending", authorizations: [`${base}/authz`], finalize: `${base}/finalize` };
      return { status: 201, headers: { location: `${base}/order/1` }, body };
    });
    const { signal } = new AbortController();
    const authorities = join(directory, "ca.pem");
    const settings = {
      directory: fake.url,
      contacts: [],
      externalAccount: undefined,
      authorities,
      preferredChain: undefined,
    };
    using authority = await Authority.open(settings, key, signal);
    const present = () => Promise.reject(new Error("it was shown something"));
    const solver: Solver = { type: "http-01", present, advice: () => "" };
    await assert.rejects(
      authority.issue({ names: ["example.org"], csr: "", solver, told: () => {}, signal }),
      (error) => error instanceof AcmeError && says.test(error.message),
    );
  });
}

test("A47 an authority cannot send us elsewhere: no redirect is followed", async () => {
  let asked = 0;
  const inner = createPlainServer((_, response) => {
    asked += 1;
    response.end("{}");
  }).listen(0, "localhost");
  await once(inner, "listening");
  try {
    const location = `http://localhost:${portOf(inner)}/`;
    await using fake = await fakeAuthority((path) =>
      path === "/account" ? { status: 307, headers: { location } } : { status: 404 },
    );
    assert.match((await failureOf(fake.url)).message, /^opening the account at localhost:\d+ failed/);
    assert.equal(asked, 0);
  } finally {
    inner.close();
  }
});

test("A47 an authority's answer that is larger than any is not read to its end", async () => {
  const body = { status: "valid", detail: "x".repeat(8 * 1024 * 1024) };
  await using fake = await fakeAuthority((_, base) => ({ status: 201, headers: { location: `${base}/me` }, body }));
  assert.match((await failureOf(fake.url)).message, /^opening the account at localhost:\d+ failed/);
});

test("what goes on with an authority ends when the server stops", async () => {
  await using fake = await refusing(200);
  fake.server.removeAllListeners("request");
  const stopping = new AbortController();
  fake.server.once("request", () => stopping.abort());
  assert.match((await failureOf(fake.url, undefined, stopping.signal)).message, /cannot reach the authority/);
});
