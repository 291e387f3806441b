import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { generateSelfSigned } from "../tls/self-signed.ts";
import { Authority } from "./authority.ts";
import { makeAccountKey } from "./certificate-request.ts";
import { AcmeError } from "./solver.ts";

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

/** An authority that has a directory, and answers everything else with one status. */
async function fakeAuthority(status: number, headers: Readonly<Record<string, string>> = {}): Promise<Fake> {
  const server = createServer({ cert: pem.certificate, key: pem.key }, (request, response) => {
    const base = `https://localhost:${portOf(server)}`;
    if (request.url === "/dir") {
      response.end(
        JSON.stringify({ newNonce: `${base}/nonce`, newAccount: `${base}/account`, newOrder: `${base}/order` }),
      );
      return;
    }
    if (request.url === "/nonce") response.writeHead(200, { "replay-nonce": "bm9uY2U" });
    else response.writeHead(status, { "content-type": "application/problem+json", ...headers });
    response.end(request.url === "/nonce" ? "" : JSON.stringify({ type: "urn:x", detail: "too many of them" }));
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

function portOf(server: Server): number {
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
  await using fake = await fakeAuthority(429, { "retry-after": "7200" });
  const { message, notBefore = 0 } = await failureOf(fake.url);
  assert.match(
    message,
    /opening the account at localhost:\d+ failed: too many of them; it wants to be asked again \d{4}-/,
  );
  assert.ok(notBefore >= from + 7_200_000 && notBefore <= Date.now() + 7_200_000);
  await using later = await fakeAuthority(503, { "retry-after": "Fri, 01 Jan 2100 00:00:00 GMT" });
  assert.equal((await failureOf(later.url)).notBefore, Date.UTC(2100, 0, 1));
});

for (const [status, header] of [
  [429, "soon"],
  [403, "7200"],
] as const)
  test(`an authority that answers ${status} with "${header}" has not said when to come again`, async () => {
    await using fake = await fakeAuthority(status, { "retry-after": header });
    assert.equal((await failureOf(fake.url)).notBefore, undefined);
  });

test("an authority that nobody vouches for, or that is not there, is told in words", async () => {
  const fake = await fakeAuthority(500);
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

test("what goes on with an authority ends when the server stops", async () => {
  await using fake = await fakeAuthority(200);
  fake.server.removeAllListeners("request");
  const stopping = new AbortController();
  fake.server.once("request", () => stopping.abort());
  assert.match((await failureOf(fake.url, undefined, stopping.signal)).message, /cannot reach the authority/);
});
