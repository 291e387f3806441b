import assert from "node:assert/strict";
import { test } from "node:test";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { startWorld, type World } from "#testing/scenario/world.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const accounts = [romeo, juliet];
const NS_STREAM = "http://etherx.jabber.org/streams";
const NS_SM = "urn:xmpp:sm:3";
const open =
  "<stream:stream to='montague.example' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const chat = `<message to='${juliet}' type='chat'><body>before</body></message>`;

/** How far the client has come when it does wrong. */
type Stage = "connected" | "clear" | "opened" | "proven" | "authenticated" | "bound" | "managed";

/** `sends` are byte strings, each a chunk of its own. */
interface Case {
  readonly name: string;
  readonly stage: Stage;
  readonly sends: string | readonly string[];
  readonly condition: string;
}

const cases: readonly Case[] = [
  ...at(
    ["connected"],
    [
      ["text that is no XML", "GET / HTTP/1.1\r\n\r\n", "not-well-formed"],
      ["a TLS handshake in the clear", "\x16\x03\x01\x02\x00\x01", "not-well-formed"],
      ["a DTD ahead of the stream (A1)", "<?xml version='1.0'?><!DOCTYPE x [<!ENTITY a 'b'>]>", "restricted-xml"],
      ["another encoding", `<?xml version='1.0' encoding='ISO-8859-1'?>${open}`, "unsupported-encoding"],
      ["an element where a stream begins", "<message xmlns='jabber:client'/>", "invalid-namespace"],
      ["a stream in another namespace", open.replaceAll(NS_STREAM, "urn:wrong"), "invalid-namespace"],
      ["a stream of another content", open.replace("jabber:client", "jabber:server"), "invalid-namespace"],
      [
        "a stream prefix that nobody knows",
        open.replaceAll("stream:", "s:").replace("xmlns:stream", "xmlns:s"),
        "bad-namespace-prefix",
      ],
      ["a prefix without a declaration in the header", open.replace("version", "x:y='1' version"), "not-well-formed"],
      ["a host that is not served", open.replace("montague", "verona"), "host-unknown"],
      ["a stream to nobody", open.replace("to='montague.example'", ""), "improper-addressing"],
      ["a stream to a person", open.replace("montague.example", romeo), "host-unknown"],
      ["a stream from what is no address", open.replace("to=", "from='@@' to="), "improper-addressing"],
      ["a version that we do not speak", open.replace("1.0", "0.9"), "unsupported-version"],
      ["no version at all", open.replace("version='1.0'", ""), "unsupported-version"],
      ["a header beyond its bound (A3)", open.replace("to=", `x='${"x".repeat(9_000)}' to=`), "policy-violation"],
    ],
  ),
  ...at(["clear"], [["log-in where TLS must come first", `<message to='${juliet}'/>`, "not-authorized"]]),
  ...at(
    ["opened"],
    [
      ["a stanza ahead of log-in", chat, "not-authorized"],
      [
        "a roster request ahead of log-in",
        "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
        "not-authorized",
      ],
      [
        "a binding ahead of log-in",
        "<iq type='set' id='1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
        "not-authorized",
      ],
      ["an acknowledgement ahead of log-in", `<r xmlns='${NS_SM}'/>`, "not-authorized"],
      ["a second stream ahead of log-in", `${open}</stream:stream>`, "bad-format"],
      [
        "too much ahead of log-in (A3)",
        `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${"A".repeat(20_000)}</auth>`,
        "policy-violation",
      ],
      ["a comment ahead of log-in", "<!-- psst -->", "restricted-xml"],
    ],
  ),
  ...at(
    ["authenticated"],
    [
      ["a stanza ahead of binding", chat, "not-authorized"],
      ["presence ahead of binding", "<presence/>", "not-authorized"],
      [
        "an iq to somebody else ahead of binding",
        `<iq type='get' id='1' to='${juliet}'><query xmlns='jabber:iq:version'/></iq>`,
        "not-authorized",
      ],
      [
        "log-in twice",
        "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>AA==</auth>",
        "not-authorized",
      ],
    ],
  ),
  ...at(
    ["proven"],
    [
      ["another host after log-in", open.replace("montague", "capulet"), "not-authorized"],
      ["a stanza where a stream begins anew", `<message xmlns='jabber:client' to='${juliet}'/>`, "invalid-namespace"],
    ],
  ),
  ...at(
    ["bound", "managed"],
    [
      ["tags that do not match", "<message><body></message>", "not-well-formed"],
      ["a closing tag too many", "</message>", "not-well-formed"],
      ["text between stanzas", "psst", "bad-format"],
      ["a comment", "<message><!-- psst --></message>", "restricted-xml"],
      ["a processing instruction", "<message><?php ?></message>", "restricted-xml"],
      ["a DTD", "<!DOCTYPE message>", "restricted-xml"],
      ["an entity of its own (A1)", "<message><body>&lol;</body></message>", "restricted-xml"],
      ["a character that XML does not have", "<message><body>&#0;</body></message>", "not-well-formed"],
      ["a prefix without a declaration", "<message><x:y/></message>", "not-well-formed"],
      ["an attribute twice", "<message id='1' id='2'/>", "not-well-formed"],
      ["bytes that are not UTF-8 (A2)", "<message><body>\xff\xfe</body></message>", "unsupported-encoding"],
      ["an overlong character (A2)", "<message><body>\xc0\xaf</body></message>", "unsupported-encoding"],
      ["a character cut by a tag", "<message><body>\xe2\x82</body></message>", "unsupported-encoding"],
      [
        "a character that goes on wrongly in the next packet",
        ["<message><body>\xe2\x82", "x</body></message>"],
        "unsupported-encoding",
      ],
      ["too much in one stanza", `<message><body>${"x".repeat(300_000)}</body></message>`, "policy-violation"],
      [
        "an attribute without end (A4)",
        [`<message id='${"x".repeat(200_000)}`, "x".repeat(200_000)],
        "policy-violation",
      ],
      ["elements too deep (A5)", `<message>${"<a>".repeat(100)}`, "policy-violation"],
      ["somebody else's name [rfc3920-9.1.2-02]", `<message from='${juliet}/balcony' to='${juliet}'/>`, "invalid-from"],
      ["a name that is none", `<message from='@' to='${juliet}'/>`, "invalid-from"],
      ["another resource of its own account", `<message from='${romeo}/other' to='${juliet}'/>`, "invalid-from"],
      ["a stanza that nobody knows", "<telegram/>", "unsupported-stanza-type"],
      ["an element of a namespace that nobody knows", "<message xmlns='urn:wrong'/>", "unsupported-stanza-type"],
      ["a stanza between servers", "<message xmlns='jabber:server'/>", "invalid-namespace"],
      ["a second stream", `${open}</stream:stream>`, "bad-format"],
      ["features of its own", "<stream:features/>", "bad-format"],
      ["TLS again", "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>", "not-authorized"],
      ["log-in again", "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>", "not-authorized"],
    ],
  ),
  ...at(
    ["managed"],
    [
      ["stream management twice", `<enable xmlns='${NS_SM}'/>`, "policy-violation"],
      ["an acknowledgement without a count", `<a xmlns='${NS_SM}'/>`, "bad-format"],
      ["an acknowledgement of what was not sent (S8)", `<a xmlns='${NS_SM}' h='99'/>`, "undefined-condition"],
    ],
  ),
  ...at(
    ["bound"],
    [["an acknowledgement without stream management", `<a xmlns='${NS_SM}' h='0'/>`, "policy-violation"]],
  ),
];

