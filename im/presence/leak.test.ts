import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { domainOf, parseJid } from "#protocol/jid/jid.ts";
import { xml } from "#protocol/xml/element.ts";
import { makeStanza } from "#kit/stanza.ts";
import { reachState } from "#testing/scenario/subscriptions.ts";
import { startWorld } from "#testing/scenario/world.ts";

const juliet = "juliet@capulet.example";
const romeo = "romeo@montague.example";
const accounts = [juliet, romeo];

const ping = (type: string, to: string): string =>
  `<iq type='${type}' id='p' to='${to}'><q xmlns='urn:example:q'/></iq>`;

for (const [state, passes] of [
  ["None", false],
  ["None + Pending In", false],
  ["To", false],
  ["From", true],
  ["Both", true],
] as const)
  describe(`a request to a resource, from a contact in state ${state} [rfc6121-8.5.3.1-01] [rfc6121-11-02]`, () => {
    for (const type of ["get", "set"])
      test(`${type} ${passes ? "passes" : "is answered as if nobody were there"}`, async () => {
        await using world = await startWorld({ accounts });
        const balcony = await world.login(`${juliet}/balcony`);
        const orchard = await world.login(`${romeo}/orchard`);
        await reachState(balcony, orchard, state);
        await orchard.sendText(ping(type, `${juliet}/balcony`));
        assert.equal(balcony.pending.length, passes ? 1 : 0);
        const toSomebody = orchard.pending.length === 0 ? undefined : orchard.next();
        if (passes) assert.equal(toSomebody, undefined);
        else {
          await orchard.sendText(ping(type, `${juliet}/tomb`));
          const toNobody = orchard.next();
          for (const error of [toSomebody, toNobody])
            assert.equal(error?.child("jabber:client", "error")?.elements()[0]?.name, "service-unavailable");
        }
      });

    for (const type of ["result", "error"])
      test(`${type} passes: somebody waits for it [rfc6121-8.5.3.1-02]`, async () => {
        await using world = await startWorld({ accounts });
        const balcony = await world.login(`${juliet}/balcony`);
        const orchard = await world.login(`${romeo}/orchard`);
        await reachState(balcony, orchard, state);
        await orchard.sendText(`<iq type='${type}' id='p' to='${juliet}/balcony'/>`);
        balcony.receives(`<iq type='${type}' id='p' from='${romeo}/orchard' to='${juliet}/balcony'/>`);
        orchard.receivesNothing();
      });
  });

describe("directed presence lets requests pass, for as long as it holds", () => {
  for (const to of [romeo, `${romeo}/orchard`, `${romeo}/garden`])
    test(to, async () => {
      await using world = await startWorld({ accounts });
      const balcony = await world.login(`${juliet}/balcony`);
      const chamber = await world.login(`${juliet}/chamber`);
      const orchard = await world.login(`${romeo}/orchard`);
      await balcony.sendText(`<presence to='${to}'/>`);
      orchard.ignoreAll();
      await orchard.sendText(ping("get", `${juliet}/balcony`));
      assert.equal(balcony.next().attr("type"), "get");
      await orchard.sendText(ping("get", `${juliet}/chamber`));
      chamber.receivesNothing();
      assert.equal(orchard.next().attr("type"), "error");
      await balcony.sendText(`<presence to='${to}' type='unavailable'/>`);
      orchard.ignoreAll();
      await orchard.sendText(ping("get", `${juliet}/balcony`));
      balcony.receivesNothing();
      assert.equal(orchard.next().attr("type"), "error");
    });
});

test("one's own resources reach each other, with whatever they ask [rfc6121-6-01]", async () => {
  await using world = await startWorld({ accounts });
  const balcony = await world.login(`${juliet}/balcony`);
  const chamber = await world.login(`${juliet}/chamber`);
  await chamber.sendText(ping("get", `${juliet}/balcony`));
  balcony.receives(
    `<iq type='get' id='p' from='${juliet}/chamber' to='${juliet}/balcony'><q xmlns='urn:example:q'/></iq>`,
  );
});

test("a request to an account is answered by its server, and never handed to its resources [rfc6121-8.5.2.1.3-01] [rfc6121-8.5.2.2.3-01] [rfc6121-8.5.2.1.3-02] [rfc6121-8.5.2.2.3-02]", async () => {
  await using world = await startWorld({ accounts });
  const balcony = await world.login(`${juliet}/balcony`);
  const orchard = await world.login(`${romeo}/orchard`);
  await reachState(balcony, orchard, "Both");
  for (const present of [true, false]) {
    if (!present) await balcony.close();
    orchard.ignoreAll();
    await orchard.sendText(ping("get", juliet));
    const error = orchard.next();
    assert.equal(error.child("jabber:client", "error")?.elements()[0]?.name, "service-unavailable");
    await orchard.sendText(
      `<iq type='get' id='d' to='${juliet}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    );
    const result = orchard.next();
    assert.deepEqual([result.attr("type"), result.attr("from")], ["result", juliet]);
    assert.equal(balcony.pending.filter(({ name }) => name === "iq").length, 0);
  }
});

test("a request to nobody is service-unavailable, an answer to nobody is dropped [rfc6121-8.5.1-01] [rfc6121-8.5.3.2.3-01]", async () => {
  await using world = await startWorld({ accounts });
  const orchard = await world.login(`${romeo}/orchard`);
  for (const to of ["rosaline@capulet.example", "rosaline@capulet.example/x", `${juliet}/tomb`]) {
    await orchard.sendText(ping("set", to));
    assert.equal(orchard.next().child("jabber:client", "error")?.elements()[0]?.name, "service-unavailable");
    await orchard.sendText(`<iq type='result' id='r' to='${to}'/>`);
    orchard.receivesNothing();
  }
});

test("the user's own server may ask a resource", async () => {
  await using world = await startWorld({ accounts });
  const balcony = await world.login(`${juliet}/balcony`);
  const [from, to] = [parseJid("capulet.example"), parseJid(`${juliet}/balcony`)];
  assert.ok(from !== undefined && to !== undefined);
  const question = makeStanza("iq", { from, to, type: "get", id: "q" }, xml("urn:example:q", "q"));
  world.core.hosts.get(domainOf(to))?.route(question);
  await world.settle();
  assert.equal(balcony.next().attr("from"), "capulet.example");
});
