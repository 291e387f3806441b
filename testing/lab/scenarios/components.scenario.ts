import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { waitMsMax } from "../inbox.ts";
import { LabServer, target } from "../lab.ts";
import { Biboumi, ircChannels } from "../peers/biboumi.ts";
import { SlixmppComponent } from "../peers/slixmpp-component.ts";
import { RawClient } from "../peers/raw-client.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { XmppJsComponent, xml } from "../peers/xmpp-js-component.ts";
import { ircAddress } from "../network.ts";

const [alice, bob] = ["alice@ours.test", "bob@ours.test"];
const irc = { domain: "irc.ours.test", secret: "the gateway's own secret" };
const echo = { domain: "echo.ours.test", secret: "another secret" };
const script = { domain: "script.ours.test", secret: "a third secret" };
const echoes = 1_000;

if (target.abilities.components) {
  const server = await LabServer.start({ name: "components", users: [alice, bob], components: [irc, echo, script] });
  after(async () => await server[Symbol.asyncDispose]());

  describe("slixmpp as a component", () => {
    test(`answers ${echoes} messages, each once and in order`, async () => {
      await using component = new SlixmppComponent(echo);
      await component.event("online");
      using a = await RawClient.online(alice);
      await a.flood(`anybody@${echo.domain}/somewhere`, echoes, "echo");
      const heard = await a.heard(echoes, 300_000);
      assert.deepEqual(
        heard,
        Array.from({ length: echoes }, (_, number) => `echo ${number}`),
      );
    });

    test("is listed by the host, under its name, and answers for itself", async () => {
      await using component = new SlixmppComponent(echo);
      await component.event("online");
      await using a = await SlixmppPeer.online({ jid: alice });
      const info = await a.order("disco_info", { jid: echo.domain });
      assert.match(JSON.stringify(info), /"category":"gateway","type":"lab","name":"Echo"/);
      const items = JSON.stringify(await a.order("disco_items", { jid: "ours.test" }));
      assert.match(items, new RegExp(`"jid":"${echo.domain.replaceAll(".", "\\.")}"`));
      if (target.name === "balcony") assert.match(items, /"name":"Echo"/);
      assert.equal(await a.order("ping", { jid: echo.domain }), true);
    });

    test("is not let in with another secret", async () => {
      await using component = new SlixmppComponent({ ...echo, secret: "a guess" });
      assert.equal((await component.event("stream-error"))["condition"], "not-authorized");
    });

    test("is not let in by a name that nobody knows", async () => {
      await using component = new SlixmppComponent({ domain: "nobody.ours.test", secret: "a guess" });
      assert.match(String((await component.event("stream-error"))["condition"]), /host-unknown|not-authorized/);
    });
  });

  describe("xmpp.js as a component", () => {
    test("asks a client and is asked, in the name of anybody at its domain", async () => {
      await using component = await XmppJsComponent.online(script);
      component.component.iqCallee.get("lab:question", "query", () => xml("query", { xmlns: "lab:question" }, "42"));
      await using a = await SlixmppPeer.online({ jid: alice });
      // Only who is shown presence may ask a client. RFC 6121 §8.5.3.1
      await a.order("presence", { to: `oracle@${script.domain}` });
      const answer = await a.order("iq", { to: `oracle@${script.domain}`, xml: '<query xmlns="lab:question"/>' });
      assert.match(String(answer), />42</);
      const own = String(await a.order("own_jid"));
      const ping = xml(
        "iq",
        { type: "get", to: own, from: `oracle@${script.domain}`, id: "p" },
        xml("ping", { xmlns: "urn:xmpp:ping" }),
      );
      await component.component.send(ping);
      const pong = await component.stanza((stanza) => stanza.attrs["id"] === "p");
      assert.deepEqual([pong.attrs["type"], pong.attrs["from"]], ["result", own]);
    });

    test("comes back by itself when the server was restarted, and is written to as before", async () => {
      await using component = await XmppJsComponent.online(script);
      const back = component.online();
      await server.restart();
      await back;
      await using b = await SlixmppPeer.online({ jid: bob });
      await b.order("message", { to: `oracle@${script.domain}`, body: "are you there?" });
      const message = await component.stanza((stanza) => stanza.getChildText("body") === "are you there?");
      assert.match(message.attrs["from"] ?? "", /^bob@ours\.test\//);
    });

    if (target.name === "balcony")
      test("that writes in somebody else's name is sent away", async () => {
        const component = await XmppJsComponent.online(script);
        const { promise: ended, resolve } = Promise.withResolvers<unknown>();
        component.component.on("error", resolve);
        component.component.reconnect.stop();
        await component.component.send(
          xml("message", { from: alice, to: bob, type: "chat" }, xml("body", {}, "it is me")),
        );
        assert.match(String(await ended), /invalid-from/);
        await component[Symbol.asyncDispose]();
      });
  });

  describe("biboumi as a component", async () => {
    const gateway = await Biboumi.start(irc);
    after(async () => await gateway[Symbol.asyncDispose]());
    const network = `${ircAddress}@${irc.domain}`;

    test("is reached, says that it is a gateway to IRC, and is listed by the host", async () => {
      await using a = await SlixmppPeer.online({ jid: alice });
      await comesBack(a, irc.domain);
      const info = JSON.stringify(await a.order("disco_info", { jid: irc.domain }));
      assert.match(info, /"category":"conference","type":"irc"/);
      const items = JSON.stringify(await a.order("disco_items", { jid: "ours.test" }));
      assert.match(items, /"jid":"irc\.ours\.test"/);
      if (target.name === "balcony")
        assert.match(items, /"jid":"irc\.ours\.test","node":[^,]*,"name":"[^"]*[Bb]iboumi/);
      assert.match(JSON.stringify(await a.order("version", { jid: irc.domain })), /biboumi/);
    });

    // biboumi 9 asks an IRC server for nobody who is not in some channel there.
    test("has somebody join a channel, and lists the channels of the IRC server", async () => {
      await using a = await SlixmppPeer.online({ jid: alice });
      const room = `#balcony%${network}`;
      await a.order("raw", {
        xml: `<presence to="${room}/alice"><x xmlns="http://jabber.org/protocol/muc"/></presence>`,
      });
      await a.event("presence", (event) => event["from"] === `${room}/alice` && event["type"] !== "error");
      await a.event("message", (event) => event["subject"] === ircChannels["#balcony"]);
      const items = JSON.stringify(await a.order("disco_items", { jid: network }));
      for (const channel of Object.keys(ircChannels))
        assert.match(items, new RegExp(`"jid":"${channel}%${ircAddress}@${irc.domain.replaceAll(".", "\\.")}"`));
    });

    test("is registered with, by the form that it offers for the IRC server", async () => {
      await using a = await SlixmppPeer.online({ jid: alice });
      const commands = JSON.stringify(
        await a.order("disco_items", { jid: network, node: "http://jabber.org/protocol/commands" }),
      );
      assert.match(commands, /"node":"configure"/);
      const command = (more: string, form = "") =>
        `<command xmlns="http://jabber.org/protocol/commands" node="configure"${more}>${form}</command>`;
      const execute = command(' action="execute"');
      const asked = String(await a.order("iq", { to: network, type: "set", xml: execute }));
      assert.match(asked, /status="executing"/);
      assert.match(asked, /var="username"/);
      const session = /sessionid="([^"]+)"/.exec(asked)?.[1] ?? "";
      const field = (name: string, value: string) => `<field var="${name}"><value>${value}</value></field>`;
      const form = `<x xmlns="jabber:x:data" type="submit">${field("username", "alice")}${field("realname", "Alice")}</x>`;
      const filled = command(` action="complete" sessionid="${session}"`, form);
      const done = String(await a.order("iq", { to: network, type: "set", xml: filled }));
      assert.match(done, /status="completed"/);
      const again = String(await a.order("iq", { to: network, type: "set", xml: execute }));
      assert.match(again, /Alice/);
    });

    if (target.name === "balcony")
      test("that was killed is waited for: what was asked meanwhile is answered when it is back", async () => {
        await using a = await SlixmppPeer.online({ jid: alice });
        await gateway.kill();
        const answer = a.order("version", { jid: irc.domain });
        await a.order("ping", { jid: "ours.test" }); // the question is where it waits
        await gateway.startAgain();
        assert.match(JSON.stringify(await answer), /biboumi/);
      });
  });
}

/** Until a component that tries to connect again now and then has done so, for servers that do not have its stanzas wait. */
async function comesBack(peer: SlixmppPeer, domain: string): Promise<void> {
  for (const deadline = Date.now() + waitMsMax; Date.now() < deadline; await sleep(200)) {
    const answered = await peer.order("disco_info", { jid: domain }).then(
      () => true,
      () => false,
    );
    if (answered) return;
  }
}
