import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJid } from "#protocol/jid/jid.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { assert as ensure } from "#protocol/assert.ts";
import { SettlementTracker } from "#kit/settlement.ts";
import { stanzaOf, Stanza } from "#kit/stanza.ts";
import { MemoryDisk } from "../storage/memory-disk.ts";
import { openMemoryStore, type MemoryStore } from "../storage/memory-store.ts";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import { OutgoingStore, outgoingShape, securedAfterMs } from "./outgoing-store.ts";

interface Setting {
  readonly env: VirtualEnv;
  readonly memory: MemoryStore;
  readonly outgoing: OutgoingStore;
  readonly tracker: SettlementTracker;
  readonly message: (body: string) => Stanza;
  /** What is stored, by the text of the bodies. */
  readonly rows: () => Promise<readonly string[]>;
}

async function setting(disk = new MemoryDisk(), env = new VirtualEnv("outgoing")): Promise<Setting> {
  const memory = openMemoryStore({ disk, schedule: (run) => env.defer(run) });
  const declared = memory.store.declare([outgoingShape]);
  await env.settle();
  await declared;
  const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined };
  const outgoing = new OutgoingStore({ env, log, store: memory.store });
  const tracker = new SettlementTracker(() => undefined);
  return {
    env,
    memory,
    outgoing,
    tracker,
    message: (body) => {
      const stanza = stanzaFrom(
        `<message type='chat' from='a@b.example/c' to='d@e.example'><body>${body}</body></message>`,
      );
      const { kind, element, from, to, type, id } = stanza;
      return new Stanza(kind, element, from, to, type, id, tracker.next());
    },
    rows: async () => {
      await env.settle();
      const page = memory.store.page(outgoingShape.name, ".", { max: 1_000, direction: "forward" });
      await env.settle();
      const found = await page;
      ensure(found.found, "nothing was asked for by id");
      return found.rows.map(({ value }) => /<body>(.*)<\/body>/u.exec(value)?.[1] ?? "");
    },
  };
}

function stanzaFrom(text: string): Stanza {
  const element = parseElement(text, NS_CLIENT);
  const from = parseJid(element.attr("from") ?? "");
  const to = parseJid(element.attr("to") ?? "");
  ensure(from !== undefined && to !== undefined, "a stanza of a test has addresses");
  return stanzaOf("message", element, from, to);
}

test("what leaves at once is never written", async () => {
  const { env, outgoing, tracker, message, rows } = await setting();
  const stanza = message("quick");
  const duty = outgoing.take(stanza);
  stanza.release();
  assert.equal(tracker.settled, 0);
  duty?.discharge();
  assert.equal(tracker.settled, 1);
  await env.advance(2 * securedAfterMs);
  assert.deepEqual(await rows(), []);
  assert.equal(env.timers, 0);
});

test("what waits is written down, and its sender waits no more; it is forgotten when it has left", async () => {
  const { env, outgoing, tracker, message, rows } = await setting();
  const duties = ["one", "two"].map((body) => {
    const stanza = message(body);
    const duty = outgoing.take(stanza);
    stanza.release();
    return duty;
  });
  await env.advance(securedAfterMs - 1);
  assert.equal(tracker.settled, 0);
  await env.advance(1);
  assert.equal(tracker.settled, 2);
  assert.deepEqual(await rows(), ["one", "two"]);
  duties[0]?.discharge();
  assert.deepEqual(await rows(), ["two"]);
  duties[1]?.discharge();
  duties[1]?.discharge();
  assert.deepEqual(await rows(), []);
  assert.equal(outgoing.rows, 0);
});

test("a clock that is set back delays nothing", async () => {
  const { env, outgoing, tracker, message, rows } = await setting();
  const take = (body: string): void => {
    const stanza = message(body);
    outgoing.take(stanza);
    stanza.release();
  };
  take("before");
  env.setClock(-3_600_000);
  take("after");
  await env.advance(securedAfterMs);
  assert.equal(tracker.settled, 2);
  assert.deepEqual(await rows(), ["before", "after"]);
  assert.equal(env.timers, 0);
});

