import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { keyPem, makeAuthority, makeCertificate } from "#testing/certificates.ts";
import { federatedServers, type FederatedServers } from "#testing/federated-servers.ts";
import { SocketClient } from "#testing/socket-client.ts";

interface Lovers extends Disposable {
  readonly romeo: SocketClient;
  readonly juliet: SocketClient;
  /** Romeo writes; gives what Juliet hears. */
  readonly woo: (text: string) => Promise<string>;
  /** Gives the condition of the error that Romeo gets back. */
  readonly wooInVain: (text: string) => Promise<string>;
}

async function logIn({ montague, capulet }: FederatedServers): Promise<Lovers> {
  const romeo = await SocketClient.tls(montague.tlsPort, "montague.example", { ALPNProtocols: ["xmpp-client"] });
  await romeo.logIn("romeo", "montague.example", "romeo", "orchard");
  const juliet = await SocketClient.tls(capulet.tlsPort, "capulet.example", { ALPNProtocols: ["xmpp-client"] });
  await juliet.logIn("juliet", "capulet.example", "juliet", "balcony");
  for (const client of [romeo, juliet]) client.send("<presence/>");
  const write = (text: string): void =>
    romeo.send(`<message to='juliet@capulet.example/balcony' type='chat'><body>${text}</body></message>`);
  return {
    romeo,
    juliet,
    woo: async (text) => {
      write(text);
      const [heard] = await juliet.until(/<message[^>]*>.*?<\/message>/);
      return heard;
    },
    wooInVain: async (text) => {
      write(text);
      const [, condition = ""] = await romeo.until(
        /<message [^>]*type='error'.*?<([a-z-]+) xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/,
      );
      return condition;
    },
    [Symbol.dispose]: () => {
      for (const client of [romeo, juliet]) client.socket.destroy();
    },
  };
}

for (const direct of [false, true]) {
  test(`s2s: two started servers chat by ${direct ? "direct TLS" : "STARTTLS"}, dialback and DNS [rfc3920-2.5-02]`, async () => {
    await using servers = await federatedServers({ direct });
    using lovers = await logIn(servers);
    const heard = await lovers.woo("art thou not Romeo");
    assert.match(heard, /from='romeo@montague\.example\/orchard'.*art thou not Romeo/);
    lovers.juliet.send("<message to='romeo@montague.example/orchard' type='chat'><body>neither</body></message>");
    const [answer] = await lovers.romeo.until(/<message[^>]*>.*?<\/message>/);
    assert.match(answer, /from='juliet@capulet\.example\/balcony'.*neither/);
    assert.ok(servers.dns.asked.includes("SRV _xmpp-server._tcp.capulet.example"));
  });
}

test("s2s: with certificates that both trust, nobody is called back", async () => {
  const directory = await mkdtemp(join(tmpdir(), "balcony-s2s-"));
  const authority = await makeAuthority("CN=authority");
  await writeFile(join(directory, "authority.pem"), authority.pem);
  const hosts: Record<string, string> = {};
  for (const domain of ["montague.example", "capulet.example"]) {
    const made = await makeCertificate({ subject: `CN=${domain}`, issuer: authority, names: { dns: [domain] } });
    const [certificate, key] = [join(directory, `${domain}.crt`), join(directory, `${domain}.key`)];
    await writeFile(certificate, made.pem);
    await writeFile(key, await keyPem(made));
    hosts[domain] = `certificate = "${certificate}"\nkey = "${key}"\n`;
  }
  try {
    const toml = `authority_files = ["${join(directory, "authority.pem")}"]\nsecurity = "certificate"\n`;
    await using servers = await federatedServers({ toml, hosts });
    using lovers = await logIn(servers);
    assert.match(await lovers.woo("by yonder blessed moon"), /by yonder blessed moon/);
    const { capulet } = servers;
    assert.equal(servers.dns.asked.filter((question) => question.includes("montague")).length, 0);
    assert.ok(capulet.log.every(({ level }) => level !== "error"));
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("s2s: where certificates are asked for, self-signed ones do not do, and the sender is told", async () => {
  await using servers = await federatedServers({ toml: 'security = "certificate"\n' });
  using lovers = await logIn(servers);
  assert.equal(await lovers.wooInVain("o swear not by the moon"), "remote-server-timeout");
});

test("s2s: a reload blocks a domain and lets it in again", async () => {
  await using servers = await federatedServers();
  using lovers = await logIn(servers);
  const { montague } = servers;
  const changed = (block: readonly string[]) => ({ ...montague.config, s2s: { ...montague.config.s2s, block } });
  await montague.server.reload(changed(["*.example"]));
  assert.match(await lovers.wooInVain("one"), /^(not-allowed|forbidden|policy-violation|remote-server-not-found)$/);
  await montague.server.reload(changed([]));
  assert.match(await lovers.woo("two"), /two/);
});

test("s2s: a server that is to talk to nobody does not [rfc6120-13.14-01] [rfc3920-2.5-01]", async () => {
  await using servers = await federatedServers({ toml: "enabled = false\n" });
  using lovers = await logIn(servers);
  assert.match(await lovers.wooInVain("one"), /^(not-allowed|remote-server-not-found)$/);
  assert.deepEqual(servers.dns.asked, []);
  using peer = await SocketClient.tcp(servers.montague.portOf("server"));
  peer.send(
    "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' from='capulet.example' to='montague.example'>",
  );
  await peer.until(/<stream:error>.*<\/stream:stream>/);
});

test("s2s: a connection that is TLS from its first byte is not offered TLS once more [xep0368-3-06]", async () => {
  await using servers = await federatedServers({ direct: true });
  const port = servers.montague.portOf("server-direct-tls");
  using peer = await SocketClient.tls(port, "montague.example", { ALPNProtocols: ["xmpp-server"] });
  assert.equal(peer.tls.alpnProtocol, "xmpp-server");
  peer.send(
    "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' from='capulet.example' to='montague.example'>",
  );
  const [features] = await peer.until(/<stream:features>.*?<\/stream:features>/);
  assert.doesNotMatch(features, /starttls/);
  assert.match(features, /dialback/);
});

test("s2s: a connection in the clear is offered nothing but TLS", async () => {
  await using servers = await federatedServers();
  using peer = await SocketClient.tcp(servers.montague.portOf("server"));
  peer.send(
    "<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' version='1.0' from='capulet.example' to='montague.example'>",
  );
  const [features] = await peer.until(/<stream:features>.*?<\/stream:features>/);
  assert.match(features, /<starttls[^>]*><required\/><\/starttls>/);
  assert.doesNotMatch(features, /dialback|mechanisms/);
});
