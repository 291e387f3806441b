import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import {
  emailProtection,
  keyPem,
  keyUsages,
  makeAuthority,
  makeCertificate,
  subjectAltName,
  extension,
  type CertificatePlan,
  type Made,
} from "../certificates.ts";
import { renegotiationError, SocketClient } from "../socket-client.ts";
import { startedServer, type StartedServer } from "../started-server.ts";

const listeners = ["server", "server-direct-tls", "component"]
  .map((kind) => `[[listeners]]\nkind = "${kind}"\naddresses = ["127.0.0.1"]\nport = 0\n`)
  .join("");
const component = '[[components]]\ndomain = "irc.montague.example"\nsecret = "what nobody is to read in a log"\n';
const streams = "xmlns:stream='http://etherx.jabber.org/streams'";
const header = (from = "venice.example"): string =>
  `<?xml version='1.0'?><stream:stream from='${from}' to='montague.example' version='1.0' xmlns='jabber:server' xmlns:db='jabber:server:dialback' ${streams}>`;
const componentHeader = `<?xml version='1.0'?><stream:stream to='irc.montague.example' xmlns='jabber:component:accept' ${streams}>`;
const startTls = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
const external = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>";
const key = "<db:result from='venice.example' to='montague.example'>key</db:result>";
const message = "<message from='iago@venice.example' to='romeo@montague.example'><body>injected</body></message>";
const features = /<stream:features>.*?<\/stream:features>/s;
/** The beginning of a real client hello: as many bytes are to come as the record says. */
const clientHello = Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03);
const dripMs = 20;

let directory: string;
let authority: Made;
let started: StartedServer;
before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-attacks-"));
  authority = await makeAuthority("CN=authority");
  await writeFile(join(directory, "authority.pem"), authority.pem);
  // Nobody is to be looked for in DNS: it answers nothing.
  const s2s = `[s2s]\nauthority_files = ["${join(directory, "authority.pem")}"]\nauthorities = "none"\nresolvers = ["127.0.0.1:9"]\n[s2s.limits]\nnegotiation_seconds_max = 5\n`;
  const quick = "[tls]\nhandshake_seconds_max = 1\n[limits.stream]\nnegotiation_seconds_max = 5\n";
  started = await startedServer(s2s + quick + component + listeners, { faster: 10 });
});
after(async () => {
  await started[Symbol.asyncDispose]();
  await rm(directory, { recursive: true });
});

describe("A7 on the ports for servers and components", () => {
  const cases: readonly {
    readonly name: string;
    readonly kind: "server" | "server-direct-tls" | "component";
    readonly first?: string;
    readonly answered?: RegExp;
    readonly drip: (at: number) => string | Uint8Array;
    readonly told: RegExp;
  }[] = [
    { name: "a server's header", kind: "server", first: "<stream:stream from='", drip: () => "x", told: /<policy-vio/ },
    {
      name: "white space after a server's header",
      kind: "server",
      first: header(),
      answered: features,
      drip: () => " ",
      told: /<policy-violation/,
    },
    {
      name: "a key for dialback",
      kind: "server",
      first: `${header()}<db:result from='venice.example' to='`,
      answered: features,
      drip: () => "x",
      told: /<policy-violation/,
    },
    {
      name: "a server's handshake after STARTTLS",
      kind: "server",
      first: header() + startTls,
      answered: /<proceed/,
      drip: (at) => Uint8Array.of(clientHello[at] ?? 0),
      told: /^/,
    },
    {
      name: "a server's handshake where TLS comes first",
      kind: "server-direct-tls",
      drip: (at) => Uint8Array.of(clientHello[at] ?? 0),
      told: /^$/,
    },
    {
      name: "a component's header",
      kind: "component",
      first: "<stream:stream to='",
      drip: () => "x",
      told: /<policy-v/,
    },
    {
      name: "a component's proof",
      kind: "component",
      first: `${componentHeader}<handshake>`,
      answered: /<stream:stream [^>]*>/,
      drip: () => "0",
      told: /<policy-violation/,
    },
  ];
  for (const { name, kind, first, answered, drip, told } of cases)
    test(`A7 who sends ${name} byte by byte is cut at the deadline, whatever still comes`, async () => {
      using peer = await SocketClient.tcp(started.portOf(kind));
      if (first !== undefined) peer.send(first);
      if (answered !== undefined) await peer.until(answered);
      let at = 0;
      const dripping = setInterval(() => {
        peer.socket.write(drip(at));
        at += 1;
        // A deadline that each byte puts off would never come.
        if (at > 1_000) peer.socket.destroy();
      }, dripMs);
      try {
        assert.match(await peer.end(), told);
      } finally {
        clearInterval(dripping);
      }
      assert.ok(at < 1_000, "it was never cut");
    });
});

