import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_SM } from "#protocol/xml/namespaces.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { NS_PUBSUB, NS_PUSH } from "./elements.ts";
import { failuresInRowMax, silenceMs } from "./pushes.ts";
import { keyOf, pushRegistrations } from "./registrations.ts";
import {
  app,
  cast,
  castOfGone,
  chat,
  enable,
  enabled,
  first,
  intervalMs,
  juliet,
  managed,
  phone,
  pushed,
  quiet,
  romeo,
} from "#testing/scenario/push-cast.ts";

const disable = (node?: string): string =>
  `<iq type='set' id='d'><disable xmlns='${NS_PUSH}' jid='${app}'${node === undefined ? "" : ` node='${node}'`}/></iq>`;
const form = (type: string, ...fields: readonly (readonly [string, string])[]): string =>
  `<x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>${type}</value></field>${fields
    .map(([name, value]) => `<field var='${name}'><value>${value}</value></field>`)
    .join("")}</x>`;

async function answer(client: ScriptedClient, stanza: XmlElement, error?: string): Promise<void> {
  const [type = "", condition = ""] = error?.split(" ") ?? [];
  const inside =
    error === undefined
      ? ""
      : `<error type='${type}'><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>`;
  const head = `type='${error === undefined ? "result" : "error"}' id='${stanza.attr("id")}'`;
  await client.sendText(`<iq ${head} to='${stanza.attr("from")}'>${inside}</iq>`);
}

test("a client is notified at its app server when it is gone, in the form that the text gives [xep0357-5-01] [xep0357-7-01]", async () => {
  const { world, ...people } = await castOfGone();
  await using _ = world;
  await people.romeo.sendText(chat("Wherefore?"));
  people.app.receives(
    `<iq type='set' id='{any}' from='capulet.example' to='${app}'><pubsub xmlns='${NS_PUBSUB}'><publish node='n1'><item>` +
      `<notification xmlns='${NS_PUSH}'>${form("urn:xmpp:push:summary", ["message-count", "1"], ["last-message-body", "New message"], ["pending-subscription-count", "0"])}` +
      "</notification></item></publish></pubsub></iq>",
  );
  people.app.receivesNothing();
});

test("an account says that it can push, to its owner [xep0357-4.1-02]", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  const ask = `<iq type='get' id='q' to='${juliet}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`;
  await people.phone.sendText(ask);
  assert.match(serialize(people.phone.next()), /<feature var='urn:xmpp:push:0'\/>/u);
});

test("what the app server wants with each publication goes with it, the latest that was said [xep0357-5-03] [xep0357-5-05] [xep0357-7-03]", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  const options = (secret: string) => form("http://jabber.org/protocol/pubsub#publish-options", ["secret", secret]);
  await enabled(people.phone, "n1", options("old"));
  // ejabberd's issue 3708: a client says `form`.
  await enabled(people.phone, "n1", options("new").replace("'submit'", "'form'"));
  await people.phone.close();
  await people.romeo.sendText(chat("1"));
  assert.match(
    serialize(people.app.next()),
    /<publish-options><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>http:\/\/jabber.org\/protocol\/pubsub#publish-options<\/value><\/field><field var='secret'><value>new<\/value><\/field><\/x><\/publish-options><\/pubsub>/u,
  );
  people.app.receivesNothing();
});

test("an app server may have several nodes, and a client may leave the node out [xep0357-5-02] [xep0357-5-04]", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await enabled(people.phone, "n1");
  await enabled(people.phone, "n2");
  await people.phone.sendText(`<iq type='set' id='e'><enable xmlns='${NS_PUSH}' jid='${app}'/></iq>`);
  await people.phone.close();
  await people.romeo.sendText(chat("1"));
  assert.deepEqual(
    pushed(people.app).map((line) => line.split(" ")[0]),
    ["n1", "n2", "-"],
  );
});

for (const { what, request, left } of [
  { what: "one node [xep0357-6-02] [xep0357-6-03]", request: disable("n1"), left: ["n2"] },
  { what: "all nodes [xep0357-6-01] [xep0357-6-04]", request: disable(), left: [] },
  { what: "a node that is not there", request: disable("n3"), left: ["n1", "n2"] },
])
  test(`${what} can be disabled, and then nothing is published there [xep0357-6-05]`, async () => {
    const { world, ...people } = await cast();
    await using _ = world;
    await enabled(people.phone, "n1");
    await enabled(people.phone, "n2");
    await people.phone.sendText(request);
    assert.equal(people.phone.next().attr("type"), "result");
    await people.phone.close();
    await people.romeo.sendText(chat("1"));
    await world.advance(10 * intervalMs);
    assert.deepEqual(
      pushed(people.app).map((line) => line.split(" ")[0]),
      left,
    );
  });

