import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { serialize } from "#protocol/xml/serialize.ts";
import { befriend, instantMessaging } from "#testing/scenario/contacts.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { presenceWitness } from "#testing/scenario/subscriptions.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];
const ping = "<ping xmlns='urn:xmpp:ping'/>";
const unknown = "<x xmlns='urn:example:unknown' a='1'><y/>z</x>";

/** Romeo in the orchard and Juliet on the balcony, both available and with nothing to read. */
async function pair(world: World): Promise<readonly [orchard: ScriptedClient, balcony: ScriptedClient]> {
  const balcony = await world.login(`${juliet}/balcony`);
  const orchard = await world.login(`${romeo}/orchard`);
  for (const client of [balcony, orchard]) {
    await client.sendText("<presence/>");
    client.ignoreAll();
  }
  return [orchard, balcony];
}

function errorOf(client: ScriptedClient): string | undefined {
  const stanza = client.next();
  assert.equal(stanza.attr("type"), "error", serialize(stanza));
  return stanza.child("jabber:client", "error")?.elements()[0]?.name;
}

describe("what is for a resource that is connected", () => {
  for (const stanza of [
    `<message to='${juliet}/balcony' id='1'><body>x</body>${unknown}</message>`,
    `<message to='${juliet}/balcony' type='headline'>${unknown}</message>`,
    `<presence to='${juliet}/balcony'>${unknown}</presence>`,
    `<iq type='result' id='1' to='${juliet}/balcony'>${unknown}</iq>`,
  ])
    test(`${stanza} is delivered there as it is [rfc6120-8-01] [rfc6120-8.1.1.1-03] [rfc6120-8.4-13] [rfc6120-10.5-03] [rfc6120-10.5.4-02]`, async () => {
      await using world = await startWorld({ accounts, options: { archive: false } });
      const [orchard, balcony] = await pair(world);
      const chamber = await world.login(`${juliet}/chamber`);
      await chamber.sendText("<presence/>");
      for (const client of [balcony, chamber]) client.ignoreAll();
      await orchard.sendText(stanza);
      balcony.receives(stanza.replace(" to=", ` from='${romeo}/orchard' to=`));
      chamber.receivesNothing();
      orchard.receivesNothing();
    });

  test("has children and attributes of any namespace [rfc6120-4.1-02] [rfc6120-4.8.5-08] [rfc6120-8.4-01] [rfc6120-8.4-03] [rfc6120-8.4-05]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard, balcony] = await pair(world);
    const inside = "<body p:b='2'>x</body><p:q xmlns:r='urn:r'><r:s/></p:q>";
    await orchard.sendText(`<message xmlns:p='urn:p' p:a='1' to='${juliet}/balcony'>${inside}</message>`);
    const message = balcony.next();
    assert.equal(message.attr("{urn:p}a"), "1");
    assert.equal(message.child("jabber:client", "body")?.attr("{urn:p}b"), "2");
    assert.equal(message.child("urn:p", "q")?.child("urn:r", "s")?.name, "s");
  });

  test("is handled when it is complete, and not before [rfc6120-8-02]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard, balcony] = await pair(world);
    await orchard.sendText(`<message to='${juliet}/balcony'><body>x</body>`);
    balcony.receivesNothing();
    await orchard.sendText("</message>");
    assert.equal(balcony.next().child("jabber:client", "body")?.text, "x");
  });
});

