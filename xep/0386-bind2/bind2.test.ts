import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { serialize } from "#protocol/xml/serialize.ts";
import { userAgentSlot } from "#kit/log-in.ts";
import { serverModule } from "#kit/server-module.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import { befriend, instantMessaging } from "#testing/scenario/contacts.ts";
import { logInAtOnce } from "#testing/scenario/log-in-at-once.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";
import { carbons, carbonsSlot } from "../0280-carbons/server.ts";
import { clientState } from "../0352-client-state/server.ts";
import { archive } from "../0313-archive/server.ts";
import { sasl2 } from "../0388-sasl2/server.ts";
import { bind2 } from "./server.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const phone = "d4565fa7-4d72-4749-b3d3-740edbf87770";
const laptop = "0a1b2c3d-4d72-4749-b3d3-740edbf87770";
const bind = (inner = "") => `<bind xmlns='urn:xmpp:bind:0'>${inner}</bind>`;
const tag = "<tag>Balcony</tag>";
const modules = [...instantMessaging, sasl2, bind2, carbons, clientState];

const start = (): Promise<World> => startWorld({ accounts: [romeo, juliet], modules });
const sessionOf = (world: World, jid: string) => [...world.core.registry.sessions()].find((each) => each.jid === jid);

describe("the resource", () => {
  test("begins with the client's tag [xep0386-3.2-02] [xep0386-3.2.1-01] [xep0386-3.2.1-02]", async () => {
    await using world = await start();
    const { client } = await logInAtOnce(world, romeo, { inline: bind(tag) });
    assert.match(client.jid, /^romeo@montague\.example\/Balcony\/[a-z2-7]{16}$/);
  });

  test("is the same for the same device and tag, and tells nothing of the device's id [xep0386-3.2.1-03] [xep0386-3.2.1-04] [xep0386-3.2.1-05] [xep0388-2.3-07]", async () => {
    await using world = await start();
    const resource = async (device: string | undefined, inner: string, user = romeo): Promise<string> => {
      const more = device === undefined ? {} : { device };
      const { client } = await logInAtOnce(world, user, { ...more, inline: bind(inner) });
      return client.jid.slice(user.length + 1);
    };
    const first = await resource(phone, tag);
    assert.equal(await resource(phone, tag), first);
    assert.notEqual(await resource(phone, "<tag>Other</tag>"), first.replace("Balcony", "Other"));
    assert.notEqual(await resource(laptop, tag), first);
    assert.notEqual(await resource(phone, tag, juliet), first);
    assert.notEqual(await resource(undefined, tag), await resource(undefined, tag));
    for (const part of phone.split("-")) assert.equal(first.includes(part), false);
  });

  test("is without a tag that no resource may have, or that is too long [xep0386-3.2.1-01]", async () => {
    await using world = await start();
    for (const bad of ["a\u0085b", "x".repeat(65)]) {
      const { client } = await logInAtOnce(world, romeo, { inline: bind(`<tag>${bad}</tag>`) });
      assert.match(client.jid, /^romeo@montague\.example\/[a-z2-7]{16}$/);
    }
  });
});