describe("bad input gets the error that it deserves, and nobody else hears of it", () => {
  const x = "x".repeat(5_000);
  for (const [what, payload, condition] of [
    ["no address [xep0357-5-01]", `<enable xmlns='${NS_PUSH}' node='n'/>`, "bad-request"],
    ["what is no address", `<enable xmlns='${NS_PUSH}' jid='@@' node='n'/>`, "jid-malformed"],
    ["a node that is too long", `<enable xmlns='${NS_PUSH}' jid='${app}' node='${x}'/>`, "policy-violation"],
    [
      "options that are too large",
      `<enable xmlns='${NS_PUSH}' jid='${app}' node='n'>${form("http://jabber.org/protocol/pubsub#publish-options", ["a", x])}</enable>`,
      "policy-violation",
    ],
    ["nothing to disable [xep0357-6-01]", `<disable xmlns='${NS_PUSH}'/>`, "bad-request"],
  ] as const)
    test(what, async () => {
      const { world, ...people } = await cast();
      await using _ = world;
      await people.phone.sendText(`<iq type='set' id='e'>${payload}</iq>`);
      const reply = people.phone.next();
      assert.equal(reply.child("jabber:client", "error")?.firstElement?.name, condition, serialize(reply));
      await people.phone.close();
      await people.romeo.sendText(chat("1"));
      people.app.receivesNothing();
    });

  test("A12 one device more than an account may have", async () => {
    const { world, ...people } = await cast({ "push.registrations_max": 2 });
    await using _ = world;
    for (const node of ["n1", "n2", "n1"]) await enabled(people.phone, node);
    await people.phone.sendText(enable("n3"));
    assert.match(serialize(people.phone.next()), /<resource-constraint /u);
  });

  test("somebody else's account", async () => {
    const { world, ...people } = await cast();
    await using _ = world;
    await people.romeo.sendText(enable("n1").replace("<iq", `<iq to='${juliet}'`));
    assert.match(serialize(people.romeo.next()), /<service-unavailable /u);
  });
});