test("what is only of the moment makes nobody wait", async () => {
  const { outgoing } = await setting();
  const composing = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
  for (const text of [
    `<message type='chat' from='a@b.example' to='d@e.example'>${composing}</message>`,
    "<message type='headline' from='a@b.example' to='d@e.example'><body>x</body></message>",
    "<message type='error' from='a@b.example' to='d@e.example'><body>x</body></message>",
    "<message type='chat' from='a@b.example' to='d@e.example'><body>x</body><no-store xmlns='urn:xmpp:hints'/></message>",
  ])
    assert.equal(outgoing.take(stanzaFrom(text)), undefined);
});

test("a disc that takes nothing is tried again, and the sender waits so long", async () => {
  const { env, memory, outgoing, tracker, message, rows } = await setting();
  const stanza = message("stubborn");
  outgoing.take(stanza);
  stanza.release();
  memory.faults.failCommits("full");
  await env.advance(3 * securedAfterMs);
  assert.equal(tracker.settled, 0);
  memory.faults.failCommits(undefined);
  await env.advance(2 * securedAfterMs);
  assert.equal(tracker.settled, 1);
  assert.deepEqual(await rows(), ["stubborn"]);
});

for (const [name, beforeNextTry] of [
  ["before it is written again", true],
  ["after it was written again", false],
] as const)
  test(`what was written though that failed is one row, and is forgotten when it has left ${name}`, async () => {
    const { env, memory, outgoing, tracker, message, rows } = await setting();
    const stanza = message("doubtful");
    const duty = outgoing.take(stanza);
    stanza.release();
    memory.faults.failCommits("unavailable", true);
    await env.advance(1.5 * securedAfterMs);
    assert.equal(tracker.settled, 0);
    memory.faults.failCommits(undefined);
    if (!beforeNextTry) await env.advance(securedAfterMs);
    assert.deepEqual([tracker.settled, outgoing.rows, await rows()], [beforeNextTry ? 0 : 1, 1, ["doubtful"]]);
    duty?.discharge();
    await env.advance(securedAfterMs);
    assert.deepEqual([tracker.settled, outgoing.rows, await rows()], [1, 0, []]);
  });

test("what was written is sent on after a restart, in order, and stays until it has left", async () => {
  const disk = new MemoryDisk();
  const before = await setting(disk);
  const count = 450;
  for (let number = 0; number < count; number += 1) before.outgoing.take(before.message(`${number}`));
  await before.env.advance(securedAfterMs);
  before.memory.faults.crash("before-durable");
  const { env, outgoing, rows } = await setting(disk, before.env);
  const sent: Stanza[] = [];
  const duties: ReturnType<OutgoingStore["take"]>[] = [];
  const reading = outgoing.readBack((stanza) => {
    sent.push(stanza);
    duties.push(outgoing.take(stanza));
  });
  await env.settle();
  assert.equal(await reading, count);
  assert.deepEqual(
    sent.map(({ element }) => element.child(NS_CLIENT, "body")?.text),
    Array.from({ length: count }, (_, number) => `${number}`),
  );
  assert.equal((await rows()).length, count);
  for (const duty of duties) duty?.discharge();
  assert.deepEqual(await rows(), []);
});

test("what goes back to its sender is forgotten when that is settled", async () => {
  const { env, outgoing, message, rows } = await setting();
  const duty = outgoing.take(message("back"));
  await env.advance(securedAfterMs);
  const settlement = duty?.handOver();
  assert.deepEqual(await rows(), ["back"]);
  settlement?.hold();
  settlement?.release();
  assert.deepEqual(await rows(), ["back"]);
  settlement?.release();
  assert.deepEqual(await rows(), []);
});

test("a stop writes down all that is under way", async () => {
  const { env, outgoing, message, rows } = await setting();
  outgoing.take(message("last words"));
  const secured = outgoing.secureAll();
  await env.settle();
  await secured;
  assert.deepEqual(await rows(), ["last words"]);
});
