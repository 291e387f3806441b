import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { ClientAuthority, type ClientPair } from "../client-authority.ts";
import { SocketClient } from "../socket-client.ts";
import { startedServer, type StartedServer } from "../started-server.ts";

let directory: string;
let authority: ClientAuthority;
let started: StartedServer;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-resumed-"));
  authority = await ClientAuthority.make("Verona");
  const file = join(directory, "authorities.pem");
  await writeFile(file, authority.certificate);
  started = await startedServer(`[tls]\nclient_authorities = ${JSON.stringify(file)}\n`);
});

after(async () => {
  await started[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

interface Visit {
  readonly mechanisms: string;
  /** The answer to a log-in by the certificate of the session, offered or not. */
  readonly answer: string;
  readonly resumed: boolean;
  readonly session: Buffer;
}

async function visit(
  maxVersion: "TLSv1.2" | "TLSv1.3",
  pair: Partial<ClientPair>,
  session: Buffer | undefined,
): Promise<Visit> {
  using client = await SocketClient.tls(started.tlsPort, "montague.example", {
    ...pair,
    maxVersion,
    ...(session && { session }),
  });
  const sessions: Buffer[] = [];
  client.tls.on("session", (ticket) => sessions.push(ticket));
  client.open("montague.example");
  const [mechanisms] = await client.until(/<mechanisms.*<\/mechanisms>/s);
  client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
  const [answer] = await client.until(/<success[^>]*>|<failure.*<\/failure>/s);
  const ticket = sessions.at(-1) ?? client.tls.getSession() ?? assert.fail("there is a session");
  if (answer.startsWith("<success")) await bind(client);
  return { mechanisms, answer, resumed: client.tls.isSessionReused(), session: ticket };
}

async function bind(client: SocketClient): Promise<void> {
  client.open("montague.example");
  await client.until(/<\/stream:features>/);
  client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
  await client.until(/<jid>romeo@montague\.example\//);
}

const logsIn = /^<success/;
const isRefused = /<invalid-mechanism\/>/;

for (const version of ["TLSv1.2", "TLSv1.3"] as const)
  for (const [first, later] of [
    [true, true],
    [true, false],
    [false, true],
    [false, false],
  ] as const)
    test(`A24 a session of ${version} that is resumed proves what its first handshake has proven: then ${show(first)}, now ${show(later)}`, async () => {
      const pair = await authority.issue({ addresses: ["romeo@montague.example"] });
      const whole = await visit(version, first ? pair : {}, undefined);
      assert.equal(whole.mechanisms.includes("EXTERNAL"), first);
      assert.match(whole.answer, first ? logsIn : isRefused);
      const resumed = await visit(version, later ? pair : {}, whole.session);
      assert.ok(resumed.resumed);
      assert.equal(resumed.mechanisms.includes("EXTERNAL"), first);
      assert.match(resumed.answer, first ? logsIn : isRefused);
    });

function show(withCertificate: boolean): string {
  return withCertificate ? "with a certificate" : "without";
}
