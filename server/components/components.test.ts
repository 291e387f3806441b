import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { domainJid } from "#testing/addresses.ts";
import {
  component,
  conditionOf,
  failure,
  irc,
  joined,
  juliet,
  online,
  romeo,
  secret,
  startWithComponents,
} from "#testing/scenario/components.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";

describe("a component", () => {
  test("is sent what is for its domain, and answers in the name of anybody there [xep0114-3-10]", async () => {
    await using world = await startWithComponents();
    const gateway = await joined(world);
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(`<message to='#chat%irc.example@${irc}/nick' type='chat'><body>hi &amp; ho</body></message>`);
    gateway.receives(
      `<message from='${romeo}/orchard' to='#chat%irc.example@${irc}/nick' type='chat'><body>hi &amp; ho</body></message>`,
    );
    await gateway.sendText(
      `<message from='anybody@${irc}/at/all' to='${romeo}/orchard' type='chat'><body>ho</body></message>`,
    );
    client.receives(
      `<message from='anybody@${irc}/at/all' to='${romeo}/orchard' type='chat'><body>ho</body><stanza-id xmlns='urn:xmpp:sid:0' by='${romeo}' id='{any}'/></message>`,
    );
  });

  test("is asked by clients, and asks them", async () => {
    await using world = await startWithComponents();
    const gateway = await joined(world);
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(`<iq to='${irc}' type='get' id='1'><query xmlns='jabber:iq:register'/></iq>`);
    gateway.receives(
      `<iq from='${romeo}/orchard' to='${irc}' type='get' id='1'><query xmlns='jabber:iq:register'/></iq>`,
    );
    await gateway.sendText(`<iq from='${irc}' to='${romeo}/orchard' type='result' id='1'/>`);
    client.receives(`<iq from='${irc}' to='${romeo}/orchard' type='result' id='1'/>`);
    await gateway.sendText(
      `<iq from='${irc}' to='montague.example' type='get' id='2'><ping xmlns='urn:xmpp:ping'/></iq>`,
    );
    gateway.receives(`<iq from='montague.example' to='${irc}' type='result' id='2'/>`);
  });

  test("and people subscribe to one another's presence", async () => {
    await using world = await startWithComponents();
    const gateway = await joined(world);
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(`<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>`);
    await client.sendText(`<presence to='friend@${irc}' type='subscribe'/>`);
    client.ignoreAll();
    gateway.receives(`<presence from='${romeo}' to='friend@${irc}' type='subscribe'/>`);
    await gateway.sendText(
      `<presence from='friend@${irc}' to='${romeo}' type='subscribed'/><presence from='friend@${irc}/irc' to='${romeo}'/>`,
    );
    assert.ok(client.pending.some((each) => each.name === "presence" && each.attr("from") === `friend@${irc}/irc`));
    await gateway.sendText(`<presence from='friend@${irc}' to='${romeo}' type='subscribe'/>`);
    await client.sendText(`<presence to='friend@${irc}' type='subscribed'/>`);
    assert.deepEqual(
      gateway.pending.map((each) => [each.name, each.attr("from"), each.attr("type")]),
      [
        ["presence", romeo, "subscribed"],
        ["presence", `${romeo}/orchard`, undefined],
      ],
    );
  });

  test("talks to another component, and to itself", async () => {
    const other = component({ domain: domainJid("sms.capulet.example") });
    await using world = await startWithComponents({ components: [component(), other] });
    const [gateway, phones] = [await joined(world), await joined(world, "sms.capulet.example")];
    await gateway.sendText(`<message from='a@${irc}' to='b@sms.capulet.example'><body>hi</body></message>`);
    phones.receives(`<message from='a@${irc}' to='b@sms.capulet.example'><body>hi</body></message>`);
    await gateway.sendText(`<message from='a@${irc}' to='b@${irc}'><body>me</body></message>`);
    gateway.receives(`<message from='a@${irc}' to='b@${irc}'><body>me</body></message>`);
  });

  test("is told when somebody or somewhere is not there", async () => {
    await using world = await startWithComponents();
    const gateway = await joined(world);
    await gateway.sendText(
      `<iq from='${irc}' to='nobody@montague.example' type='get' id='1'><query xmlns='jabber:iq:version'/></iq>`,
    );
    gateway.receives(
      `<iq from='nobody@montague.example' to='${irc}' type='error' id='1'><query xmlns='jabber:iq:version'/>${failure("cancel", "service-unavailable", false)}</iq>`,
    );
    await gateway.sendText(`<message from='a@${irc}' to='b@verona.example'><body>hi</body></message>`);
    assert.equal(gateway.next().child("jabber:client", "error")?.elements()[0]?.name, "remote-server-not-found");
  });

  test("whose user types what is no address is told so, and keeps its stream", async () => {
    await using world = await startWithComponents();
    const gateway = await joined(world);
    await gateway.sendText(`<message from='a@${irc}' to='@@@' id='1'><body>hi</body></message>`);
    gateway.receives(
      `<message from='@@@' to='a@${irc}' type='error' id='1'>${failure("modify", "jid-malformed", false)}</message>`,
    );
    await gateway.sendText(`<iq from='a@${irc}' to='${romeo}' type='get' id='2'/>`);
    assert.equal(gateway.next().child("jabber:client", "error")?.elements()[0]?.name, "bad-request");
    assert.ok(!gateway.connectionClosed);
  });

  test("writes in its stream's language unless it says otherwise", async () => {
    await using world = await startWithComponents();
    const gateway = world.connectComponent();
    await gateway.begin(irc, " xml:lang='de'");
    await gateway.prove(secret);
    const client = await online(world, `${romeo}/orchard`);
    await gateway.sendText(
      `<message from='a@${irc}' to='${romeo}/orchard' type='headline'><body>eins</body></message><message xml:lang='en' from='a@${irc}' to='${romeo}/orchard' type='headline'><body>one</body></message>`,
    );
    assert.deepEqual(
      client.pending.map((each) => each.attr("xml:lang")),
      ["de", "en"],
    );
  });

  test("that was given the names below its own has them, and no host's", async () => {
    const below = component({ domain: domainJid("example"), subdomains: true });
    await using world = await startWithComponents({ components: [below] });
    const gateway = await joined(world, "example");
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(`<message to='a@libera.irc.example'><body>hi</body></message>`);
    gateway.receives(`<message from='${romeo}/orchard' to='a@libera.irc.example'><body>hi</body></message>`);
    await gateway.sendText(`<message from='a@libera.irc.example' to='${romeo}/orchard' type='headline'/>`);
    assert.equal(client.next().attr("from"), "a@libera.irc.example");
    assert.ok(world.core.serves(domainJid("libera.irc.example")) && world.core.serves(domainJid("capulet.example")));
    assert.ok(!world.core.serves(domainJid("example.org")));
    const nurse = await online(world, `${juliet}/balcony`);
    await client.sendText(`<message to='${juliet}/balcony' type='headline'><body>hi</body></message>`);
    assert.equal(nurse.next().attr("from"), `${romeo}/orchard`);
    gateway.receivesNothing();
  });

  for (const name of [juliet, "capulet.example", `a@${irc}`, "a@sms.irc.montague.example"])
    test(`A44 nor does it write as ${name}, whom a host or another component has`, async () => {
      const below = component({ domain: domainJid("example"), subdomains: true });
      const closer = component({ subdomains: true });
      await using world = await startWithComponents({ components: [below, closer] });
      const gateway = await joined(world, "example");
      const client = await online(world, `${romeo}/orchard`);
      await gateway.sendText(`<message from='${name}' to='${romeo}/orchard' type='headline'/>`);
      client.receivesNothing();
      assert.equal(conditionOf(gateway), "invalid-from");
    });
});

