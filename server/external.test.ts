import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ClientAuthority, type ClientPair } from "#testing/client-authority.ts";
import { SocketClient } from "#testing/socket-client.ts";
import { startedServer, type StartedServer } from "#testing/started-server.ts";

const romeo = "romeo@montague.example";

let directory: string;
let authority: ClientAuthority;
let stranger: ClientAuthority;
let started: StartedServer;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-external-"));
  authority = await ClientAuthority.make("Verona");
  stranger = await ClientAuthority.make("Mantua");
  const file = join(directory, "authorities.pem");
  await writeFile(file, authority.certificate);
  started = await startedServer(`[tls]\nclient_authorities = ${JSON.stringify(file)}\n`);
});

after(async () => {
  await started[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

/** The features of a fresh stream to montague.example. */
async function features(client: SocketClient): Promise<string> {
  client.open("montague.example");
  const [text] = await client.until(/<stream:features>.*<\/stream:features>/s);
  return text;
}

const external = (authzid = "="): string =>
  `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>${authzid}</auth>`;

for (const transport of ["direct TLS", "STARTTLS"] as const) {
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    test(`a user logs in by certificate over ${transport} with ${maxVersion} [rfc6120-5.4.3.1-04] [rfc6120-13.6-03] [rfc6120-13.7.2.2.1-01] [rfc6120-13.7.2.2.1-02] [rfc6120-13.8.4-01]`, async () => {
      const options = { ...(await authority.issue({ addresses: [romeo] })), maxVersion };
      using client = await connect(transport, options);
      assert.match(await features(client), /<mechanism>EXTERNAL<\/mechanism>/);
      client.send(external());
      await client.until(/<success[^>]*>/);
      client.open("montague.example");
      await client.until(/<\/stream:features>/);
      client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
      await client.until(/<jid>romeo@montague\.example\//);
    });
  }
}

async function connect(
  transport: "direct TLS" | "STARTTLS",
  options: ClientPair & { readonly maxVersion: "TLSv1.2" | "TLSv1.3" },
): Promise<SocketClient> {
  if (transport === "direct TLS") return SocketClient.tls(started.tlsPort, "montague.example", options);
  const client = await SocketClient.tcp(started.port);
  await features(client);
  client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  await client.until(/<proceed[^>]*>/);
  await client.startTls("montague.example", options);
  return client;
}

const year = 365 * 86_400_000;
for (const { name, pair } of [
  { name: "no certificate", pair: () => Promise.resolve({}) },
  {
    name: "one of an unknown authority [rfc6120-5.4.3.1-07] [rfc6120-13.6-03] [rfc6120-13.7.2-01] [rfc6120-13.7.2-03] [rfc6120-13.7.2.2.2-01]",
    pair: () => stranger.issue({ addresses: [romeo] }),
  },
  {
    name: "one that the user has signed [rfc6120-13.7.2-02] [rfc6120-13.7.2.2.3-01]",
    pair: () => authority.issue({ addresses: [romeo], selfSigned: true }),
  },
  {
    name: "one that has expired [rfc6120-5.4.3.1-07] [rfc6120-13.7.2-02] [rfc6120-13.7.2-03]",
    pair: () => authority.issue({ addresses: [romeo], validMs: [-2 * year, -year] }),
  },
  {
    name: "one that is for servers [rfc6120-13.7.2-02]",
    pair: () => authority.issue({ addresses: [romeo], purpose: "server" }),
  },
  // The account of the same name is another's.
  {
    name: "one for another domain [rfc6120-13.7.2.2.1-04]",
    pair: () => authority.issue({ addresses: ["romeo@capulet.example"] }),
  },
  { name: "one for a domain", pair: () => authority.issue({ addresses: ["montague.example"] }) },
  { name: "one for a resource", pair: () => authority.issue({ addresses: [`${romeo}/orchard`] }) },
  { name: "one that has the address for e-mail", pair: () => authority.issue({ addresses: [], email: romeo }) },
]) {
  test(`EXTERNAL is not offered, and refused, to a client with ${name}`, async () => {
    using client = await SocketClient.tls(started.tlsPort, "montague.example", await pair());
    const offered = await features(client);
    assert.match(offered, /<mechanism>PLAIN<\/mechanism>/);
    assert.doesNotMatch(offered, /EXTERNAL/);
    client.send(external());
    await client.until(/<failure[^>]*><invalid-mechanism\/>/);
  });
}

test("a certificate for an account that does not exist logs nobody in [rfc3921-3-13]", async () => {
  const pair = await authority.issue({ addresses: ["mercutio@montague.example"] });
  using client = await SocketClient.tls(started.tlsPort, "montague.example", pair);
  await features(client);
  client.send(external());
  await client.until(/<failure[^>]*><not-authorized\/>/);
});

test("a certificate logs nobody in but whom it names", async () => {
  const pair = await authority.issue({ addresses: [romeo] });
  using client = await SocketClient.tls(started.tlsPort, "montague.example", pair);
  await features(client);
  client.send(external(Buffer.from("benvolio@montague.example").toString("base64")));
  await client.until(/<failure[^>]*><invalid-authzid\/>/);
});

test("without client_authorities, no client is asked for a certificate", async () => {
  await using plain = await startedServer();
  const pair = await authority.issue({ addresses: [romeo] });
  using client = await SocketClient.tls(plain.tlsPort, "montague.example", pair);
  assert.doesNotMatch(await features(client), /EXTERNAL/);
});
