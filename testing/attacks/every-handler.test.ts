import assert from "node:assert/strict";
import { test } from "node:test";
import type { IqHandler } from "#kit/iq.ts";
import type { LocalHost } from "#server/host/local-host.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { startWorld, type World } from "../scenario/world.ts";
import type { ScriptedClient } from "../scenario/scripted-client.ts";
import { domainJid } from "#testing/addresses.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@montague.example";
const ping = "<iq type='get' id='after' to='montague.example'><ping xmlns='urn:xmpp:ping'/></iq>";

/** Payloads that no definition expects. Each stands within the handler's own element. */
const oddities: readonly (readonly [name: string, inner: string, attributes: string])[] = [
  ["nothing in it", "", ""],
  ["itself in it", "<SELF/>", ""],
  ["itself in it, a hundred times", "<SELF/>".repeat(100), ""],
  ["itself in it, thirty deep", `${"<SELF>".repeat(30)}${"</SELF>".repeat(30)}`, ""],
  ["text where there is none", "&lt;x/&gt; &#x1F339;", ""],
  [
    "attributes of any kind",
    "",
    "node='' jid='@' id='' ver='-1' max='99999999999999999999' type='?' action='' xml:lang='x'",
  ],
  ["items without anything", "<item/><item jid=''/><item jid='@/'/><item jid='a@b/c' subscription='?'/>", ""],
  ["a form without fields", "<x xmlns='jabber:x:data'/>", ""],
  [
    "a form of another form",
    "<x xmlns='jabber:x:data' type='submit'><field/><field var=''/><field var='a'><value/><value/></field></x>",
    "",
  ],
  [
    "a result set of nonsense",
    "<set xmlns='http://jabber.org/protocol/rsm'><max>-1</max><before/><after/><index>x</index></set>",
    "",
  ],
];

interface Target {
  readonly key: string;
  readonly handler: IqHandler;
}

function handlersOf(host: LocalHost): readonly Target[] {
  return [...host.steps.accountIq, ...host.steps.hostIq].map(([key, handler]) => ({ key, handler }));
}

function hostOf(world: World): LocalHost {
  return world.core.hosts.get(domainJid("montague.example")) ?? assert.fail("the host is served");
}

async function request(
  client: ScriptedClient,
  handler: IqHandler,
  to: string,
  inner = "",
  attributes = "",
): Promise<string> {
  const { type, name, ns } = handler;
  client.ignoreAll();
  const within = inner.replaceAll("SELF", name);
  await client.sendText(
    `<iq type='${type}' id='q' to='${to}'><${name} xmlns='${ns}' ${attributes}>${within}</${name}></iq>${ping}`,
  );
  const answers = client.pending.filter(({ name: of }) => of === "iq");
  assert.equal(answers.filter((answer) => answer.attr("id") === "after").length, 1, "the stream goes on");
  const [answer, ...more] = answers.filter((one) => one.attr("id") === "q");
  assert.equal(more.length, 0, "one answer for one request");
  const error = answer?.elements().find((element) => element.name === "error");
  return answer === undefined ? "no answer" : (error?.elements()[0]?.name ?? answer.attr("type") ?? "");
}

test("A13 malformed payloads get one answer from every handler there is, and no handler loops, breaks down or takes the stream along", async (t) => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const targets = handlersOf(hostOf(world));
  assert.ok(targets.length > 15, `${targets.length} handlers`);
  let client = await world.login(`${romeo}/orchard`);
  for (const { key, handler } of targets)
    for (const [name, inner, attributes] of oddities) {
      if (client.streamClosed) client = await world.login(`${romeo}/orchard`);
      const to = handler.at === "host" ? "montague.example" : romeo;
      const answer = await request(client, handler, to, inner, attributes);
      assert.notEqual(answer, "no answer", `${key} with ${name}`);
      assert.notEqual(answer, "internal-server-error", `${key} with ${name}`);
    }
  assert.deepEqual(
    world.log.filter(({ level }) => level === "error").map(({ text, fields }) => [text, fields]),
    [],
  );
  t.diagnostic(`${targets.length} handlers, ${oddities.length} payloads each`);
});

