import assert from "node:assert/strict";
import { Server, TLSSocket } from "node:tls";
import { test } from "node:test";
import { queryObjects, setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { SocketClient } from "#testing/socket-client.ts";
import { startedServer, type StartedServer } from "#testing/started-server.ts";
import { parseConfig } from "./config/load-config.ts";
import { serverModules } from "./modules.generated.ts";

async function serve({ server, config }: StartedServer, ...domains: readonly string[]) {
  const hosts = domains.flatMap((domain) => {
    const text = `[[hosts]]\ndomain = "${domain}"\n`;
    return parseConfig({ file: undefined, text }, serverModules).hosts;
  });
  return server.reload({ ...config, hosts: [...config.hosts, ...hosts] });
}

/** The certificate that a client is shown by STARTTLS, and what becomes of its stream. */
async function visit({ port }: StartedServer, domain: string, close = true): Promise<SocketClient> {
  const client = await SocketClient.tcp(port);
  client.open(domain);
  await client.until(/<\/stream:features>/);
  client.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  await client.until(/<proceed[^>]*>/);
  // No name in the handshake: what is shown then goes by the stream.
  await client.startTls("");
  if (close) client.socket.destroy();
  return client;
}

test("a host that comes by a reload shows its own certificate at once; when it goes its streams end, and others go on", async () => {
  await using started = await startedServer();
  using romeo = await SocketClient.tls(started.tlsPort, "montague.example");
  await romeo.logIn("romeo", "montague.example", "romeo", "orchard");
  const { hosts, certificates, problems } = await serve(started, "verona.example");
  assert.deepEqual(
    { hosts, certificates, problems },
    { hosts: { added: ["verona.example"], removed: [] }, certificates: ["verona.example"], problems: [] },
  );
  using escalus = await visit(started, "verona.example", false);
  assert.equal(escalus.tls.getPeerX509Certificate()?.subjectAltName, "DNS:verona.example");
  escalus.open("verona.example");
  await escalus.until(/<\/stream:features>/);
  assert.deepEqual((await serve(started)).hosts, { added: [], removed: ["verona.example"] });
  assert.match(await escalus.end(), /<host-gone/);
  romeo.send("<iq type='get' id='still-here'><ping xmlns='urn:xmpp:ping'/></iq>");
  await romeo.until(/still-here/);
});

test("a reload takes over a host's registration and contacts, and its streams go on", async () => {
  await using started = await startedServer();
  using romeo = await SocketClient.tls(started.tlsPort, "montague.example");
  await romeo.logIn("romeo", "montague.example", "romeo", "orchard");
  const asked = async (id: string): Promise<string> => {
    romeo.send(
      `<iq type='get' id='${id}' to='montague.example'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    );
    const [answer] = await romeo.until(new RegExp(`<iq[^>]* id='${id}'[^]*?</iq>`));
    return answer;
  };
  const offered = async (): Promise<string> => {
    using stranger = await SocketClient.tls(started.tlsPort, "montague.example");
    stranger.open("montague.example");
    const [features] = await stranger.until(/<stream:features>.*<\/stream:features>/s);
    return features;
  };
  assert.doesNotMatch(await asked("before"), /abuse@montague/);
  assert.doesNotMatch(await offered(), /iq-register/);
  const { server, config } = started;
  const [first, ...others] = config.hosts;
  assert.ok(first !== undefined);
  const contacts = { ...first.contacts, abuse: ["mailto:abuse@montague.example"] };
  const { problems } = await server.reload({
    ...config,
    hosts: [{ ...first, contacts, registration: "open" }, ...others],
  });
  assert.deepEqual(problems, []);
  assert.match(await asked("after"), /mailto:abuse@montague\.example/);
  assert.match(await offered(), /iq-register/);
  assert.equal((await server.administration.listHosts({})).hosts[0]?.registration, "open");
});

test("no TLS server is left of hosts that came, were visited and went", async () => {
  await using started = await startedServer();
  const once = async (): Promise<void> => {
    await serve(started, "verona.example");
    await visit(started, "verona.example");
    await serve(started);
  };
  for (let times = 0; times < 3; times += 1) await once();
  const before = await living();
  for (let times = 0; times < 8; times += 1) await once();
  assert.deepEqual(await living(), before);
});

async function living(): Promise<readonly number[]> {
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  for (let times = 0; times < 10; times += 1) {
    if (typeof collect === "function") collect();
    await new Promise<void>((resolve) => void setTimeout(resolve, 20));
  }
  return [Server, TLSSocket].map((of) => queryObjects(of, { format: "count" }));
}