describe("which clients are notified", () => {
  test("S11 S29 not one that is connected, whether somebody looks at it or not", async () => {
    const { world, ...people } = await cast();
    await using _ = world;
    await managed(people.phone);
    await enabled(people.phone);
    await people.romeo.sendText(chat("1"));
    await people.phone.sendText(`<a xmlns='${NS_SM}' h='2'/><inactive xmlns='urn:xmpp:csi:0'/>`);
    await people.romeo.sendText(chat("2"));
    await people.phone.sendText(`<a xmlns='${NS_SM}' h='3'/>`);
    await world.advance(10 * intervalMs);
    people.app.receivesNothing();
  });

  test("S29 not one that enables it anew at each log-in, whatever waited for it, as long as it is there", async () => {
    const { world, ...people } = await castOfGone();
    await using _ = world;
    for (const turn of [1, 2, 3]) {
      await people.romeo.sendText(chat(`${turn}`) + chat("and more"));
      await world.advance(10 * intervalMs);
      assert.notEqual(people.app.pending.length, 0);
      people.app.ignoreAll();
      const again = await world.login(phone);
      await enabled(again);
      await again.sendText("<presence/>");
      again.ignoreAll();
      await enabled(again);
      await people.romeo.sendText(chat("while it is there"));
      await world.advance(10 * intervalMs);
      people.app.receivesNothing();
      await again.close();
    }
  });

  test("S29 one whose line is cut, at once, of what it had not acknowledged and of what comes then", async () => {
    const { world, ...people } = await cast();
    await using _ = world;
    await managed(people.phone);
    await enabled(people.phone);
    await people.romeo.sendText(chat("1"));
    people.app.receivesNothing();
    await people.phone.cut();
    assert.deepEqual(pushed(people.app), [first]);
    await people.romeo.sendText(chat("2") + chat("3"));
    await world.advance(intervalMs);
    assert.deepEqual(pushed(people.app), [first, first.replace("count=1", "count=3")]);
    await world.advance(10 * intervalMs);
    assert.equal(people.app.pending.length, 2, "the end of the session is no news");
  });

  test("one that is connected and stops acknowledging, when it had time enough", async () => {
    const { world, ...people } = await cast();
    await using _ = world;
    await managed(people.phone);
    await enabled(people.phone);
    await people.romeo.sendText(chat("1"));
    await world.advance(silenceMs);
    people.app.receivesNothing();
    await world.advance(silenceMs);
    assert.deepEqual(pushed(people.app), [first]);
    await people.phone.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
    await people.romeo.sendText(chat("2"));
    await world.advance(silenceMs / 2);
    await people.phone.sendText(`<a xmlns='${NS_SM}' h='3'/>`);
    await world.advance(10 * intervalMs);
    assert.equal(people.app.pending.length, 1, "it was only slow the second time");
  });

  test("S29 not one that came back before it was told, and the count begins anew", async () => {
    const { world, ...people } = await cast();
    await using _ = world;
    const id = await managed(people.phone);
    await enabled(people.phone);
    await people.phone.cut();
    await people.romeo.sendText(chat("1"));
    await people.romeo.sendText(chat("2"));
    people.phone.reconnect();
    await people.phone.authenticate("juliet", "capulet.example", "juliet");
    await people.phone.sendText(`<resume xmlns='${NS_SM}' previd='${id}' h='1'/>`);
    await people.phone.sendText(`<a xmlns='${NS_SM}' h='3'/>`);
    await world.advance(intervalMs);
    assert.deepEqual(pushed(people.app), [first]);
    await people.phone.cut();
    await people.romeo.sendText(chat("3"));
    assert.deepEqual(pushed(people.app), [first, first]);
  });

  test("one that is gone while another device has the message; not one that another device's slowness has nothing to do with", async () => {
    const { world, ...people } = await castOfGone();
    await using _ = world;
    const desktop = await world.login(`${juliet}/desktop`);
    await desktop.sendText("<presence/>");
    await managed(desktop);
    await people.romeo.sendText(chat("1", `${juliet}/desktop`));
    assert.deepEqual(pushed(people.app), [first]);
    await world.advance(20 * intervalMs);
    assert.equal(people.app.pending.length, 1);
  });

  test("whose line is cut, of a copy of what another device received; not of what the user wrote there", async () => {
    const { world, ...people } = await cast();
    await using _ = world;
    await managed(people.phone);
    await enabled(people.phone);
    await people.phone.sendText("<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>");
    await people.phone.sendText(`<a xmlns='${NS_SM}' h='2'/>`);
    const desktop = await world.login(`${juliet}/desktop`);
    await people.phone.cut();
    await desktop.sendText(chat("Ay me", `${romeo}/garden`) + chat("A note to myself"));
    await world.advance(intervalMs);
    people.app.receivesNothing();
    await people.romeo.sendText(chat("She speaks", `${juliet}/desktop`));
    assert.deepEqual(pushed(people.app), [first]);
  });

  test("whose line is cut and whose account sleeps: what comes is counted on, and told when it may be", async () => {
    const { world, ...people } = await cast();
    await using _ = world;
    const id = await managed(people.phone);
    await enabled(people.phone);
    await people.phone.cut();
    await people.romeo.sendText(chat("1"));
    for (let round = 2; round <= 3; round += 1) {
      await world.advance(4 * intervalMs);
      assert.deepEqual([...world.core.registry.sleeping()], [juliet]);
      await people.romeo.sendText(chat(String(round)));
    }
    assert.deepEqual(
      pushed(people.app),
      [1, 2, 3].map((count) => first.replace("count=1", `count=${count}`)),
    );
    await world.advance(4 * intervalMs);
    people.phone.reconnect();
    await people.phone.authenticate("juliet", "capulet.example", "juliet");
    await people.phone.sendText(`<resume xmlns='${NS_SM}' previd='${id}' h='1'/>`);
    const came = people.phone.pending.flatMap((each) => each.child("jabber:client", "body")?.text ?? []);
    assert.deepEqual(came, ["1", "2", "3"]);
  });

  test("without stream management, when its connection took nothing more", async () => {
    const { world, ...people } = await cast();
    await using _ = world;
    await enabled(people.phone);
    await managed(people.romeo);
    people.phone.transport.stalled = true;
    await people.romeo.sendText(chat("1"));
    people.app.receivesNothing();
    await people.phone.cut();
    assert.deepEqual(pushed(people.app), [first]);
  });

  test("of requests to be let in, too, and how many they are", async () => {
    const { world, ...people } = await castOfGone();
    await using _ = world;
    await people.app.sendText(`<presence type='subscribe' to='${juliet}'/>`);
    assert.deepEqual(pushed(people.app), [
      quiet.replace("count=0 pending-subscription-count=0", "count=0 pending-subscription-count=1"),
    ]);
  });

  test("not of what could not be kept: its sender has it back", async () => {
    const { world, ...people } = await castOfGone();
    await using _ = world;
    people.romeo.ignoreAll();
    world.faults.failCommits("full");
    await people.romeo.sendText(chat("1"));
    assert.equal(people.romeo.next().attr("type"), "error");
    people.app.receivesNothing();
  });
});