describe("what is for an account", () => {
  test("a message reaches a connected resource, with its `to` as it was [rfc6120-8.1.1.1-03] [rfc6120-8.2.1-01] [rfc6120-10.5.3.2-01]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard, balcony] = await pair(world);
    await orchard.sendText(`<message to='${juliet}' type='chat'><body>x</body></message>`);
    balcony.receives(`<message from='${romeo}/orchard' to='${juliet}' type='chat'><body>x</body></message>`);
  });

  test("a message is kept until somebody is there [rfc6120-10.5.3.2-02]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const orchard = await world.login(`${romeo}/orchard`);
    await orchard.sendText(`<message to='${juliet}' type='chat'><body>x</body></message>`);
    orchard.receivesNothing();
    const balcony = await world.login(`${juliet}/balcony`);
    await balcony.sendText("<presence/>");
    assert.ok(balcony.pending.some((stanza) => stanza.child("jabber:client", "body")?.text === "x"));
  });

  test("presence reaches the resources that are available, and no others [rfc6120-10.5.3.2-03]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard, balcony] = await pair(world);
    const chamber = await world.login(`${juliet}/chamber`);
    await orchard.sendText(`<presence to='${juliet}'/>`);
    balcony.receives(`<presence from='${romeo}/orchard' to='${juliet}'/>`);
    chamber.receivesNothing();
  });

  test("presence is for nobody where nobody is available [rfc6120-10.5.3.2-04]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const orchard = await world.login(`${romeo}/orchard`);
    const chamber = await world.login(`${juliet}/chamber`);
    await chamber.sendText("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
    chamber.ignoreAll();
    await orchard.sendText(`<presence to='${juliet}'/>`);
    orchard.receivesNothing();
    chamber.receivesNothing();
    const balcony = await world.login(`${juliet}/balcony`);
    await balcony.sendText("<presence/>");
    assert.ok(balcony.pending.every((stanza) => stanza.attr("from") === `${juliet}/balcony`));
  });

  test("an iq is answered by the server, not by a resource [rfc6120-10.5.3.2-05]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard, balcony] = await pair(world);
    await balcony.sendText("<iq type='set' id='v'><vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard></iq>");
    balcony.ignoreAll();
    await orchard.sendText(`<iq type='get' id='v' to='${juliet}'><vCard xmlns='vcard-temp'/></iq>`);
    orchard.receives(
      `<iq type='result' id='v' from='${juliet}' to='${romeo}/orchard'><vCard xmlns='vcard-temp'><FN>Juliet</FN></vCard></iq>`,
    );
    await orchard.sendText(`<iq type='get' id='p' to='${juliet}'>${unknown}</iq>`);
    assert.equal(errorOf(orchard), "service-unavailable");
    balcony.receivesNothing();
  });

  test("a message to a resource that is gone is one to the account [rfc6120-10.5.4-01]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard, balcony] = await pair(world);
    await orchard.sendText(`<message to='${juliet}/tomb' type='chat'><body>x</body></message>`);
    balcony.receives(`<message from='${romeo}/orchard' to='${juliet}/tomb' type='chat'><body>x</body></message>`);
  });

  test("all to one recipient arrive in order, by its full or bare address [rfc6120-10.1-01] [rfc6120-10.1-02]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard, balcony] = await pair(world);
    const count = 200;
    const sent = Array.from({ length: count }, (_, index) => {
      const to = index % 3 === 0 ? juliet : `${juliet}/balcony`;
      return `<message to='${to}' type='chat' id='${index}'><body>x</body></message>`;
    });
    await orchard.sendText(sent.join(""));
    assert.deepEqual(
      balcony.pending.map((stanza) => stanza.attr("id")),
      sent.map((_, index) => String(index)),
    );
  });

  test("what follows a request finds it done [rfc6120-10.1-06]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const orchard = await world.login(`${romeo}/orchard`);
    const item = `<item jid='${juliet}' name='J'/>`;
    await orchard.sendText(
      `<iq type='set' id='1'><query xmlns='jabber:iq:roster'>${item}</query></iq>` +
        "<iq type='get' id='2'><query xmlns='jabber:iq:roster'/></iq>",
    );
    const roster = orchard.pending.find((stanza) => stanza.attr("id") === "2");
    assert.equal(roster?.elements()[0]?.elements()[0]?.attr("jid"), juliet);
  });
});

describe("what is for nobody", () => {
  test("a message is one to its sender's own account [rfc6120-10.3-01] [rfc6120-10.3.1-01]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard, balcony] = await pair(world);
    await orchard.sendText("<message type='chat'><body>x</body></message>");
    orchard.receives(`<message from='${romeo}/orchard' to='${romeo}' type='chat'><body>x</body></message>`);
    balcony.receivesNothing();
  });

  test("presence goes to those who are subscribed, unknown children and all [rfc6120-8.4-10] [rfc6120-8.4-11] [rfc6120-10.3-01] [rfc6120-10.3.2-01] [rfc6120-13.10.2-01]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard, balcony] = await pair(world);
    await orchard.sendText(`<presence>${unknown}</presence>`);
    balcony.receivesNothing();
    await befriend(orchard, balcony);
    for (const client of [orchard, balcony]) client.ignoreAll();
    await orchard.sendText(`<presence>${unknown}</presence>`);
    balcony.receives(`<presence from='${romeo}/orchard' to='${juliet}'>${unknown}</presence>`);
    // Available it is, so messages reach it.
    await balcony.sendText(`<message to='${romeo}' type='chat'><body>x</body></message>`);
    assert.ok(orchard.pending.some((stanza) => stanza.name === "message"));
  });

  test("an iq is for the account: what is known is handled [rfc6120-10.3-01] [rfc6120-10.3.3-01] [rfc6120-10.3.3-02]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard] = await pair(world);
    await orchard.sendText("<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>");
    orchard.receives(
      `<iq type='result' id='1' to='${romeo}/orchard'><query xmlns='jabber:iq:roster' ver='{any}'/></iq>`,
    );
    await orchard.sendText("<iq type='set' id='2'><query xmlns='jabber:iq:roster'/></iq>");
    assert.equal(errorOf(orchard), "bad-request");
  });

  test("an iq that is not known is answered so [rfc6120-8.3.1-01] [rfc6120-8.4-07] [rfc6120-8.4-08] [rfc6120-8.4-12] [rfc6120-10.3.3-03]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard] = await pair(world);
    for (const type of ["get", "set"]) {
      await orchard.sendText(`<iq type='${type}' id='1'>${unknown}</iq>`);
      assert.equal(errorOf(orchard), "service-unavailable");
    }
  });

  for (const answer of ["<iq type='result' id='1'/>", "<iq type='error' id='1'><error type='cancel'/></iq>"])
    test(`${answer} that nobody waits for is ignored [rfc6120-8.2.3-06] [rfc6120-10.3.3-04]`, async () => {
      await using world = await startWorld({ accounts, options: { archive: false } });
      const [orchard] = await pair(world);
      await orchard.sendText(answer);
      orchard.receivesNothing();
    });
});

