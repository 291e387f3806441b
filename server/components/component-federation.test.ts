import assert from "node:assert/strict";
import { test } from "node:test";
import { domainJid } from "#testing/addresses.ts";
import { component, failure, irc, online, romeo, secret } from "#testing/scenario/components.ts";
import { changePolicy } from "#testing/scenario/federation-policy.ts";
import { startNeighbours, type Neighbours } from "#testing/scenario/neighbours.ts";
import type { ScriptedComponent } from "#testing/scenario/scripted-component.ts";

const juliet = "juliet@capulet.example";

/** The component is montague's, and others find it in DNS. */
async function withComponent(neighbours: Neighbours, secretOfIt = secret): Promise<ScriptedComponent> {
  const { montague, network } = neighbours;
  montague.core.components.follow([component({ secret: secretOfIt })]);
  const server = network.serverOf("montague.example");
  assert.ok(server !== undefined);
  network.add({ ...server, domains: [irc] });
  const gateway = montague.connectComponent();
  await gateway.join(irc, secretOfIt);
  return gateway;
}

test("people at other servers write to a component and are written to, each domain proven by itself", async () => {
  await using neighbours = await startNeighbours();
  const gateway = await withComponent(neighbours);
  const client = await online(neighbours.capulet, `${juliet}/balcony`);
  await client.sendText(`<message to='a@${irc}' type='chat' id='1'><body>hi</body></message>`);
  await neighbours.env.advance(1_000);
  gateway.receives(
    `<message from='${juliet}/balcony' to='a@${irc}' type='chat' id='1' xml:lang='en'><body>hi</body></message>`,
  );
  await gateway.sendText(`<message from='a@${irc}/nick' to='${juliet}/balcony' type='headline' id='2'/>`);
  await neighbours.env.advance(1_000);
  const answer = client.next();
  assert.deepEqual([answer.attr("from"), answer.attr("id")], [`a@${irc}/nick`, "2"]);
  assert.ok(neighbours.network.dialled.includes(irc) && neighbours.network.dialled.includes("capulet.example"));
});

test("what people at other servers ask of a component that stays away comes back to them", async () => {
  await using neighbours = await startNeighbours();
  const gateway = await withComponent(neighbours);
  await gateway.cut();
  const client = await online(neighbours.capulet, `${juliet}/balcony`);
  await client.sendText(`<message to='a@${irc}' type='chat' id='1'><body>hi</body></message>`);
  await neighbours.env.advance(30_000);
  client.receives(
    `<message from='a@${irc}' to='${juliet}/balcony' type='error' id='1' xml:lang='en'>${failure("wait", "remote-server-timeout")}</message>`,
  );
});

test("a component is told when another server cannot be found", async () => {
  await using neighbours = await startNeighbours();
  const gateway = await withComponent(neighbours);
  await gateway.sendText(`<message from='a@${irc}' to='b@mantua.example' type='chat' id='1'><body>hi</body></message>`);
  await neighbours.env.advance(5_000);
  const answer = gateway.next();
  assert.deepEqual([answer.attr("type"), answer.attr("from")], ["error", "b@mantua.example"]);
  assert.equal(answer.child("jabber:client", "error")?.elements()[0]?.name, "remote-server-not-found");
});

test("A35 another server writes in a component's name to nobody", async () => {
  await using neighbours = await startNeighbours();
  await withComponent(neighbours);
  const { capulet, montague } = neighbours;
  capulet.core.components.follow([component({ domain: domainJid("sms.capulet.example") })]);
  const forger = capulet.connectComponent();
  await forger.join("sms.capulet.example", secret);
  const client = await online(montague, `${romeo}/orchard`);
  await forger.sendText(`<message from='a@${irc}' to='${romeo}/orchard' type='headline'/>`);
  await neighbours.env.advance(5_000);
  assert.equal(forger.pending.at(-1)?.elements()[0]?.name, "invalid-from");
  client.receivesNothing();
});

test("a component of a host that talks to nobody does so neither", async () => {
  await using neighbours = await startNeighbours();
  const gateway = await withComponent(neighbours);
  changePolicy(neighbours.montague.core, domainJid("montague.example"), undefined);
  await gateway.sendText(`<message from='a@${irc}' to='${juliet}' type='chat' id='1'><body>hi</body></message>`);
  await neighbours.env.advance(5_000);
  assert.equal(gateway.next().attr("type"), "error");
  assert.deepEqual(neighbours.network.dialled, []);
});
