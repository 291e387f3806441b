import assert from "node:assert/strict";
import { test } from "node:test";
import { startNeighbours } from "#testing/scenario/neighbours.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const hourMs = 3_600_000;

function chat(body: string): string {
  return `<message to='${juliet}' type='chat' id='${body}'><body>${body}</body></message>`;
}

test("not a word of a user goes to a server before it is known whose it is: the domain's that was asked for [rfc7711-5-01] [rfc7712-5.1-02] [rfc7712-5.2-02]", async () => {
  await using neighbours = await startNeighbours();
  const { montague, capulet, network, env } = neighbours;
  const { promise, resolve } = Promise.withResolvers<void>();
  const questions: string[] = [];
  network.verdictOn = async ({ local, remote }, verdict) => {
    questions.push(`${remote} to ${local}`);
    await promise;
    return verdict;
  };
  const orchard = await montague.login(`${romeo}/orchard`);
  const balcony = await capulet.login(`${juliet}/balcony`);
  await balcony.sendText("<presence/>");
  balcony.ignoreAll();
  await orchard.sendText(chat("one"));
  await env.advance(1_000);
  assert.equal(network.wires.length, 1);
  balcony.receivesNothing();
  assert.deepEqual(questions, ["capulet.example to montague.example"]);
  resolve();
  await env.advance(1_000);
  assert.match(balcony.next().attr("id") ?? "", /^one$/);
});

test("a stream ends when what it rests on is good no longer, and the next message makes another [rfc6120-13.7.2.3-01]", async () => {
  await using neighbours = await startNeighbours({ federation: { bidirectional: false } });
  const { montague, capulet, network, env } = neighbours;
  const end = env.now() + hourMs;
  network.verdictOn = (_, verdict) => (verdict.trusted ? { ...verdict, until: Math.max(end, env.now() + 1) } : verdict);
  const orchard = await montague.login(`${romeo}/orchard`);
  const balcony = await capulet.login(`${juliet}/balcony`);
  await balcony.sendText("<presence/>");
  balcony.ignoreAll();
  const send = async (body: string): Promise<void> => {
    await orchard.sendText(chat(body));
    await env.advance(1_000);
    assert.equal(balcony.next().attr("id"), body);
  };
  await send("one");
  await env.advance(5 * 60_000);
  await send("two");
  assert.equal(network.wires.length, 1);
  // Not idle for so long that it would end for that.
  while (env.now() < end) {
    await env.advance(5 * 60_000);
    await send(`at ${env.now()}`);
  }
  await env.advance(60_000);
  await send("last");
  assert.ok(network.wires.length > 1, "the old stream goes on");
});

for (const { name, security, verdict } of [
  {
    name: "whose certificate is for another",
    security: "certificate",
    verdict: { trusted: false, reason: "it is not for capulet.example" },
  },
  {
    name: "that its domain disowns, though dialback would do",
    security: "dialback",
    verdict: { trusted: false, reason: "it is not for capulet.example", forbidden: true },
  },
] as const) {
  test(`a server ${name} is left, and the log says why [rfc9525-6.6-03]`, async () => {
    await using neighbours = await startNeighbours({ federation: { security } });
    const { montague, network, env } = neighbours;
    network.verdictOn = () => verdict;
    const orchard = await montague.login(`${romeo}/orchard`);
    await orchard.sendText(chat("one"));
    await env.advance(1_000);
    assert.equal(orchard.next().attr("type"), "error");
    const lines = montague.log.filter(({ level }) => level === "info" || level === "warn");
    assert.match(JSON.stringify(lines), /it is not for capulet\.example/);
    assert.equal(montague.core.federation?.streams.size, 0);
  });
}