test("a registration is stored with the account, and goes with it", async () => {
  const { world, ...people } = await cast();
  await using _ = world;
  await enabled(people.phone);
  const stored = async (): Promise<string | undefined> => {
    const reading = world.store.get(pushRegistrations.name, juliet, keyOf(parseJid(app) ?? assert.fail(), "n1"));
    await world.settle();
    return reading;
  };
  assert.equal(JSON.parse((await stored()) ?? "{}").resource, "phone");
  await people.phone.close();
  await people.romeo.sendText(chat("1"));
  await people.romeo.sendText(chat("2"));
  assert.deepEqual(pushed(people.app), [first]);
  const deleting = world.core.accounts.delete(bareOf(parseJid(juliet) ?? assert.fail()));
  await world.advance(10 * intervalMs);
  assert.ok((await deleting).ok);
  assert.equal(await stored(), undefined);
  assert.equal(people.app.pending.length, 1);
});

describe("how often", () => {
  test("S29 no storm: one push, and then one for all that came in an interval [xep0357-7-01]", async () => {
    const { world, ...people } = await castOfGone();
    await using _ = world;
    for (let at = 0; at < 30; at += 1) {
      await people.romeo.sendText(chat("x"));
      await world.advance(1_000);
    }
    await world.advance(10 * intervalMs);
    assert.deepEqual(pushed(people.app), [first, first.replace("count=1", "count=30")]);
  });

  test("what matters does not wait for what matters less, and takes it along", async () => {
    const { world, ...people } = await castOfGone();
    await using _ = world;
    const reaction = `<message to='${juliet}' type='chat' id='r'><reactions xmlns='urn:xmpp:reactions:0' id='1'/></message>`;
    await people.romeo.sendText(reaction);
    assert.deepEqual(pushed(people.app), [quiet]);
    await people.romeo.sendText(reaction);
    await people.romeo.sendText(chat("1"));
    assert.deepEqual(pushed(people.app), [quiet, first]);
    await world.advance(10 * intervalMs);
    assert.equal(people.app.pending.length, 2, "the second reaction came with the text");
  });
});

describe("what leaves the house", () => {
  const wish = form("urn:xmpp:push:summary", ["last-message-sender", "1"], ["last-message-body", "true"]);
  for (const { what, options, wishes, line } of [
    {
      what: "counts, by default, whatever the client wishes [xep0357-9-02] [xep0357-9-03]",
      options: {},
      wishes: wish,
      line: first,
    },
    {
      what: "nothing of a text that nobody asked for, where it may be asked for [xep0357-9-01]",
      options: { "push.sender_on_request": true, "push.body_on_request": true },
      wishes: "",
      line: first,
    },
    {
      what: "the sender, where it may be and is asked for",
      options: { "push.sender_on_request": true },
      wishes: wish,
      line: `n1 message-count=1 last-message-sender=${romeo}/garden last-message-body=New message pending-subscription-count=0`,
    },
    {
      what: "the text, where it may be and is asked for [xep0357-9-01]",
      options: { "push.body_on_request": true },
      wishes: wish,
      line: "n1 message-count=1 last-message-body=Wherefore? pending-subscription-count=0",
    },
    {
      what: "nothing at all",
      options: {
        "push.message_count": false,
        "push.pending_subscription_count": false,
        "push.placeholder_body": false,
      },
      wishes: wish,
      line: "n1",
    },
  ])
    test(what, async () => {
      const { world, ...people } = await cast(options);
      await using _ = world;
      await enabled(people.phone, "n1", wishes);
      await people.phone.close();
      await people.romeo.sendText(chat("Wherefore?"));
      assert.deepEqual(pushed(people.app), [line]);
    });

  test("a long text is cut between characters", async () => {
    const { world, ...people } = await cast({ "push.body_on_request": true });
    await using _ = world;
    await enabled(people.phone, "n1", wish);
    await people.phone.close();
    await people.romeo.sendText(chat(`${"a".repeat(254)}😀 and so on`));
    assert.deepEqual(pushed(people.app), [first.replace("New message", `${"a".repeat(254)}…`)]);
  });
});

