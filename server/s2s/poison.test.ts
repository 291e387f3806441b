import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { startNeighbours } from "#testing/scenario/neighbours.ts";
import { ScriptedServer, type ScriptedPeer } from "#testing/scenario/scripted-server.ts";

const romeo = "romeo@montague.example";

function chat(id: string, body = id): string {
  return `<message to='iago@venice.example' type='chat' id='${id}'><body>${body}</body></message>`;
}

/** What a server says that is connected to, believes the certificate and manages streams. */
async function acceptManaged(peer: ScriptedPeer): Promise<void> {
  const header = "from='venice.example' to='montague.example' id='s1'";
  await peer.answerHeader(header, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls>");
  await peer.sendText("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  await peer.startTls();
  const mechanisms =
    "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";
  await peer.answerHeader(header, mechanisms);
  peer.ignoreAll();
  peer.expectStream();
  await peer.sendText("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
  await peer.answerHeader(header, `<sm xmlns='${NS_SM}'/>`);
  assert.equal(peer.next().name, "enable");
  await peer.sendText(`<enabled xmlns='${NS_SM}'/>`);
}

test("A13 a stanza that another server ends the stream for goes back, and what is behind it arrives", async () => {
  await using neighbours = await startNeighbours();
  const { montague, network, env } = neighbours;
  const venice = new ScriptedServer(network, () => env.settle(), { domains: ["venice.example"] });
  const orchard = await montague.login(`${romeo}/orchard`);
  await orchard.sendText(chat("first"));
  await acceptManaged(venice.last);
  await venice.last.sendText(`<a xmlns='${NS_SM}' h='1'/>`);
  venice.last.ignoreAll();
  await orchard.sendText(chat("huge", "x".repeat(20_000)) + chat("behind"));
  let tries = 0;
  let hasArrived = false;
  while (!hasArrived && tries < 20) {
    const peer = venice.last;
    const ids = peer.pending.flatMap((element) => element.attr("id") ?? []);
    if (ids.includes("huge")) {
      tries += 1;
      const known = venice.accepted.length;
      await peer.sendText(
        "<stream:error><policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>",
      );
      peer.close();
      for (let i = 0; i < 100 && venice.accepted.length === known; i += 1) await env.advance(1_000);
      assert.ok(venice.accepted.length > known, "we do not connect anew");
      await acceptManaged(venice.last);
    } else {
      assert.ok(ids.includes("behind"));
      hasArrived = true;
    }
  }
  assert.ok(hasArrived);
  assert.ok(tries <= 3, `it is sent ${tries} times`);
  assert.deepEqual(
    orchard.pending.map((stanza) => `${stanza.attr("type")} ${stanza.attr("id")}`),
    ["error huge"],
  );
});
