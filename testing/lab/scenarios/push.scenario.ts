import assert from "node:assert/strict";
import { after, test } from "node:test";
import { CutProxy } from "../cut-proxy.ts";
import { Inbox, inTime } from "../inbox.ts";
import { LabServer } from "../lab.ts";
import { cutPort } from "../network.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import { StanzaPeer } from "../peers/stanza.ts";

const [alice, bob, app] = ["alice@ours.test", "bob@ours.test", "app@ours.test"];
const server = await LabServer.start({ name: "push", users: [alice, bob, app] });
const proxy = await CutProxy.atServer(5223);
after(async () => {
  await proxy[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

/** What an app server was asked to publish. */
interface Publication {
  readonly node: string | undefined;
  readonly secret: string | undefined;
  readonly count: string | undefined;
  readonly told: string;
}

/** stanza as an app server: it takes what is published, or says that there is no such node. */
function listen(peer: StanzaPeer, refuses: () => boolean): Inbox<Publication> {
  const inbox = new Inbox<Publication>();
  peer.client.on("iq", (iq) => {
    const { publish, publishOptions } = iq.pubsub ?? {};
    if (iq.type !== "set" || publish === undefined) return;
    const told = JSON.stringify(publish.item?.content);
    inbox.add({
      node: publish.node,
      secret: publishOptions?.fields?.find(({ name }) => name === "secret")?.value?.toString(),
      count: /"name":"message-count"[^}]*"value":"(\d+)"/u.exec(told)?.[1],
      told,
    });
    if (refuses()) peer.client.sendIQError(iq, { error: { condition: "item-not-found", type: "cancel" } });
    else peer.client.sendIQResult(iq);
  });
  return inbox;
}

test("stanza, cut off, has its app server notified, with its secret and without a word of what was said; an error ends it", async () => {
  await using phone = await StanzaPeer.online({ jid: `${alice}/phone`, port: cutPort });
  await using backend = await StanzaPeer.online({ jid: `${app}/push` });
  await using b = await SlixmppPeer.online({ jid: bob });
  let refuses = false;
  const published = listen(backend, () => refuses);
  const next = (): Promise<Publication> =>
    inTime(
      published.take(() => true),
      () => "nothing was published",
    );
  await phone.client.enableNotifications(`${app}/push`, "node-1", [{ name: "secret", value: "s3cret" }]);

  await b.order("message", { to: alice, body: "while she looks" });
  await phone.event("message", "while she looks");
  proxy.refuse(true);
  proxy.cut();
  await phone.event("disconnected");
  refuses = true;
  await b.order("message", { to: alice, body: "while she is away" });
  const first = await next();
  assert.deepEqual([first.node, first.secret, first.count], ["node-1", "s3cret", "1"]);
  assert.ok(!first.told.includes("away") && !first.told.includes(bob), first.told);
  await backend.client.ping("ours.test");

  await b.order("message", { to: alice, body: "once more" });
  await b.order("ping", { jid: "ours.test" });
  await backend.client.ping("ours.test");
  assert.deepEqual(published.items, [], "the node is gone, and the server has understood");
});
