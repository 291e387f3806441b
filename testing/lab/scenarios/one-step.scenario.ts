import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { CutProxy } from "../cut-proxy.ts";
import { LabServer, target } from "../lab.ts";
import { cutPort, serverAddress } from "../network.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { xml, XmppJsPeer } from "../peers/xmpp-js.ts";

const [alice, bob] = ["alice@ours.test", "bob@ours.test"];
const service = `xmpp://ours.test:${cutPort}`;

describe("xmpp.js logs in in one step", () => {
  if (!target.abilities.oneStep) return;
  const stack = new AsyncDisposableStack();
  let proxy: CutProxy;
  after(async () => await stack.disposeAsync());
  before(async () => {
    stack.use(await LabServer.start({ name: "one-step", users: [alice, bob] }));
    const place = (port: number) => ({ host: serverAddress, port });
    proxy = stack.use(await CutProxy.listen({ on: place(cutPort), to: place(5222) }));
  });

  test("by its password it gets a session and a token; by the token it resumes in one round trip; the password's end is the token's", async () => {
    await using a = new XmppJsPeer({ jid: alice, service, device: "0b3d5c1e-0000-4000-8000-00000000000a" });
    await a.start();
    const first = a.wire.splice(0);
    assert.ok(sent(first, "<authenticate ").includes("SCRAM-SHA-1"));
    assert.match(received(first, "<success "), /<bound [^]*<token /);
    assert.deepEqual(
      first.filter((line) => line.includes("urn:ietf:params:xml:ns:xmpp-bind") && line.startsWith(">")),
      [],
    );
    assert.ok(a.client.streamManagement.enabled);
    await a.client.send(xml("presence"));
    const own = a.jid;

    await using b = await SlixmppPeer.online({ jid: bob });
    const resumed = a.happens(a.client.streamManagement, "resumed");
    proxy.refuse(true);
    proxy.cut();
    await b.order("message", { to: own, body: "during the cut" });
    await b.order("ping", { jid: "ours.test" });
    a.wire.splice(0);
    proxy.refuse(false);
    await resumed;
    await a.message("during the cut");
    const second = a.wire.splice(0);
    assert.match(sent(second, "<authenticate "), /mechanism="HT-SHA-256-NONE"[^]*<initial-response>[^]*<resume /);
    assert.match(received(second, "<success "), /<resumed /);
    assert.ok(!second.some((line) => line.startsWith("< <challenge")), "one round trip, without a challenge");
    assert.equal(a.jid, own);

    await using other = await SlixmppPeer.online({ jid: alice });
    const change =
      "<query xmlns='jabber:iq:register'><username>alice</username><password>another one</password></query>";
    await other.order("iq", { to: "ours.test", type: "set", xml: change });
    const refused = a.happens(a.client, "error");
    proxy.cut();
    await refused;
    const third = a.wire.splice(0);
    assert.match(received(third, "<failure "), /not-authorized|credentials-expired/);
  });
});

function sent(wire: readonly string[], begin: string): string {
  return wire.find((line) => line.startsWith(`> ${begin}`)) ?? assert.fail(`${begin} was not sent: ${wire.join("\n")}`);
}

function received(wire: readonly string[], begin: string): string {
  return wire.find((line) => line.startsWith(`< ${begin}`)) ?? assert.fail(`no ${begin}: ${wire.join("\n")}`);
}
