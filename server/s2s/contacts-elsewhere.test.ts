import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { befriend } from "#testing/scenario/befriend.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startNeighbours, type Neighbours } from "#testing/scenario/neighbours.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

/** What came, in short: `presence subscribe juliet@…`. */
function heard(client: ScriptedClient): readonly string[] {
  const lines = client.pending.map((stanza) =>
    [stanza.name, stanza.attr("type"), stanza.attr("from") ?? "-"].filter((part) => part !== undefined).join(" "),
  );
  client.ignoreAll();
  return lines;
}

async function friends(
  neighbours: Neighbours,
): Promise<{ readonly orchard: ScriptedClient; readonly balcony: ScriptedClient }> {
  const both = await befriend(neighbours);
  both.orchard.ignoreAll();
  both.balcony.ignoreAll();
  return both;
}

describe("people at two servers", () => {
  test("become contacts, see one another come and go, and are none any more [rfc6121-3.1.2-06] [rfc6121-3.3.2-03]", async () => {
    await using neighbours = await startNeighbours();
    const { montague, capulet } = neighbours;
    const orchard = await montague.login(`${romeo}/orchard`);
    const balcony = await capulet.login(`${juliet}/balcony`);
    for (const client of [orchard, balcony])
      await client.sendText("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence/>");
    orchard.ignoreAll();
    balcony.ignoreAll();
    await orchard.sendText(`<presence type='subscribe' to='${juliet}'/>`);
    assert.deepEqual(heard(balcony), [`presence subscribe ${romeo}`]);
    await balcony.sendText(`<presence type='subscribed' to='${romeo}'/>`);
    assert.deepEqual(heard(orchard).slice(1), [
      `presence subscribed ${juliet}`,
      "iq set -",
      `presence ${juliet}/balcony`,
    ]);
    await balcony.sendText("<presence><show>away</show></presence>");
    assert.deepEqual(heard(orchard), [`presence ${juliet}/balcony`]);
    heard(balcony);
    await orchard.sendText("<presence><show>dnd</show></presence>");
    assert.deepEqual(heard(balcony), []);
    await balcony.close();
    assert.ok(heard(orchard).includes(`presence unavailable ${juliet}/balcony`));
    await orchard.sendText(`<presence type='unsubscribe' to='${juliet}'/>`);
    const again = await capulet.login(`${juliet}/balcony`);
    await again.sendText("<presence/>");
    heard(orchard);
    await again.sendText("<presence><show>xa</show></presence>");
    assert.deepEqual(heard(orchard), []);
  });

  test("learn who is there when they come: probes are answered across", async () => {
    await using neighbours = await startNeighbours();
    const { orchard, balcony } = await friends(neighbours);
    await orchard.close();
    assert.deepEqual(heard(balcony), [`presence unavailable ${romeo}/orchard`]);
    const again = await neighbours.montague.login(`${romeo}/garden`);
    await again.sendText("<presence/>");
    assert.ok(heard(again).includes(`presence ${juliet}/balcony`));
    assert.deepEqual(heard(balcony), [`presence ${romeo}/garden`]);
  });

  test("are told that somebody is not there, by an account that does not exist [rfc6121-4.3.2-01] [rfc6120-10.4.3-04]", async () => {
    await using neighbours = await startNeighbours();
    const { orchard } = await friends(neighbours);
    await orchard.sendText(`<presence type='subscribe' to='nobody@capulet.example'/>`);
    await orchard.sendText(`<presence type='probe' to='nobody@capulet.example'/>`);
    await orchard.sendText(`<message type='chat' to='nobody@capulet.example'><body>x</body></message>`);
    const lines = heard(orchard);
    assert.ok(lines.includes("message error nobody@capulet.example"), lines.join("; "));
  });

  test("keep messages for one another while they are away", async () => {
    await using neighbours = await startNeighbours();
    const { orchard, balcony } = await friends(neighbours);
    await balcony.close();
    await orchard.sendText(`<message type='chat' to='${juliet}'><body>good night</body></message>`);
    const again = await neighbours.capulet.login(`${juliet}/balcony`);
    await again.sendText("<presence/>");
    const kept = again.pending.find(({ name }) => name === "message");
    assert.equal(kept?.child(NS_CLIENT, "body")?.text, "good night");
    assert.match(serialize(kept), /urn:xmpp:delay/u);
  });

  const questions: readonly (readonly [what: string, to: string, payload: string])[] = [
    ["a vCard", juliet, "<vCard xmlns='vcard-temp'/>"],
    ["a ping of a server", "capulet.example", "<ping xmlns='urn:xmpp:ping'/>"],
    ["what a server is", "capulet.example", "<query xmlns='http://jabber.org/protocol/disco#info'/>"],
    ["the version of a server", "capulet.example", "<query xmlns='jabber:iq:version'/>"],
    ["a ping of an account", juliet, "<ping xmlns='urn:xmpp:ping'/>"],
  ];
  for (const [what, to, payload] of questions)
    test(`ask for ${what} across`, async () => {
      await using neighbours = await startNeighbours();
      const { orchard, balcony } = await friends(neighbours);
      await balcony.sendText("<iq type='set' id='v'><vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard></iq>");
      await orchard.sendText(`<iq type='get' id='q' to='${to}'>${payload}</iq>`);
      const answer = orchard.pending.find((stanza) => stanza.attr("id") === "q");
      assert.equal(answer?.attr("type"), "result");
      assert.equal(answer.attr("from"), to);
    });

  test("S14 under which id an account keeps a message is nobody else's business", async () => {
    await using neighbours = await startNeighbours();
    const { orchard, balcony } = await friends(neighbours);
    const forged = `<stanza-id xmlns='urn:xmpp:sid:0' by='${juliet}' id='forged'/>`;
    await orchard.sendText(`<message type='chat' to='${juliet}'><body>x</body>${forged}</message>`);
    const ids = balcony
      .next()
      .elements()
      .filter(({ name }) => name === "stanza-id");
    assert.deepEqual(
      ids.map((id) => id.attr("by")),
      [juliet],
    );
    assert.notEqual(ids[0]?.attr("id"), "forged");
  });

  test("see carbons of what their other clients write across", async () => {
    await using neighbours = await startNeighbours();
    const { orchard, balcony } = await friends(neighbours);
    const garden = await neighbours.montague.login(`${romeo}/garden`);
    await garden.sendText("<presence/><iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    orchard.ignoreAll();
    balcony.ignoreAll();
    garden.ignoreAll();
    await orchard.sendText(`<message type='chat' to='${juliet}'><body>sent</body></message>`);
    assert.match(serialize(garden.next()), /<sent .*sent/u);
    await balcony.sendText(`<message type='chat' to='${romeo}/orchard'><body>got</body></message>`);
    assert.match(serialize(garden.next()), /<received .*got/u);
  });

  test("who is blocked is refused, and sees nothing", async () => {
    await using neighbours = await startNeighbours();
    const { orchard, balcony } = await friends(neighbours);
    await balcony.sendText(
      `<iq type='set' id='b'><block xmlns='urn:xmpp:blocking'><item jid='montague.example'/></block></iq>`,
    );
    assert.ok(heard(orchard).includes(`presence unavailable ${juliet}/balcony`));
    await orchard.sendText(`<message type='chat' to='${juliet}'><body>x</body></message>`);
    assert.deepEqual(heard(orchard), [`message error ${juliet}`]);
    balcony.ignoreAll();
    await balcony.sendText("<presence><show>away</show></presence>");
    assert.deepEqual(heard(orchard), []);
  });

  test("whose server has died are not there", async () => {
    await using neighbours = await startNeighbours();
    const { orchard } = await friends(neighbours);
    neighbours.network.set("capulet.example", "not-found");
    for (const wire of neighbours.network.wires) wire.cut();
    await neighbours.env.advance(100_000);
    orchard.ignoreAll();
    await orchard.sendText("<presence><show>away</show></presence>");
    await neighbours.env.advance(100_000);
    const lines = heard(orchard);
    assert.ok(
      lines.every((line) => !line.startsWith("iq")),
      lines.join("; "),
    );
  });
});