for (const { name, stage, sends, condition } of cases)
  test(`${name}, ${stage}: ${condition}`, async () => {
    await using world = await startWorld({ accounts });
    const recipient = await world.login(`${juliet}/balcony`);
    await recipient.sendText("<presence/>");
    recipient.ignoreAll();
    const { client, id } = await reach(world, stage);
    client.ignoreAll();
    const told = linesAbove(world).length;
    const established = stage === "bound" || stage === "managed";

    const [first = "", ...others] = typeof sends === "string" ? [sends] : sends;
    client.transport.send(established ? chat + first : first);
    for (const chunk of others) client.transport.send(chunk);
    client.transport.send(chat.replace("before", "after"));
    await world.settle();

    const last = client.pending.at(-1);
    assert.equal(`${last?.ns} ${last?.name}`, `${NS_STREAM} error`);
    assert.equal(last?.elements()[0]?.name, condition);
    assert.ok(client.streamClosed, "a closing tag");
    assert.deepEqual(
      recipient.pending.map((element) => element.elements()[0]?.text),
      established ? ["before"] : [],
      "what was accepted is delivered, and nothing else",
    );
    await world.advance(20_000);
    assert.ok(client.connectionClosed, "a closed socket");
    assert.deepEqual(
      linesAbove(world)
        .slice(told)
        .map(({ fields }) => fields["condition"]),
      [condition],
    );
    assert.equal(world.core.links.size, 1);
    assert.deepEqual(
      [...world.core.registry.sessions()].map(({ jid }) => jid),
      [recipient.jid],
    );
    if (stage === "managed") await isOver(client, id);
  });

/** Who comes back is told how far the server got: the chat message counts. */
async function isOver(client: ScriptedClient, id: string): Promise<void> {
  client.reconnect();
  await client.authenticate("romeo", "montague.example", "romeo");
  await client.sendText(`<resume xmlns='${NS_SM}' previd='${id}' h='0'/>`);
  const failed = client.next();
  assert.deepEqual([failed.name, failed.elements()[0]?.name, failed.attr("h")], ["failed", "item-not-found", "1"]);
}

function linesAbove(world: World): World["log"] {
  return world.log.filter(({ level }) => level !== "debug");
}

async function reach(world: World, stage: Stage): Promise<{ readonly client: ScriptedClient; readonly id: string }> {
  const client = world.connect({ clear: stage === "clear" });
  if (stage === "connected") return { client, id: "" };
  if (stage === "opened" || stage === "clear") {
    await client.open("montague.example");
    return { client, id: "" };
  }
  if (stage === "proven") {
    await client.open("montague.example");
    await client.sendText(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${btoa("\0romeo\0romeo")}</auth>`,
    );
    client.expectStream();
    return { client, id: "" };
  }
  await client.authenticate("romeo", "montague.example", "romeo");
  if (stage === "authenticated") return { client, id: "" };
  await client.bind("orchard");
  if (stage === "bound") return { client, id: "" };
  await client.sendText(`<enable xmlns='${NS_SM}' resume='true'/>`);
  return { client, id: client.next().attr("id") ?? "" };
}

/** An error ends the session with and without stream management alike, hence lists of stages. */
function at(
  stages: readonly Stage[],
  rows: readonly (readonly [name: string, sends: Case["sends"], condition: string])[],
): readonly Case[] {
  return stages.flatMap((stage) => rows.map(([name, sends, condition]) => ({ name, stage, sends, condition })));
}