describe("what is for the server itself", () => {
  test("a request that it knows is answered from its domain [rfc6120-8.1.2.1-02] [rfc6120-8.2.3-04] [rfc6120-10.5.1-01]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard] = await pair(world);
    await orchard.sendText(`<iq type='get' id='p' to='montague.example'>${ping}</iq>`);
    orchard.receives(`<iq type='result' id='p' from='montague.example' to='${romeo}/orchard'/>`);
  });

  for (const [to, rules] of [
    ["montague.example", "[rfc6120-8.4-09] [rfc6120-10.5.1-01]"],
    ["montague.example/desk", "[rfc6120-10.5.2-01]"],
    ["capulet.example", "[rfc6120-10.5-01] [rfc6120-10.5.1-01]"],
    ["capulet.example/desk", "[rfc6120-10.5.2-01]"],
  ])
    test(`whatever else is for ${to} is returned or ignored ${rules}`, async () => {
      await using world = await startWorld({ accounts, options: { archive: false } });
      const [orchard, balcony] = await pair(world);
      await orchard.sendText(`<message to='${to}'>${unknown}</message>`);
      assert.equal(errorOf(orchard), "service-unavailable");
      await orchard.sendText(`<iq type='get' id='p' to='${to}'>${unknown}</iq>`);
      assert.equal(errorOf(orchard), "service-unavailable");
      await orchard.sendText(`<presence to='${to}'/>`);
      if (orchard.pending.length > 0) assert.equal(errorOf(orchard), "service-unavailable");
      balcony.receivesNothing();
    });

  test("each of its domains is served by itself, and by no other [rfc6120-10.5-01] [rfc6120-10.5-03]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard] = await pair(world);
    await orchard.sendText(`<iq type='get' id='p' to='capulet.example'>${ping}</iq>`);
    orchard.receives(`<iq type='result' id='p' from='capulet.example' to='${romeo}/orchard'/>`);
  });
});

describe("what is for a user who is not there", () => {
  for (const to of ["tybalt@capulet.example", "tybalt@capulet.example/sword", "tybalt@montague.example"]) {
    test(`a message to ${to} is returned, and goes nowhere else [rfc6120-10.5-04] [rfc6120-10.5.3.1-01]`, async () => {
      await using world = await startWorld({ accounts, options: { archive: false } });
      const [orchard] = await pair(world);
      await orchard.sendText(`<message to='${to}'><body>x</body></message>`);
      assert.equal(errorOf(orchard), "service-unavailable");
    });
    test(`presence to ${to} is ignored [rfc6120-10.5.3.1-02]`, async () => {
      const { module, arrivals } = presenceWitness();
      await using world = await startWorld({ accounts, modules: [...instantMessaging, module] });
      const [orchard] = await pair(world);
      arrivals.length = 0;
      await orchard.sendText(`<presence to='${to}'/>`);
      orchard.receivesNothing();
      // Not even an answer that the sender's server would keep to itself.
      assert.deepEqual(arrivals, []);
    });
    test(`a request to ${to} is returned [rfc6120-10.5.3.1-03]`, async () => {
      await using world = await startWorld({ accounts, options: { archive: false } });
      const [orchard] = await pair(world);
      await orchard.sendText(`<iq type='get' id='p' to='${to}'>${ping}</iq>`);
      assert.equal(errorOf(orchard), "service-unavailable");
    });
  }
});

