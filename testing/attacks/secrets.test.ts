import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { parseJid } from "#protocol/jid/jid.ts";
import { randomToken } from "#kit/env.ts";
import { nodeEnv } from "#server/node-env.ts";
import { configOf, startedServer } from "../started-server.ts";
import { SocketClient } from "../socket-client.ts";

test("A8 every limit is on by default, but the one whose bound is the system's", () => {
  const { limits } = configOf("");
  const off: string[] = [];
  const look = (path: string, value: unknown): void => {
    if (typeof value === "object" && value !== null)
      for (const [key, inner] of Object.entries(value)) look(`${path}.${key}`, inner);
    else if (typeof value !== "number" || !Number.isFinite(value)) off.push(path);
  };
  look("limits", limits);
  assert.deepEqual(off, ["limits.connections.totalMax"]);
});

test("A30 stream ids, resources and ids to resume by are made of the system's randomness, long enough, and never the same", async () => {
  await using started = await startedServer();
  const seen = { stream: new Set<string>(), resource: new Set<string>(), resumption: new Set<string>() };
  for (let turn = 0; turn < 20; turn += 1) {
    using client = await SocketClient.tls(started.tlsPort, "montague.example");
    client.open("montague.example");
    const [, stream = ""] = await client.until(/<stream:stream[^>]* id='([^']+)'/);
    await client.until(/<\/stream:features>/);
    await client.authenticate("romeo", "romeo");
    client.open("montague.example");
    await client.until(/<\/stream:features>/);
    client.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
    const [, resource = ""] = await client.until(/<jid>[^/]+\/([^<]+)<\/jid>/);
    client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    const [, resumption = ""] = await client.until(/<enabled[^>]* id='([^']+)'/);
    seen.stream.add(stream);
    seen.resource.add(resource);
    seen.resumption.add(resumption);
  }
  for (const [what, ids] of Object.entries(seen)) {
    assert.equal(ids.size, 20, what);
    // Nothing in one is in another: neither who it is for nor when.
    const pieces = [...ids].flatMap((id) => Array.from({ length: id.length - 9 }, (_, at) => id.slice(at, at + 10)));
    assert.equal(new Set(pieces).size, pieces.length, what);
  }
  // Five bits a character: a stream id is no secret, what resumes a session is.
  for (const id of seen.stream) assert.ok(id.length * 5 >= 80, id);
  for (const id of seen.resumption) assert.ok(id.length * 5 >= 120, id);
});

test("A30 nothing of it comes from a generator that can be predicted", () => {
  const { random } = Math;
  Math.random = () => 0.5;
  try {
    const [one, other] = [nodeEnv().entropy(32), nodeEnv().entropy(32)];
    assert.notDeepEqual(one, other);
    assert.ok(new Set(one).size > 8, "as many bytes of one and the same are not");
  } finally {
    Math.random = random;
  }
});

test("A30 all characters of a token are as likely as each other", () => {
  const env = nodeEnv();
  const counts = new Map<string, number>();
  for (let turn = 0; turn < 2_000; turn += 1)
    for (const character of randomToken(env)) counts.set(character, (counts.get(character) ?? 0) + 1);
  assert.equal(counts.size, 32);
  const all = [...counts.values()].reduce((sum, count) => sum + count, 0);
  // Six sigma of 48,000 throws of a die with 32 sides are 240.
  for (const [character, count] of counts)
    assert.ok(Math.abs(count - all / 32) < 300, `${character}: ${count} of ${all}`);
});

test("A53 two servers share neither certificate nor secret, and one keeps its own", async () => {
  const salts: string[] = [];
  const keys: string[] = [];
  const tickets: Buffer[] = [];
  for (let turn = 0; turn < 2; turn += 1) {
    await using started = await startedServer();
    const before = await saltOfNobody(started.tlsPort);
    keys.push(started.server.certificates.first.pem.key);
    await started.restart();
    assert.equal(await saltOfNobody(started.tlsPort), before, "who does not exist keeps its salt");
    salts.push(before);
    using again = await byTicket(started.tlsPort, tickets.at(-1));
    assert.equal(again.tls.isSessionReused(), false, "a ticket of another server");
    const ticket = again.tls.getSession() ?? assert.fail("there is a ticket");
    using resumed = await byTicket(started.tlsPort, ticket);
    assert.equal(resumed.tls.isSessionReused(), true);
    tickets.push(ticket);
  }
  assert.notEqual(salts[0], salts[1]);
  assert.notEqual(keys[0], keys[1]);
});

/** By TLS 1.2, where the ticket comes with the handshake. */
function byTicket(port: number, session: Buffer | undefined): Promise<SocketClient> {
  return SocketClient.tls(port, "montague.example", { maxVersion: "TLSv1.2", ...(session && { session }) });
}

/** What SCRAM tells about an account that does not exist. */
async function saltOfNobody(port: number): Promise<string> {
  using client = await SocketClient.tls(port, "montague.example");
  client.open("montague.example");
  await client.until(/<\/stream:features>/);
  client.send(
    `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='SCRAM-SHA-256'>${btoa("n,,n=nobody,r=abc")}</auth>`,
  );
  const [, challenge = ""] = await client.until(/<challenge[^>]*>([^<]+)</);
  return /s=([^,]+)/.exec(atob(challenge))?.[1] ?? assert.fail(challenge);
}