describe("the same client again", () => {
  test("ends its earlier session, whatever its tag was, and nobody else's [xep0386-3.2-09]", async () => {
    await using world = await start();
    const { client: old } = await logInAtOnce(world, romeo, { device: phone, inline: bind(tag) });
    const { client: other } = await logInAtOnce(world, romeo, { device: laptop, inline: bind(tag) });
    const { client: unnamed } = await logInAtOnce(world, romeo, { inline: bind(tag) });
    const { client } = await logInAtOnce(world, romeo, { device: phone, inline: bind("<tag>New</tag>") });
    assert.match(serialize(old.pending.at(-1) ?? xml("", "nothing")), /<conflict /);
    assert.equal(old.streamClosed, true);
    const there = [...world.core.registry.sessions()].map(({ jid }) => jid);
    assert.deepEqual(there.toSorted(), [other.jid, unnamed.jid, client.jid].toSorted());
  });

  test("is let in though there is no room for another [rfc6120-7.1-04]", async () => {
    await using world = await startWorld({ accounts: [romeo], modules, settings: { sessionsPerAccountMax: 1 } });
    await logInAtOnce(world, romeo, { device: phone, inline: bind(tag) });
    const again = await logInAtOnce(world, romeo, { device: phone, inline: bind("<tag>New</tag>") });
    assert.match(again.client.jid, /\/New\//);
    const other = await logInAtOnce(world, romeo, { device: laptop, inline: bind(tag) });
    assert.equal(other.client.jid, romeo);
    assert.deepEqual(world.limitsHit, ["sessions-per-account"]);
  });
});

describe("features in one with it", () => {
  test("are switched on before anything is sent [xep0386-3.2-13] [xep0386-3.2-14]", async () => {
    await using world = await start();
    const inline = bind("<enable xmlns='urn:xmpp:carbons:2'/><inactive xmlns='urn:xmpp:csi:0'/>");
    const { answer, client } = await logInAtOnce(world, romeo, { device: phone, inline });
    assert.equal(serialize(answer.child("urn:xmpp:bind:0", "bound") ?? answer), "<bound xmlns='urn:xmpp:bind:0'/>");
    const session = sessionOf(world, client.jid);
    assert.equal(session?.get(carbonsSlot), true);
    assert.deepEqual(session.get(userAgentSlot), { id: phone, software: "Script", device: undefined });
  });

  test("are off where nobody asks", async () => {
    await using world = await start();
    const { client } = await logInAtOnce(world, romeo, { inline: bind("<active xmlns='urn:xmpp:csi:0'/>") });
    assert.equal(sessionOf(world, client.jid)?.get(carbonsSlot), false);
  });

  test("a session that begins inactive gets no presence until it is active", async () => {
    await using world = await start();
    const { client } = await logInAtOnce(world, romeo, { inline: bind("<inactive xmlns='urn:xmpp:csi:0'/>") });
    const friend = await world.login(`${juliet}/balcony`);
    client.ignoreAll();
    await befriend(client, friend);
    await friend.sendText("<presence><status>out</status></presence>");
    client.receivesNothing();
    await client.sendText("<active xmlns='urn:xmpp:csi:0'/>");
    client.receives(`<presence from='${friend.jid}' to='{any}'><status>out</status></presence>`);
  });

  test("what a feature reads is of the moment of binding, and one that fails is left out [xep0386-3.2-11]", async () => {
    const reading = serverModule({
      name: "reading",
      implements: [],
      start: () => ({
        bindFeatures: [
          { read: (account) => Promise.resolve(xml("urn:x", "sessions", { count: String(account.sessions.size) })) },
          { read: () => Promise.reject(new Error("the disc is gone")) },
        ],
      }),
    });
    await using world = await startWorld({ accounts: [romeo], modules: [...modules, reading] });
    const { answer } = await logInAtOnce(world, romeo, { inline: bind() });
    assert.match(serialize(answer), /<bound xmlns='urn:xmpp:bind:0'><sessions xmlns='urn:x' count='0'\/><\/bound>/);
    assert.equal(world.log.filter(({ level }) => level === "warn").length, 1);
  });
});

test("a client is told where its archive begins and ends [xep0386-3.2-11]", async () => {
  const options = { archive: true };
  await using world = await startWorld({ accounts: [romeo, juliet], modules: [...modules, archive], options });
  const told = async () => {
    const { answer } = await logInAtOnce(world, romeo, { inline: bind() });
    const metadata = answer.child("urn:xmpp:bind:0", "bound")?.child("urn:xmpp:mam:2", "metadata");
    return (metadata?.elements() ?? []).map((end) => `${end.name} ${end.attr("id")}`);
  };
  assert.deepEqual(await told(), []);
  const friend = await world.login(`${juliet}/balcony`);
  for (const body of ["1", "2"])
    await friend.sendText(`<message to='${romeo}' type='chat'><body>${body}</body></message>`);
  const [start = "", end = ""] = await told();
  assert.match(start, /^start ./);
  assert.match(end, /^end ./);
  assert.notEqual(start.slice(6), end.slice(4));
});

describe("messages that wait", () => {
  const chat = (body: string) => `<message to='${romeo}' type='chat' id='${body}'><body>${body}</body></message>`;
  const withArchive = [...modules, archive];
  const bodies = (client: { readonly pending: readonly XmlElement[] }): readonly string[] =>
    client.pending.flatMap((stanza) => stanza.child("jabber:client", "body")?.text ?? []);

  /** One wrote while nobody was there, another while somebody had logged in by Bind 2 and was not available. */
  const scene = async (world: World) => {
    const friend = await world.login(`${juliet}/balcony`);
    await friend.sendText(chat("before"));
    await world.advance(1_000);
    const { client } = await logInAtOnce(world, romeo, { device: phone, inline: bind() });
    await world.advance(1_000);
    await friend.sendText(chat("between"));
    client.ignoreAll();
    await client.sendText("<presence/>");
    return { client, friend };
  };

  test("S10 are left to the archive, which the client reads; what came behind its end is sent [xep0386-3.2-08]", async () => {
    await using world = await startWorld({ accounts: [romeo, juliet], modules: withArchive });
    const { client } = await scene(world);
    assert.deepEqual(bodies(client), ["between"]);
    await client.close();
    // It has not read what it was to read there: they wait for one who reads nothing. Had it, nobody else would get them.
    const old = await world.login(`${romeo}/old`);
    await old.sendText("<presence/>");
    assert.deepEqual(bodies(old), ["before"]);
  });

  test("S10 are sent where there is no archive, or none of them in it", async () => {
    await using without = await start();
    assert.deepEqual(bodies((await scene(without)).client), ["before", "between"]);
    await using never = await startWorld({
      accounts: [romeo, juliet],
      modules: withArchive,
      options: { "archive.default": "never" },
    });
    assert.deepEqual(bodies((await scene(never)).client), ["before", "between"]);
  });

  test("S10 are sent to who bound as ever, archive or not", async () => {
    await using world = await startWorld({ accounts: [romeo, juliet], modules: withArchive });
    const friend = await world.login(`${juliet}/balcony`);
    await friend.sendText(chat("before"));
    await world.advance(1_000);
    const old = await world.login(`${romeo}/old`);
    await old.sendText("<presence/>");
    assert.deepEqual(bodies(old), ["before"]);
  });

  test("go to who bound as ever when they came while both were away, whoever of them comes first", async () => {
    await using world = await startWorld({ accounts: [romeo, juliet], modules: withArchive });
    const friend = await world.login(`${juliet}/balcony`);
    await friend.sendText(chat("before"));
    await world.advance(1_000);
    const old = await world.login(`${romeo}/old`);
    await old.sendText("<presence/>");
    const { client } = await logInAtOnce(world, romeo, { inline: bind() });
    await client.sendText("<presence/>");
    assert.deepEqual([bodies(old), bodies(client)], [["before"], []]);
  });
});

test("stanzas may follow the request at once, and are those of the new session", async () => {
  await using world = await start();
  const friend = await world.login(`${juliet}/balcony`);
  const { client } = await logInAtOnce(world, romeo, {
    inline: `${bind(tag)}</authenticate><message to='${juliet}/balcony' type='chat'><body>Ay me</body></message><authenticate xmlns='urn:x'>`,
  });
  friend.receives(`<message to='${juliet}/balcony' type='chat' from='${client.jid}'><body>Ay me</body></message>`);
});