test("what is for a domain that cannot be reached is returned [rfc6120-8.3.1-01] [rfc6120-10.4.3-01]", async () => {
  await using world = await startWorld({ accounts, options: { archive: false } });
  const [orchard] = await pair(world);
  for (const stanza of [
    "<message to='a@verona.example'><body>x</body></message>",
    `<iq type='get' id='p' to='verona.example'>${ping}</iq>`,
  ]) {
    await orchard.sendText(stanza);
    assert.equal(errorOf(orchard), "remote-server-not-found");
  }
});

describe("what the server makes", () => {
  test("for a client is to its full address, and from nobody or from its account [rfc6120-8.1.1.1-04] [rfc6120-8.1.2.1-03]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard] = await pair(world);
    await orchard.sendText(
      "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>" +
        `<iq type='set' id='2'><query xmlns='jabber:iq:roster'><item jid='${juliet}'/></query></iq>` +
        `<iq type='get' id='3'>${unknown}</iq><iq type='get' id='4' to='${romeo}'>${unknown}</iq>`,
    );
    assert.ok(orchard.pending.length >= 5);
    for (const stanza of orchard.pending) {
      assert.equal(stanza.attr("to"), orchard.jid);
      assert.ok([undefined, romeo].includes(stanza.attr("from")), serialize(stanza));
    }
  });

  test("has no attributes of other namespaces, whatever it answers [rfc6120-8.4-04]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const [orchard] = await pair(world);
    for (const stanza of [
      "<iq xmlns:p='urn:p' p:a='1' type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
      `<iq xmlns:p='urn:p' p:a='1' type='get' id='1'>${unknown}</iq>`,
      "<message xmlns:p='urn:p' p:a='1' to='tybalt@capulet.example'><body>x</body></message>",
    ]) {
      await orchard.sendText(stanza);
      const names = orchard.next().attributes.map(([name]) => name);
      assert.ok(
        names.every((name) => ["from", "to", "id", "type", "xml:lang"].includes(name)),
        names.join(" "),
      );
    }
  });

  test("tells nobody where a client is connected from [rfc6120-13.10.1-01]", async () => {
    await using world = await startWorld({ accounts, options: { archive: false } });
    const balcony = await world.login(`${juliet}/balcony`);
    const orchard = world.connect({ address: "198.51.100.77" });
    await orchard.authenticate("romeo", "montague.example", "romeo");
    await orchard.bind("orchard");
    await orchard.sendText("<presence/>");
    await balcony.sendText("<presence/>");
    await befriend(balcony, orchard);
    for (const query of ["jabber:iq:last", "jabber:iq:version", "http://jabber.org/protocol/disco#info", "vcard-temp"])
      for (const to of [romeo, `${romeo}/orchard`, "montague.example"])
        await balcony.sendText(`<iq type='get' id='q' to='${to}'><query xmlns='${query}'/></iq>`);
    await orchard.sendText(`<message to='${juliet}' type='chat'><body>x</body></message>`);
    await orchard.cut();
    assert.ok(balcony.pending.length >= 8);
    for (const stanza of balcony.pending) assert.doesNotMatch(serialize(stanza), /198\.51\.100\.77/);
  });
});

describe("a stranger cannot tell who is there", () => {
  for (const kind of ["<message type='normal'", "<iq type='get' id='1'", "<iq type='set' id='1'"])
    test(`${kind} to a resource that is there, that is not, and to nobody [rfc6120-8.3.3.7-02] [rfc6120-8.3.3.13-02] [rfc6120-8.3.3.19-02] [rfc6120-13.10.2-01] [rfc6120-13.10.2-02]`, async () => {
      const answers = async (to: string): Promise<string> => {
        await using world = await startWorld({ accounts, options: { archive: false } });
        const [orchard] = await pair(world);
        await orchard.sendText(`${kind} to='${to}'>${unknown}</${kind.slice(1).split(" ")[0]}>`);
        return orchard.pending.map((stanza) => serialize(stanza).replaceAll(to, "them")).join("");
      };
      const there = await answers(`${juliet}/balcony`);
      assert.equal(await answers(`${juliet}/tomb`), there);
      assert.doesNotMatch(there, /item-not-found|recipient-unavailable/);
      if (kind.startsWith("<iq")) {
        assert.match(there, /service-unavailable/);
        assert.equal(await answers(juliet), there);
        assert.equal(await answers("tybalt@capulet.example/sword"), there);
      }
    });
});
