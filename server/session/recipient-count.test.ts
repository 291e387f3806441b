import assert from "node:assert/strict";
import { test } from "node:test";
import { bareOf, parseJid, type BareJid } from "#protocol/jid/jid.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { RecipientCount } from "./recipient-count.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

function jid(name: string): BareJid {
  const parsed = parseJid(`${name}@capulet.example`);
  assert.ok(parsed !== undefined);
  return bareOf(parsed);
}

test("so many addresses within a window, and no more; the same again is none more [rfc6120-13.12-12]", () => {
  let now = 1_000;
  const count = new RecipientCount({ max: 2, windowMs: 60_000 }, () => now);
  const admitted = (...names: string[]) => names.map((name) => count.admits(jid(name)));
  assert.deepEqual(admitted("a", "b", "a", "c", "b", "c"), [true, true, true, false, true, false]);
  now += 59_999;
  assert.deepEqual(admitted("c"), [false]);
  now += 1;
  assert.deepEqual(admitted("c", "d", "a"), [true, true, false]);
});

test("a stanza to one address too many is refused, and goes nowhere [rfc6120-13.12-12] [rfc6120-13.12-13] [rfc6120-13.12-16]", async () => {
  const accounts = [romeo, juliet, "nurse@capulet.example", "tybalt@capulet.example"];
  await using world = await startWorld({ accounts, settings: { recipients: { max: 2, windowMs: 60_000 } } });
  const sender = await world.login(`${romeo}/orchard`);
  const tybalt = await world.login("tybalt@capulet.example/street");
  const write = (to: string) => sender.sendText(`<message to='${to}'><body>x</body></message>`);
  await write(`${juliet}/balcony`);
  await write(juliet);
  await write("nurse@capulet.example");
  sender.receivesNothing();
  await write("tybalt@capulet.example/street");
  tybalt.receivesNothing();
  const error = sender.next().child("jabber:client", "error");
  assert.deepEqual([error?.attr("type"), error?.elements()[0]?.name], ["wait", "policy-violation"]);
  assert.deepEqual(world.limitsHit, ["recipients"]);
  // Their own account, and answers to others, are not counted.
  await write(romeo);
  await sender.sendText("<iq type='result' id='1' to='tybalt@capulet.example/street'/>");
  assert.equal(tybalt.next().attr("type"), "result");
  await world.advance(60_000);
  await write("tybalt@capulet.example/street");
  assert.equal(tybalt.next().name, "message");
});