describe("A3 on the ports for servers and components", () => {
  for (const [kind, begin] of [
    ["server", `${header()}<db:result from='venice.example' to='montague.example'>`],
    ["component", `${componentHeader}<handshake>`],
  ] as const)
    test(`A3 a ${kind} that has proven nothing has the small bounds of strangers`, async () => {
      using peer = await SocketClient.tcp(started.portOf(kind));
      peer.send(begin + "a".repeat(17_000));
      assert.match(await peer.end(), /<policy-violation/);
    });
});

describe("A21 between servers, in the clear ahead of TLS", () => {
  const injections: readonly (readonly [name: string, behind: readonly string[]])[] = [
    ["a key in the packet of the request", [startTls + key + message]],
    ["EXTERNAL in the packet of the request", [startTls + external]],
    ["a whole stream in the packet of the request", [startTls + header() + key]],
    ["the beginning of an element", [`${startTls}<db:result from='venice.example' to='montague.example'>`]],
    ["a request for both directions ahead of the request", [`<bidi xmlns='urn:xmpp:bidi'/>${startTls}`]],
    ["a key ahead of the request", [key + startTls]],
    ["a key in a packet of its own", [startTls, key]],
  ];
  for (const [name, [first = "", ...others]] of injections)
    test(`A21 ${name} has no effect on what is protected`, async () => {
      using peer = await SocketClient.tcp(started.portOf("server"));
      peer.send(header());
      assert.doesNotMatch((await peer.until(features))[0], /EXTERNAL|dialback|bidi/);
      peer.send(first);
      for (const packet of others) peer.send(packet);
      // What is not to come before TLS may as well end the stream.
      const [answer] = await peer.until(/<proceed[^>]*>|<stream:error>/);
      if (answer === "<stream:error>") return;
      try {
        await peer.startTls("montague.example");
      } catch {
        assert.equal(others.length, 1, "only what comes after <proceed/> can break the handshake");
        return;
      }
      peer.send(header());
      const [text] = await peer.until(new RegExp(`^.*${features.source}`, "s"));
      assert.doesNotMatch(text, /db:result|<success|<stream:error/);
      assert.match(text, /<bidi xmlns='urn:xmpp:features:bidi'\/>/);
      peer.send("</stream:stream>");
      assert.doesNotMatch(await peer.end(), /db:result|type='valid'/);
    });
});