describe("the items of a host", () => {
  const ask = (to: string) =>
    `<iq to='${to}' type='get' id='i'><query xmlns='http://jabber.org/protocol/disco#items'/></iq>`;

  async function items(client: ScriptedClient, to: string): Promise<readonly (readonly (string | undefined)[])[]> {
    client.ignoreAll();
    await client.sendText(ask(to));
    const [query] = client.next().elements();
    return query?.elements().map((item) => [item.attr("jid"), item.attr("name")] as const) ?? [];
  }

  test("are the components below it, by the names that they give themselves or that they are given", async () => {
    const named = component({ domain: domainJid("sms.montague.example"), name: "Telephones" });
    const elsewhere = component({ domain: domainJid("verona.example") });
    const placed = component({ domain: domainJid("mail.example"), host: domainJid("montague.example") });
    await using world = await startWithComponents({ components: [component(), named, elsewhere, placed] });
    const gateway = world.connectComponent();
    await gateway.begin(irc);
    await gateway.prove(secret);
    gateway.next();
    const asked = gateway.receives(
      `<iq from='montague.example' to='${irc}' type='get' id='{any}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    );
    await gateway.sendText(
      `<iq from='${irc}' to='montague.example' type='result' id='${asked.attr("id") ?? ""}'><query xmlns='http://jabber.org/protocol/disco#info'><identity category='conference' type='irc' name='IRC'/></query></iq>`,
    );
    const client = await online(world, `${romeo}/orchard`);
    assert.deepEqual(await items(client, "montague.example"), [
      [irc, "IRC"],
      ["sms.montague.example", "Telephones"],
      ["mail.example", undefined],
    ]);
    assert.deepEqual(await items(client, "capulet.example"), []);
    // Those that do not come are listed no more.
    await world.advance(20_000);
    assert.deepEqual(await items(client, "montague.example"), [[irc, "IRC"]]);
  });

  test("do not suffer from a component that answers with nonsense, or that calls itself a novel", async () => {
    await using world = await startWithComponents();
    const client = await online(world, `${romeo}/orchard`);
    for (const [answer, name] of [
      ["<query xmlns='http://jabber.org/protocol/disco#info'><identity/></query>", undefined],
      [
        `<query xmlns='http://jabber.org/protocol/disco#info'><identity name='${"n".repeat(999)}'/></query>`,
        "n".repeat(200),
      ],
      ["<other xmlns='urn:example'/>", undefined],
    ] as const) {
      const gateway = world.connectComponent();
      await gateway.begin(irc);
      await gateway.prove(secret);
      gateway.next();
      const id = gateway.next().attr("id") ?? "";
      await gateway.sendText(`<iq from='${irc}' to='montague.example' type='result' id='${id}'>${answer}</iq>`);
      const [item] = await items(client, "montague.example");
      assert.equal(item?.[0], irc);
      if (name !== undefined) assert.equal(item?.[1], name);
      await gateway.cut();
    }
  });
});
