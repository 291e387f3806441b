import assert from "node:assert/strict";
import { test } from "node:test";
import { federatedServers, type FederatedServers } from "#testing/federated-servers.ts";
import { SocketClient } from "#testing/socket-client.ts";

async function logIn(servers: FederatedServers) {
  const romeo = await SocketClient.tls(servers.montague.tlsPort, "montague.example", {
    ALPNProtocols: ["xmpp-client"],
  });
  await romeo.logIn("romeo", "montague.example", "romeo", "orchard");
  const juliet = await SocketClient.tls(servers.capulet.tlsPort, "capulet.example", { ALPNProtocols: ["xmpp-client"] });
  await juliet.logIn("juliet", "capulet.example", "juliet", "balcony");
  for (const client of [romeo, juliet]) client.send("<presence/>");
  return { romeo, juliet };
}

for (const direct of [false, true]) {
  test(`two started servers chat by ${direct ? "direct TLS" : "STARTTLS"}, dialback and DNS`, async () => {
    await using servers = await federatedServers({ direct });
    const { romeo, juliet } = await logIn(servers);
    romeo.send("<message to='juliet@capulet.example/balcony' type='chat'><body>art thou not Romeo</body></message>");
    const [heard] = await juliet.until(/<message[^>]*>.*?<\/message>/);
    assert.match(heard, /from=['"]romeo@montague\.example\/orchard['"]/);
    assert.match(heard, /art thou not Romeo/);
    juliet.send("<message to='romeo@montague.example/orchard' type='chat'><body>neither, fair saint</body></message>");
    const [answer] = await romeo.until(/<message[^>]*>.*?<\/message>/);
    assert.match(answer, /neither, fair saint/);
    romeo.socket.destroy();
    juliet.socket.destroy();
  });
}
