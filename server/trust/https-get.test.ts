import assert from "node:assert/strict";
import { once } from "node:events";
import type { RequestListener } from "node:http";
import { createServer, type Server } from "node:https";
import { after, before, test } from "node:test";
import { keyPem, makeAuthority, makeCertificate, type CertificatePlan, type Made } from "#testing/certificates.ts";
import { httpsGet } from "./https-get.ts";
import { TrustStore } from "./trust-store.ts";

const bodyBytesMax = 1_000;
let root: Made;
const servers: Server[] = [];

before(async () => {
  root = await makeAuthority("CN=Root");
});

after(() => {
  for (const server of servers) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(
  plan: Partial<CertificatePlan>,
  answer: RequestListener,
): Promise<{ port: number; requests: string[] }> {
  const made = await makeCertificate({ subject: "CN=web", issuer: root, names: { dns: ["web.example"] }, ...plan });
  const requests: string[] = [];
  const server = createServer({ cert: made.pem, key: await keyPem(made) }, (request, response) => {
    requests.push(`${request.method} ${request.headers.host} ${request.url}`);
    answer(request, response);
  });
  servers.push(server);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert(typeof address === "object" && address !== null);
  return { port: address.port, requests };
}

function get(url: string, addresses: readonly string[] = ["127.0.0.1"], signal = new AbortController().signal) {
  const parts = {
    addresses: async () => addresses,
    anchors: () => new TrustStore([root.der]),
    now: Date.now,
    bodyBytesMax,
  };
  return httpsGet(new URL(url), parts, signal);
}

const hello: RequestListener = (_, response) => void response.end("hello");

test("a text is fetched from the server that the URL names [rfc7711-3-01] [rfc7711-3-02]", async () => {
  const { port, requests } = await serve({}, hello);
  const answer = await get(`https://web.example:${port}/.well-known/posh/xmpp-server.json`);
  assert.deepEqual(answer, { status: 200, location: undefined, body: "hello" });
  assert.deepEqual(requests, [`GET web.example:${port} /.well-known/posh/xmpp-server.json`]);
});

test("a redirect is told, not followed", async () => {
  const { port } = await serve(
    {},
    (_, response) => void response.writeHead(302, { location: "https://x.example/" }).end(),
  );
  assert.deepEqual(await get(`https://web.example:${port}/`), {
    status: 302,
    location: "https://x.example/",
    body: "",
  });
});

for (const { name, plan, says } of [
  { name: "for another name", plan: { names: { dns: ["other.example"] } }, says: /is for another name/ },
  {
    name: "without names, but with a common name",
    plan: { subject: "CN=web.example", names: undefined },
    says: /another name/,
  },
  { name: "for the XMPP service alone", plan: { names: { srv: ["_xmpp-server.web.example"] } }, says: /another name/ },
  { name: "that has expired", plan: { validDays: [-9, -1] as const }, says: /expired/ },
  { name: "that is self-signed", plan: { issuer: undefined }, says: /self-signed/ },
  { name: "for clients only", plan: { purposes: ["1.3.6.1.5.5.7.3.2"] }, says: /not issued by an authority|purposes/ },
]) {
  test(`nothing is asked of a server with a certificate ${name} [rfc7711-3-02]`, async () => {
    const { port, requests } = await serve(plan, hello);
    await assert.rejects(get(`https://web.example:${port}/`), says);
    assert.deepEqual(requests, []);
  });
}

test("an answer that is too long is not read to its end", async () => {
  const { port } = await serve({}, (_, response) => void response.end("x".repeat(bodyBytesMax + 1)));
  await assert.rejects(get(`https://web.example:${port}/`), /more than 1000 bytes/);
});

test("an answer that ends too early is none", async () => {
  const { port } = await serve({}, (request, response) => {
    response.writeHead(200, { "content-length": "100" }).write("x");
    setImmediate(() => request.socket.destroy());
  });
  await assert.rejects(get(`https://web.example:${port}/`));
});

test("an answer that does not come ends with the signal", async () => {
  const controller = new AbortController();
  const { port, requests } = await serve({}, () => controller.abort(new Error("took too long")));
  await assert.rejects(get(`https://web.example:${port}/`, ["127.0.0.1"], controller.signal));
  assert.equal(requests.length, 1);
});

test("plain HTTP is not spoken [rfc7711-3-01]", async () => {
  await assert.rejects(get("http://web.example/"), /is not HTTPS/);
});

test("A36 A47 a name without an address that may be connected to is not connected to", async () => {
  await assert.rejects(get("https://web.example/", []), /no address that may be connected to/);
});

test("where one address does not answer, the next is tried", async () => {
  const { port } = await serve({}, hello);
  assert.equal((await get(`https://web.example:${port}/`, ["127.0.0.2", "127.0.0.1"])).body, "hello");
});