describe("when publishing fails", () => {
  test("S29 a registration is over with an error [xep0357-7.1-01]", async () => {
    const { world, ...people } = await castOfGone();
    await using _ = world;
    await people.romeo.sendText(chat("1"));
    await answer(people.app, people.app.next(), "cancel item-not-found");
    await people.romeo.sendText(chat("2"));
    await world.advance(10 * intervalMs);
    people.app.receivesNothing();
  });

  for (const [what, reaction] of [
    ["an error that will pass", "wait internal-server-error"],
    ["silence", "-"],
  ] as const)
    test(`S29 ${what} is borne a while, unless a success comes between [xep0357-7.1-02]`, async () => {
      const { world, ...people } = await castOfGone({ "push.interval_seconds": 0 });
      await using _ = world;
      const publish = async (error?: string): Promise<void> => {
        await people.romeo.sendText(chat("x"));
        const stanza = people.app.next();
        if (error === "-") await world.advance(61_000);
        else await answer(people.app, stanza, error);
      };
      for (let count = 0; count < failuresInRowMax; count += 1) await publish(reaction);
      await publish();
      for (let count = 0; count <= failuresInRowMax; count += 1) await publish(reaction);
      await people.romeo.sendText(chat("x"));
      people.app.receivesNothing();
    });

  for (const to of ["push.elsewhere.example", "nobody@capulet.example/x", "capulet.example", juliet])
    test(`an app server at ${to}, where there is none, is given up`, async () => {
      const { world, ...people } = await cast();
      await using _ = world;
      await people.phone.sendText(enable("n1").replace(app, to));
      await people.phone.close();
      await people.romeo.sendText(chat("1"));
      assert.deepEqual(
        world.log
          .filter(({ text }) => text === "a device is not notified any more")
          .map(({ fields }) => fields["appServer"]),
        [to],
      );
    });

  test("enabling again begins anew, and a late error of before does not end it", async () => {
    const { world, ...people } = await castOfGone();
    await using _ = world;
    await people.romeo.sendText(chat("1"));
    const old = people.app.next();
    await world.advance(1_000);
    const again = await world.login(phone);
    await enabled(again);
    await answer(people.app, old, "cancel item-not-found");
    await again.close();
    await people.romeo.sendText(chat("2"));
    assert.deepEqual(pushed(people.app), [first]);
  });
});

const withdrawal = (account: string, node: string, affiliation = "none"): string =>
  `<message to='${juliet}' id='w'><pubsub xmlns='${NS_PUBSUB}' node='${node}'><affiliation jid='${account}' affiliation='${affiliation}'/></pubsub></message>`;

describe("an app server can end it itself", () => {
  for (const { what, text, ends } of [
    {
      what: "the right to publish is taken back [xep0357-8-02]",
      text: withdrawal(juliet, "n1"),
      ends: true,
    },
    { what: "another node's", text: withdrawal(juliet, "n2"), ends: false },
    { what: "another user's", text: withdrawal(romeo, "n1"), ends: false },
    { what: "not taken back", text: withdrawal(juliet, "n1", "publish-only"), ends: false },
  ])
    test(what, async () => {
      const { world, ...people } = await cast();
      await using _ = world;
      await enabled(people.phone);
      people.phone.ignoreAll();
      await people.app.sendText(text);
      assert.equal(people.phone.pending.length, ends ? 0 : 1);
      await people.phone.close();
      await people.romeo.sendText(chat("1"));
      assert.equal(people.app.pending.length, ends ? 0 : 1);
    });

  test("nobody else can", async () => {
    const { world, ...people } = await cast();
    await using _ = world;
    await enabled(people.phone);
    await people.romeo.sendText(withdrawal(juliet, "n1"));
    await people.phone.close();
    await people.romeo.sendText(chat("1"));
    assert.equal(people.app.pending.length, 1);
  });
});
