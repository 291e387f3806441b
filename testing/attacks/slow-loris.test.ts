import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { SocketClient } from "../socket-client.ts";
import { startedServer, type StartedServer } from "../started-server.ts";

const quick = "[limits.stream]\nnegotiation_seconds_max = 5\n[tls]\nhandshake_seconds_max = 1\n";
const dripMs = 20;

/** The beginning of a real client hello: as many bytes are to come as the record says. */
const clientHello = Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03);
const header =
  "<?xml version='1.0'?><stream:stream to='montague.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const startTls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

interface Case {
  readonly name: string;
  readonly direct?: boolean;
  /** Said at once. */
  readonly first?: string;
  /** Waited for before the drip begins. */
  readonly answered?: RegExp;
  /** Said byte by byte, for ever. */
  readonly drip: (at: number) => string | Uint8Array;
  readonly told: RegExp;
}

const cases: readonly Case[] = [
  { name: "a header", first: "<stream:stream to='", drip: () => "x", told: /<policy-violation/ },
  {
    name: "white space after the header",
    first: header,
    answered: /<\/stream:features>/,
    drip: () => " ",
    told: /<policy-violation/,
  },
  {
    name: "an element",
    first: `${header}<iq id='`,
    answered: /<\/stream:features>/,
    drip: () => "x",
    told: /<policy-violation/,
  },
  {
    name: "a handshake after STARTTLS",
    first: header + startTls,
    answered: /<proceed/,
    drip: (at) => Uint8Array.of(clientHello[at] ?? 0),
    told: /^/,
  },
  {
    name: "a handshake where TLS comes first",
    direct: true,
    drip: (at) => Uint8Array.of(clientHello[at] ?? 0),
    told: /^$/,
  },
];

let started: StartedServer;
before(async () => {
  started = await startedServer(quick, { faster: 10 });
});
after(() => started[Symbol.asyncDispose]());

for (const { name, direct, first, answered, drip, told } of cases)
  test(`A7 who sends ${name} byte by byte is cut at the deadline, whatever still comes`, async () => {
    using client = await SocketClient.tcp(direct === true ? started.tlsPort : started.port);
    if (first !== undefined) client.send(first);
    if (answered !== undefined) await client.until(answered);
    let at = 0;
    const dripping = setInterval(() => {
      client.socket.write(drip(at));
      at += 1;
      // A deadline that each byte puts off would never come.
      if (at > 1_000) client.socket.destroy();
    }, dripMs);
    try {
      assert.match(await client.end(), told);
    } finally {
      clearInterval(dripping);
    }
    assert.ok(at < 1_000, "it was never cut");
    for (let turn = 0; started.server.connections.total > 0; turn += 1) {
      assert.ok(turn < 200, "the connection is still counted");
      await new Promise((resolve) => void setTimeout(resolve, 5));
    }
  });
