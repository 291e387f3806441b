import assert from "node:assert/strict";
import { test } from "node:test";
import { SocketClient } from "#testing/socket-client.ts";
import { startedServer } from "#testing/started-server.ts";

const ping = (id: number): string =>
  `<iq type='get' id='${id}' to='montague.example'><ping xmlns='urn:xmpp:ping'/></iq>`;

test("A7 who takes too long to log in is told so and cut, whatever is sent meanwhile", async () => {
  await using started = await startedServer("[limits.stream]\nnegotiation_seconds_max = 5\n", { faster: 20 });
  using silent = await SocketClient.tcp(started.port);
  using trickling = await SocketClient.tls(started.tlsPort, "montague.example");
  trickling.open("montague.example");
  const drip = setInterval(() => trickling.send(" "), 5);
  for (const client of [silent, trickling]) assert.match(await client.end(), /<policy-violation.*<\/stream:stream>/s);
  clearInterval(drip);
});

test("A7 a TLS handshake that is not finished in time is cut", async () => {
  await using started = await startedServer("[limits.stream]\nnegotiation_seconds_max = 5\n", { faster: 20 });
  using client = await SocketClient.tcp(started.port);
  client.open("montague.example");
  await client.until(/<\/stream:features>/);
  client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  await client.until(/<proceed[^>]*>/);
  await client.end();
});

test("a connection whose client does not close its end is cut soon after the stream has ended", async () => {
  await using started = await startedServer("[limits.stream]\nclosing_seconds_max = 1\n", { faster: 20 });
  using client = await SocketClient.tls(started.tlsPort, "montague.example");
  await client.logIn("romeo", "montague.example", "romeo", "orchard");
  client.socket.allowHalfOpen = true;
  client.send("<nonsense/>");
  assert.match(await client.end(), /<unsupported-stanza-type.*<\/stream:stream>/s);
  for (let turn = 0; started.server.connections.total > 0; turn += 1) {
    assert.ok(turn < 100, "the connection is still open");
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
});

test("A10 a client that stops reading is cut at the bound, and its messages are kept", async () => {
  await using started = await startedServer(
    "[limits]\nstream.unsent_bytes_max = 2_097_152\naccount.unacknowledged_bytes_max = 2_097_152\n",
  );
  using juliet = await SocketClient.tls(started.tlsPort, "capulet.example");
  await juliet.logIn("juliet", "capulet.example", "juliet", "balcony");
  juliet.send("<presence/>");
  await juliet.until(/<presence[^>]*>/);
  juliet.socket.pause();
  using romeo = await SocketClient.tls(started.tlsPort, "montague.example");
  await romeo.logIn("romeo", "montague.example", "romeo", "orchard");
  const body = "x".repeat(200_000);
  for (let id = 1; !started.limitsHit.includes("unsent-bytes"); id += 1) {
    assert.ok(id < 200, "nothing bounds what waits for a client that does not read");
    romeo.send(`<message to='juliet@capulet.example' type='chat'><body>${id} ${body}</body></message>${ping(id)}`);
    await romeo.until(new RegExp(`id='${id}'`));
  }
  using again = await SocketClient.tls(started.tlsPort, "capulet.example");
  await again.logIn("juliet", "capulet.example", "juliet", "chamber");
  again.send("<presence/>");
  await again.until(/<body>\d+ x/);
});

test("connections of one address are bounded; when one ends, another may come [rfc6120-13.12-02] [rfc6120-13.12-03]", async () => {
  await using started = await startedServer("[limits.connections]\nper_address_max = 2\n");
  const first = await SocketClient.tls(started.tlsPort, "montague.example");
  using second = await SocketClient.tls(started.tlsPort, "montague.example");
  using third = await SocketClient.tcp(started.port);
  assert.equal(await third.end(), "");
  assert.deepEqual(started.limitsHit, ["connections-per-address"]);
  second.open("montague.example");
  await second.until(/<\/stream:features>/);
  first[Symbol.dispose]();
  for (let turn = 0; started.server.connections.total > 1; turn += 1) {
    assert.ok(turn < 100, "the connection is still counted");
    await new Promise((resolve) => void setTimeout(resolve, 5));
  }
  using fourth = await SocketClient.tcp(started.port);
  fourth.open("montague.example");
  await fourth.until(/<\/stream:features>/);
});

test("A7 who has not logged in gives way to who comes later, and never takes the place of who has", async () => {
  await using started = await startedServer("[limits.connections]\nunauthenticated_max = 1\n");
  using member = await SocketClient.tls(started.tlsPort, "montague.example");
  await member.logIn("romeo", "montague.example", "romeo", "orchard");
  using waiting = await SocketClient.tcp(started.port);
  using late = await SocketClient.tcp(started.port);
  assert.equal(await waiting.end(), "");
  assert.deepEqual(started.limitsHit, ["connections-unauthenticated"]);
  late.open("montague.example");
  await late.until(/<\/stream:features>/);
  member.send(ping(1));
  await member.until(/<iq[^>]*id='1'/);
});

test("who is too fast is read more slowly and loses nothing", async () => {
  const rates = "[limits.rate]\nsession_stanzas_per_second = 100\nsession_stanzas_burst = 100\n";
  await using started = await startedServer(rates, { faster: 10 });
  using client = await SocketClient.tls(started.tlsPort, "montague.example");
  await client.logIn("romeo", "montague.example", "romeo", "orchard");
  const count = 112;
  client.send(Array.from({ length: count }, (_, id) => ping(id)).join(""));
  for (let id = 0; id < count; id += 1) await client.until(new RegExp(`<iq[^>]*id='${id}'`));
  assert.ok(started.limitsHit.includes("rate-stanzas"));
});

test("A29 an address that fails to log in too often is refused even with the right password, and told that it is temporary", async () => {
  await using started = await startedServer("[limits.login]\nfailures_max = 3\n");
  using client = await SocketClient.tls(started.tlsPort, "montague.example");
  client.open("montague.example");
  await client.until(/<\/stream:features>/);
  const attempt = async (password: string): Promise<string> => {
    const proof = Buffer.from(`\0romeo\0${password}`).toString("base64");
    client.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${proof}</auth>`);
    const [, condition = ""] = await client.until(/<failure[^>]*><([\w-]+)\/>|<success/);
    return condition;
  };
  assert.deepEqual([await attempt("a"), await attempt("b"), await attempt("c")], Array(3).fill("not-authorized"));
  assert.equal(await attempt("romeo"), "temporary-auth-failure");
  assert.deepEqual(started.limitsHit, ["failed-logins"]);
});

test("failed log-ins on one connection are bounded too [rfc6120-6.4.5-05] [rfc6120-13.9.4-05]", async () => {
  await using started = await startedServer("[limits.login]\nfailures_per_connection_max = 2\n");
  using client = await SocketClient.tls(started.tlsPort, "montague.example");
  client.open("montague.example");
  await client.until(/<\/stream:features>/);
  for (let count = 0; count < 2; count += 1)
    client.send("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AHJvbWVvAG5v</auth>");
  await client.until(/<policy-violation.*<\/stream:stream>/s);
});