describe("A28 A34 certificates that servers show", () => {
  const venice = "venice.example";
  const plan = (changes: Partial<CertificatePlan>): CertificatePlan => ({
    subject: `CN=${venice}`,
    issuer: authority,
    names: { dns: [venice] },
    ...changes,
  });
  /** Whether EXTERNAL is offered to who shows these, its own first; undefined where there was not even a handshake. */
  const isBelieved = async (chain: readonly Made[], from = venice): Promise<boolean | undefined> => {
    const [own] = chain;
    assert.ok(own !== undefined);
    const shown = { cert: chain.map(({ pem }) => pem).join(""), key: await keyPem(own) };
    using peer = await SocketClient.tcp(started.portOf("server"));
    peer.send(header(from));
    await peer.until(features);
    peer.send(startTls);
    await peer.until(/<proceed[^>]*>/);
    try {
      await peer.startTls("montague.example", shown);
    } catch {
      return undefined;
    }
    peer.send(header(from));
    try {
      return (await peer.until(features))[0].includes("EXTERNAL");
    } catch {
      return undefined;
    }
  };

  test("A34 a good one is believed, and for nobody else", async () => {
    const good = await makeCertificate(plan({}));
    assert.equal(await isBelieved([good]), true);
    assert.equal(await isBelieved([good], "tunis.example"), false);
    assert.equal(await isBelieved([good], "sub.venice.example"), false);
  });

  const hostile: readonly (readonly [what: string, changes: () => Promise<Partial<CertificatePlan>>])[] = [
    ["that nobody has signed", async () => ({ issuer: undefined })],
    ["whose name is in the subject only", async () => ({ names: undefined })],
    [
      "whose subject has the name within another part",
      async () => ({ subject: `O=CN\\=${venice}`, names: { dns: ["x.example"] } }),
    ],
    ["with a name that ends in a NUL and another", async () => ({ names: { dns: [`${venice}\0.evil.example`] } })],
    ["with a name that begins with a NUL", async () => ({ names: { dns: [`\0${venice}`] } })],
    ["with a blank at the end of the name", async () => ({ names: { dns: [`${venice} `] } })],
    ["with a wildcard for everything", async () => ({ names: { dns: ["*", "*.venice.example"] } })],
    ["with a wildcard within a label", async () => ({ names: { dns: ["ve*.example"] } })],
    ["with the name as a mail address", async () => ({ names: { email: [`x@${venice}`] } })],
    ["with the name as an address of the net", async () => ({ names: { ip: ["192.0.2.1"] } })],
    ["for mail", async () => ({ purposes: [emailProtection] })],
    ["for signing certificates only", async () => ({ keyUsage: keyUsages.keyCertSign })],
    ["that has expired", async () => ({ validDays: [-9, -1] as const })],
    ["that is not valid yet", async () => ({ validDays: [1, 9] as const })],
    [
      "of an authority that has expired",
      async () => ({ issuer: await makeAuthority("CN=old", authority, { validDays: [-9, -1] }) }),
    ],
    [
      "with a critical extension that nobody knows",
      async () => ({ extensions: [extension("1.2.3.4.5", true, Uint8Array.of(5, 0))] }),
    ],
    [
      "with names twice, of which the second are good",
      async () => ({
        names: { dns: ["x.example"] },
        extensions: [extension("2.5.29.17", false, new Uint8Array(subjectAltName({ dns: [venice] })))],
      }),
    ],
  ];
  for (const [what, changes] of hostile)
    test(`A28 A34 one ${what} is not believed`, async () => {
      const made = plan(await changes());
      const leaf = await makeCertificate(made);
      const { issuer } = made;
      const chain = issuer === undefined || issuer === authority ? [leaf] : [leaf, issuer];
      assert.ok((await isBelieved(chain)) !== true);
    });

  test("A34 one that a server's certificate has signed is not believed", async () => {
    const other = await makeCertificate(plan({ subject: "CN=other", names: { dns: ["other.example"] } }));
    assert.ok((await isBelieved([await makeCertificate(plan({ issuer: other })), other])) !== true);
  });

  test("A28 a thousand names, and chains that are long, are read or refused, and the server goes on", async () => {
    const names = Array.from({ length: 1_000 }, (_unused, i) => `n${i}.example`);
    const crowded = await makeCertificate(plan({ names: { dns: [...names, venice] } }));
    await isBelieved([crowded]);
    let issuer = authority;
    const chain: Made[] = [];
    for (let depth = 0; depth < 20; depth += 1) {
      issuer = await makeAuthority(`CN=a${depth}`, issuer);
      chain.unshift(issuer);
    }
    const deep = await makeCertificate(plan({ issuer }));
    assert.ok((await isBelieved([deep, ...chain])) !== true);
    // More than OpenSSL takes in one message.
    const padded = extension(
      "1.2.3.4.5",
      false,
      new Uint8Array(Buffer.concat([Buffer.from([0x04, 0x83, 0x01, 0x86, 0xa0]), Buffer.alloc(100_000)])),
    );
    const fat = await makeCertificate(plan({ extensions: [padded] }));
    assert.ok((await isBelieved([fat, fat, fat])) !== true);
    assert.equal(await isBelieved([await makeCertificate(plan({}))]), true);
  });
});

test("A14 A31 a server that asks to negotiate TLS anew is refused, and so are weak ciphers and old versions", async () => {
  const port = started.portOf("server-direct-tls");
  const alpn = { ALPNProtocols: ["xmpp-server"] };
  using peer = await SocketClient.tls(port, "montague.example", { maxVersion: "TLSv1.2", ...alpn });
  assert.match((await renegotiationError(peer.tls)).message, /renegotiation/i);
  const weak = "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA:AES128-GCM-SHA256@SECLEVEL=0";
  await assert.rejects(SocketClient.tls(port, "montague.example", { maxVersion: "TLSv1.2", ciphers: weak, ...alpn }));
  const old = { minVersion: "TLSv1", maxVersion: "TLSv1.1", ciphers: "DEFAULT@SECLEVEL=0" } as const;
  await assert.rejects(SocketClient.tls(port, "montague.example", { ...old, ...alpn }));
});

for (const { kind, first } of [
  { kind: "server", first: header() },
  { kind: "component", first: componentHeader },
])
  test(`A30 ids of streams, on which keys and handshakes depend, are random and long: ${kind}`, async () => {
    const ids: string[] = [];
    for (let turn = 0; turn < 20; turn += 1) {
      using peer = await SocketClient.tcp(started.portOf(kind));
      peer.send(first);
      const [, id = ""] = await peer.until(/<stream:stream[^>]* id=['"]([^'"]+)['"]/);
      ids.push(id);
    }
    // Five bits a character.
    for (const id of ids) assert.ok(id.length * 5 >= 80, id);
    const pieces = ids.flatMap((id) => Array.from({ length: id.length - 9 }, (_, at) => id.slice(at, at + 10)));
    assert.equal(new Set(pieces).size, pieces.length);
  });

test("A52 neither the secret of a component nor what is proven with it is in the log", async () => {
  using peer = await SocketClient.tcp(started.portOf("component"));
  peer.send(`${componentHeader}<handshake>0123456789abcdef</handshake>`);
  assert.match(await peer.end(), /<not-authorized/);
  const told = JSON.stringify(started.log);
  assert.match(told, /handshake failed/);
  assert.doesNotMatch(told, /what nobody is to read|0123456789abcdef/);
});
