import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { CutProxy } from "./cut-proxy.ts";
import { LabServer } from "./lab.ts";
import type { DesktopPeer, StartDesktopPeer } from "./peers/desktop-peer.ts";
import { SlixmppPeer } from "./peers/slixmpp.ts";
import { difference, Screen, type Shot } from "./screen.ts";

const alice = "alice@mobile.ours.test";
const bob = "bob@ours.test";
const talk = Array.from({ length: 12 }, (_, index) => `line ${index} from before`);
/** Of a window with a conversation in it. A blank screen has one or two. */
const coloursMin = 100;
/** How often the screen is looked at until it shows something else, and after how many milliseconds again. */
const drawnTriesMax = 40;
const drawnAgainMs = 500;
/** A line of a conversation is more of the picture than this, a cursor that blinks is less. */
const lineShare = 0.000_5;

/** What a messenger with windows must go through: `name` is in the names of the tests and of the pictures. */
export function playDesktop(name: string, start: StartDesktopPeer): void {
  describe(name, () => {
    const stack = new AsyncDisposableStack();
    let server: LabServer;
    let screen: Screen;
    let proxy: CutProxy;
    let phone: SlixmppPeer;
    let contact: SlixmppPeer;
    let client: DesktopPeer;
    let last: Shot | undefined;
    after(async () => await stack.disposeAsync());

    before(async () => {
      server = stack.use(await LabServer.start({ name, users: [alice, bob] }));
      screen = stack.use(await Screen.start());
      proxy = stack.use(await CutProxy.atServer());
      phone = stack.use(await SlixmppPeer.online({ jid: `${alice}/phone` }));
      await phone.order("carbons");
      await phone.available();
      contact = stack.use(await SlixmppPeer.online({ jid: bob }));
      await contact.available();
    });

    test("logs in on a new machine and reads the history, each message once", async () => {
      for (const [index, body] of talk.entries()) {
        const [from, to] = index % 2 === 0 ? [contact, alice] : [phone, bob];
        await from.order("message", { to, body });
        await from.order("ping", { jid: "ours.test" }); // so that the next one is later
      }
      const sent = new Set(talk.filter((_, index) => index % 2 === 1));
      client = stack.use(await start({ screen, jid: alice }));
      for (const body of talk) assert.deepEqual(await client.keeps(body), { count: 1, sent: sent.has(body) }, body);
      await client.open(bob);
      await shows("history");
    });

    test("is in step with another device: what the one gets and sends, the other shows", async () => {
      await contact.order("message", { to: alice, body: "to all devices" });
      assert.deepEqual(await client.keeps("to all devices"), { count: 1, sent: false });
      await phone.event("message", (event) => event["body"] === "to all devices");
      await shows("received");

      await phone.order("message", { to: bob, body: "from the phone" });
      assert.deepEqual(await client.keeps("from the phone"), { count: 1, sent: true });
      await shows("carbon");

      await client.send(bob, "from the desktop");
      await contact.event("message", (event) => event["body"] === "from the desktop");
      await phone.event("carbon", (event) => event["body"] === "from the desktop" && event["direction"] === "sent");
      await shows("sent");
    });

    test("resumes its session after a cut, without logging in anew: nothing is lost, nothing comes twice", async () => {
      assert.deepEqual(client.sessions(), { begun: 1, resumed: 0 });
      proxy.refuse(true);
      proxy.cut();
      const during = ["during the cut, one", "during the cut, two"];
      for (const body of during) await contact.order("message", { to: alice, body });
      await phone.order("message", { to: bob, body: "from the phone during the cut" });
      await contact.event("message", (event) => event["body"] === "from the phone during the cut");
      proxy.refuse(false);
      for (const body of during) assert.deepEqual(await client.keeps(body), { count: 1, sent: false }, body);
      assert.deepEqual(await client.keeps("from the phone during the cut"), { count: 1, sent: true });
      assert.deepEqual(client.sessions(), { begun: 1, resumed: 1 });
      await client.send(bob, "after the cut");
      await contact.event("message", (event) => event["body"] === "after the cut");
      await shows("resumed");
    });

    test("comes back by itself when the server was started anew, and gets what was sent meanwhile, once", async () => {
      await server.restart();
      await using anew = await SlixmppPeer.online({ jid: bob });
      await anew.order("message", { to: alice, body: "since the restart" });
      assert.deepEqual(await client.keeps("since the restart"), { count: 1, sent: false });
      await anew.order("message", { to: alice, body: "later than that" });
      assert.deepEqual(await client.keeps("later than that"), { count: 1, sent: false });
      assert.equal((await client.keeps("since the restart")).count, 1, "also not by the archive and from the queue");
      await shows("restarted");
    });

    /** The screen shows the client's window, and something that it did not show before. */
    async function shows(what: string): Promise<void> {
      await screen.show(client.title);
      const before = last;
      for (let tries = 1; ; tries += 1) {
        const shot = await screen.shoot(`${name.toLowerCase()}-${what}`);
        // It keeps a message before it draws it, and has a window before there is anything in it.
        const isDrawn = shot.colours > coloursMin;
        const isNew = before === undefined || difference(before, shot) > lineShare;
        if ((!isDrawn || !isNew) && tries < drawnTriesMax) {
          await sleep(drawnAgainMs);
          continue;
        }
        assert.ok(isDrawn, `${shot.file} has ${shot.colours} colours`);
        assert.ok(isNew, `${before?.file} and ${shot.file} are the same`);
        last = shot;
        return;
      }
    }
  });
}
