import assert from "node:assert/strict";
import { test } from "node:test";
import { SmQueue } from "#protocol/stream/sm/queue.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import { xml } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { makeStanza, type Stanza, type StanzaKind } from "#kit/stanza.ts";
import { anyJid } from "#testing/addresses.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { StoredHibernation, owedStanzas } from "./hibernation.ts";
import { OwedRows } from "./owed-rows.ts";
import { newlyOwed, type Owed } from "./owed-stanza.ts";

const romeo = anyJid("romeo@montague.example/orchard");
const juliet = anyJid("juliet@capulet.example/balcony");
const resumptionId = "resumption";

const sent = (kind: StanzaKind, type: string, from = romeo): Stanza =>
  makeStanza(kind, { from, to: juliet, type, id: "1" }, xml(NS_CLIENT, "body", {}, "Hark"));

/** A session of Juliet's that hibernates and owes these. */
async function hibernating(world: World, stanzas: readonly Stanza[]) {
  await world.login(juliet);
  const account = world.core.registry.sessionOf(juliet)?.account;
  assert.ok(account !== undefined);
  const queue = new SmQueue<Owed>();
  for (const stanza of stanzas) queue.push(newlyOwed(stanza, serializeBytes(stanza.element)));
  const stored = new StoredHibernation(account, resumptionId);
  const describe = () => assert.fail("the session is not described here");
  const rows = new OwedRows({ account, messages: account.host.steps.messages, queue }, stored, describe);
  /** Within the account's work, once what is written there is durable. */
  const within = async (work: () => void | Promise<void>): Promise<void> => {
    account.post(work);
    await world.settle();
  };
  const positions = (): readonly number[] =>
    world.disk
      .sortedArchive(owedStanzas.name, account.jid)
      .map(({ id }) => Number.parseInt(id.slice(resumptionId.length + 1), 36));
  const appendAll = (): void => {
    for (const [index, owed] of queue.unacknowledged().entries())
      if (owed.stanza !== undefined && rows.lacks(owed, owed.stanza)) rows.append(index + 1, owed, owed.stanza);
  };
  return { rows, queue, within, positions, appendAll };
}

for (const { what, stanza, isWhole, has } of [
  { what: "a message", stanza: sent("message", "chat"), isWhole: false, has: true },
  { what: "a request", stanza: sent("iq", "get"), isWhole: false, has: true },
  { what: "a request for subscription", stanza: sent("presence", "subscribe"), isWhole: false, has: true },
  { what: "that a contact goes", stanza: sent("presence", "unavailable"), isWhole: false, has: false },
  { what: "that a contact goes", stanza: sent("presence", "unavailable"), isWhole: true, has: true },
  {
    what: "that a device of the account's goes",
    stanza: sent("presence", "unavailable", juliet),
    isWhole: false,
    has: true,
  },
])
  test(`${what} ${has ? "gets a row, once," : "gets no row"} ${isWhole ? "when all is written" : "while the account may be needed soon"}`, async () => {
    await using world = await startWorld({ accounts: ["juliet@capulet.example"] });
    const { rows, positions, within, appendAll } = await hibernating(world, [stanza]);
    rows.isWhole = isWhole;
    await within(appendAll);
    await within(appendAll);
    assert.deepEqual(positions(), has ? [1] : []);
  });

test("what has a row leaves the memory, unless its sender waits for it, and is read back in its place", async () => {
  await using world = await startWorld({ accounts: ["juliet@capulet.example"] });
  const stanzas = [sent("iq", "get"), sent("message", "chat"), sent("iq", "set")];
  const { rows, queue, within, appendAll } = await hibernating(world, stanzas);
  const bytes = queue.unacknowledged().map((owed) => owed.bytes);
  await within(appendAll);
  for (const owed of queue.unacknowledged()) rows.letGo(owed);
  const inMemory = (): readonly boolean[] => queue.unacknowledged().map(({ stanza }) => stanza !== undefined);
  assert.deepEqual(inMemory(), [false, true, false]);
  await within(() => rows.readBack());
  assert.deepEqual(
    queue.unacknowledged().map((owed) => owed.bytes),
    bytes,
  );
  for (const owed of queue.unacknowledged()) rows.letGo(owed);
  assert.deepEqual(inMemory(), [true, true, true], "what was read back stays");
});

test("when a session hibernates no more, rows are to be removed of all that is owed, and of what was acknowledged since", async () => {
  await using world = await startWorld({ accounts: ["juliet@capulet.example"] });
  const stanzas = [sent("iq", "get"), sent("presence", "unavailable"), sent("iq", "set")];
  const { rows, queue, positions, within, appendAll } = await hibernating(world, stanzas);
  await within(appendAll);
  assert.deepEqual(positions(), [1, 3]);
  queue.acknowledge(1);
  rows.acknowledged(1);
  const left = rows.end();
  assert.deepEqual(left, [1, 3]);
  await within(() => rows.stored.remove(left));
  assert.deepEqual(positions(), []);
});

test("what was withdrawn is behind until its row is taken back, and again where that fails", async () => {
  await using world = await startWorld({ accounts: ["juliet@capulet.example"] });
  const { rows, positions, within, appendAll } = await hibernating(world, [sent("iq", "get"), sent("iq", "set")]);
  rows.isWhole = rows.isDescribed = true;
  await within(appendAll);
  assert.deepEqual([rows.isUpToDate, rows.isBehind], [true, false]);
  rows.withdraw(2);
  assert.deepEqual([rows.isUpToDate, rows.isBehind], [false, true]);
  let taken: readonly number[] = [];
  await within(() => void (taken = rows.takeBack()));
  assert.deepEqual([taken, positions()], [[2], [1]]);
  assert.deepEqual([rows.isUpToDate, rows.isBehind], [true, false]);
  rows.withdraw(...taken);
  assert.ok(rows.isBehind);
});