test("A49 names that look like SQL are names, in whatever is stored and searched for", async () => {
  const hostile = ["romeo';drop", "x%", "_", "a\\b", "--", '1"or', "$1", "?1", "%00"].map((name) =>
    name.replaceAll(/["'&:<>@/ ]/g, "\u2019"),
  );
  await using started = await startedServer();
  const { accounts } = started.server.core;
  const jids = hostile.flatMap((name) => parseJid(`${name}@montague.example`) ?? []);
  assert.ok(jids.length > 4);
  for (const jid of jids) assert.deepEqual(await accounts.create(jid, "password"), { ok: true }, jid);
  using romeo = await SocketClient.tls(started.tlsPort, "montague.example");
  await romeo.logIn("romeo", "montague.example", "romeo", "x'; DROP TABLE entries; --");
  const names = ["'; DROP TABLE entries; --", '"', "%", "_", "\\", "\u2028"];
  for (const [at, name] of names.entries()) {
    const text = name.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
    const ns = text.replaceAll("'", "&apos;");
    romeo.send(
      `<iq type='set' id='s${at}'><query xmlns='jabber:iq:private'><x xmlns='urn:${ns}'>${text}</x></query></iq>`,
    );
    await romeo.until(new RegExp(`<iq[^>]* id='s${at}'[^>]*type='result'|<iq[^>]*type='result'[^>]* id='s${at}'`));
    romeo.send(`<iq type='get' id='g${at}'><query xmlns='jabber:iq:private'><x xmlns='urn:${ns}'/></query></iq>`);
    await romeo.until(new RegExp(`<iq[^>]* id='g${at}'.*</iq>`, "s"));
  }
  const { domain } = started.config.hosts[0] ?? assert.fail("a host");
  const host = [...started.server.core.hosts.keys()].find((name) => name === domain) ?? assert.fail("it is served");
  assert.equal((await accounts.list(host, undefined, 100)).length, jids.length + 1);
});

test("A49 what is searched for in an archive, and from where to where, is no SQL and no language of search", async () => {
  await using started = await startedServer();
  using romeo = await SocketClient.tls(started.tlsPort, "montague.example");
  await romeo.logIn("romeo", "montague.example", "romeo", "here");
  romeo.send("<presence/>");
  romeo.send("<message type='chat' to='romeo@montague.example' id='note'><body>It is the east</body></message>");
  await romeo.until(/<\/message>/);
  const query = async (id: string, fields: string, set = ""): Promise<string> => {
    const form = `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE'><value>urn:xmpp:mam:2</value></field>${fields}</x>`;
    const page = `<set xmlns='http://jabber.org/protocol/rsm'>${set}</set>`;
    romeo.send(`<iq type='set' id='${id}'><query xmlns='urn:xmpp:mam:2'>${form}${page}</query></iq>`);
    const [text] = await romeo.until(new RegExp(`^.*<iq[^>]* id='${id}'.*?</iq>`, "s"));
    return text;
  };
  const field = (name: string, value: string): string => `<field var='${name}'><value>${value}</value></field>`;
  const hostile = [
    "' OR 1=1 --",
    "%",
    "_",
    "\\",
    "1; DROP TABLE archive",
    "NULL",
    "0x00",
    "-1",
    "1e999",
    "x".repeat(3_000),
  ];
  for (const [at, text] of hostile.entries()) {
    for (const name of ["after", "before"])
      assert.match(await query(`${name}${at}`, "", `<${name}>${text}</${name}>`), /<item-not-found/, text);
    for (const name of ["after-id", "before-id", "ids"])
      assert.match(await query(`${name}${at}`, field(name, text)), /<item-not-found/, text);
    assert.doesNotMatch(await query(`with${at}`, field("with", text)), /the east/, text);
    for (const name of ["max", "index"])
      assert.doesNotMatch(await query(`${name}${at}`, "", `<${name}>${text}</${name}>`), /internal-server-error/, text);
  }
  const words = [
    'east" OR "x',
    "nothing OR east",
    "NOT nothing",
    "NEAR(nothing east)",
    "eas*",
    "^east",
    "body:east",
    "(east",
    "east:*",
    "!nothing",
    "nothing | east",
  ];
  const searchable = async (): Promise<boolean> =>
    /the east/.test(await query("found", field("{urn:xmpp:fulltext:0}fulltext", "east")));
  // It comes behind the messages, and whenever there is time.
  for (let turn = 0; !(await searchable()); turn += 1) {
    assert.ok(turn < 600, "the index never comes");
    await sleep(50);
  }
  for (const [at, text] of words.entries()) {
    const answer = await query(`w${at}`, field("{urn:xmpp:fulltext:0}fulltext", text.replaceAll('"', "&quot;")));
    assert.doesNotMatch(answer, /type='error'/, text);
    // All words must occur, and nothing in a query is more than a word.
    assert.equal(/the east/.test(answer), /^[^a-z]*(?:body:)?east[^a-z]*$/.test(text) && text !== "body:east", text);
  }
  assert.match(await query("last", field("with", "romeo@montague.example")), /the east/, "it is all there");
});