test("A50 A27 who is no contact learns from no handler whether there is an account, whatever is asked and however badly", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const stranger = await world.login(`${juliet}/balcony`);
  const targets = handlersOf(hostOf(world)).filter(({ handler }) => handler.at === "account");
  assert.ok(targets.length > 10, `${targets.length} handlers`);
  for (const { key, handler } of targets)
    for (const [name, inner, attributes] of oddities) {
      const answers: string[] = [];
      for (const to of [romeo, "nobody@montague.example"]) {
        await request(stranger, handler, to, inner, attributes);
        const [answer] = stranger.pending.filter((element) => element.attr("id") === "q");
        answers.push(serialize(answer ?? assert.fail(key)).replaceAll(to, "X"));
      }
      assert.equal(answers[0], answers[1], `${key} with ${name}`);
      assert.match(answers[0] ?? "", /type='error'/, "nothing is told to strangers by default");
    }
});

test("A42 who has the owner's name at another host is a stranger to every handler, whatever is asked", async () => {
  const namesake = "romeo@capulet.example";
  await using world = await startWorld({ accounts: [romeo, juliet, namesake] });
  const targets = handlersOf(hostOf(world)).filter(({ handler }) => handler.at === "account");
  const clients = { namesake: await world.login(`${namesake}/orchard`), stranger: await world.login(`${juliet}/x`) };
  for (const { key, handler } of targets)
    for (const [name, inner, attributes] of oddities) {
      const answers: string[] = [];
      for (const client of [clients.namesake, clients.stranger]) {
        await request(client, handler, romeo, inner, attributes);
        const [answer] = client.pending.filter((element) => element.attr("id") === "q");
        answers.push(serialize(answer ?? assert.fail(key)).replaceAll(client.jid, "X"));
      }
      assert.match(answers[0] ?? "", /type='error'/, `${key} with ${name}`);
      assert.equal(answers[0], answers[1], `${key} with ${name}`);
    }
});

test("A50 A27 iqs that are broken are answered alike for who exists and who does not", async () => {
  await using world = await startWorld({ accounts: [romeo, juliet] });
  const stranger = await world.login(`${juliet}/balcony`);
  const ns = "xmlns='jabber:iq:roster'";
  for (const iq of ["type='get'", "type='result'", "type='error'", "type='set'", "type='?'"])
    for (const inner of ["", `<query ${ns}/><query ${ns}/>`, "<x xmlns='urn:nobody-knows'/>"])
      for (const resource of ["", "/nowhere"]) {
        const answers: string[] = [];
        for (const to of [romeo, "nobody@montague.example"]) {
          stranger.ignoreAll();
          await stranger.sendText(`<iq ${iq} id='q' to='${to}${resource}'>${inner}</iq>`);
          answers.push(
            stranger.pending
              .map((element) => serialize(element))
              .join("")
              .replaceAll(to, "X"),
          );
        }
        assert.equal(answers[0], answers[1], `${iq} ${inner} ${resource}`);
      }
});

test("A50 nothing but what is meant for it is served before log-in", async () => {
  await using world = await startWorld({ accounts: [romeo] });
  const host = hostOf(world);
  for (const { key, handler } of handlersOf(host)) {
    const { type, name, ns } = handler;
    if (host.steps.earlyIq.has(key)) continue;
    const client = world.connect();
    await client.open("montague.example");
    await client.sendText(`<iq type='${type}' id='q' to='montague.example'><${name} xmlns='${ns}'/></iq>`);
    const [answer] = client.pending.filter(({ name: of }) => of === "iq" || of === "error");
    assert.equal(answer?.name, "error", `${key} is answered before log-in`);
    assert.equal(answer?.elements()[0]?.name, "not-authorized", key);
  }
});
