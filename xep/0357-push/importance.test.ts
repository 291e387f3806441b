import assert from "node:assert/strict";
import { test } from "node:test";
import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { stanzaOf, type Stanza, type StanzaKind } from "#kit/stanza.ts";
import { isWorthKeeping } from "#im/messages/worth-keeping.ts";
import { isArchivable } from "../0313-archive/archivable.ts";
import { mayWait } from "../0352-client-state/may-wait.ts";
import { newsIn, type Importance } from "./importance.ts";

const juliet = bareOf(parseJid("juliet@capulet.example") ?? assert.fail());
const romeo = "romeo@montague.example/garden";
const body = "<body>Hi</body>";
const hint = (name: string): string => `<${name} xmlns='urn:xmpp:hints'/>`;
const state = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
const forwarded = (message: string): string => `<forwarded xmlns='urn:xmpp:forward:0'>${message}</forwarded>`;
const inner = (from: string, to: string, inside: string): string =>
  `<message xmlns='jabber:client' from='${from}' to='${to}' type='chat'>${inside}</message>`;
const carbon = (way: string, message: string): string =>
  `<${way} xmlns='urn:xmpp:carbons:2'>${forwarded(message)}</${way}>`;

function read(kind: StanzaKind, attributes: string, inside: string, from: string): Stanza {
  const element = parseElement(`<${kind} from='${from}' to='${juliet}'${attributes}>${inside}</${kind}>`, NS_CLIENT);
  return stanzaOf(kind, element, parseJid(from) ?? assert.fail(), juliet);
}

/** What of a contact's chat messages is worth a push. */
const table: readonly (readonly [what: string, inside: string, importance: Importance | undefined])[] = [
  ["a text", body, "high"],
  ["an empty text", "<body/>", undefined],
  ["a text with a chat state", body + state, "high"],
  ["a chat state", state, undefined],
  ["a chat state that is to be stored", state + hint("store"), "low"],
  ["a text that is not to be stored", body + hint("no-store"), undefined],
  ["a subject alone", "<subject>S</subject>", undefined],
  ["what is encrypted by OMEMO", "<encrypted xmlns='urn:xmpp:omemo:2'><header/><payload/></encrypted>", "high"],
  [
    "what is encrypted by OMEMO of old",
    "<encrypted xmlns='eu.siacs.conversations.axolotl'><header/><payload/></encrypted>",
    "high",
  ],
  ["keys of OMEMO", `<encrypted xmlns='urn:xmpp:omemo:2'><header/></encrypted>${hint("store")}`, "low"],
  ["what is encrypted by OpenPGP", "<openpgp xmlns='urn:xmpp:openpgp:0'/>", "high"],
  ["a call", `<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>${hint("store")}`, "high"],
  ["that a call is over", `<retract xmlns='urn:xmpp:jingle-message:0' id='1'/>${hint("store")}`, "low"],
  ["an invitation", "<x xmlns='jabber:x:conference' jid='r@muc.example'/>", "high"],
  ["a mediated invitation", "<x xmlns='http://jabber.org/protocol/muc#user'><invite/></x>", "high"],
  ["what a room says of itself", "<x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/></x>", undefined],
  ["a correction", `${body}<replace xmlns='urn:xmpp:message-correct:0' id='1'/>`, "low"],
  ["a retraction", "<retract xmlns='urn:xmpp:message-retract:1' id='1'/>", "low"],
  ["a reaction", "<reactions xmlns='urn:xmpp:reactions:0' id='1'/>", "low"],
  ["a receipt", `<received xmlns='urn:xmpp:receipts' id='1'/>${hint("store")}`, "low"],
  ["a receipt as it is sent usually", "<received xmlns='urn:xmpp:receipts' id='1'/>", undefined],
  ["a marker", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", undefined],
  ["a payload that nobody knows", "<x xmlns='urn:example:x'/>", undefined],
];

for (const [what, inside, importance] of table)
  test(`${what} is ${importance === undefined ? "not worth a push" : `a push of ${importance} importance`}`, () => {
    const news = newsIn(read("message", " type='chat'", inside, romeo), juliet);
    assert.equal(news?.importance, importance);
  });

test("what is worth a push is kept for its recipient, and does not wait for a client that nobody looks at", () => {
  const everything = { presence: true, chatStates: true, events: true, sentCopies: true };
  for (const [what, inside, importance] of table) {
    const stanza = read("message", " type='chat'", inside, romeo);
    if (importance === undefined) continue;
    assert.ok(isArchivable(stanza.element), `${what} is archived`);
    assert.ok(isWorthKeeping(stanza), `${what} is kept`);
    if (importance === "high") assert.equal(mayWait(stanza, everything), undefined, what);
  }
});

interface Row {
  readonly what: string;
  readonly kind?: StanzaKind;
  readonly attributes?: string;
  readonly inside?: string;
  readonly from?: string;
  readonly importance?: Importance;
}

const own = `${juliet}/desktop`;
const rows: readonly Row[] = [
  { what: "a normal message", inside: body, importance: "high" },
  { what: "a text in a room", attributes: " type='groupchat'", inside: body, importance: "high" },
  { what: "a new subject of a room", attributes: " type='groupchat'", inside: "<subject>S</subject>" },
  { what: "news", attributes: " type='headline'", inside: body },
  { what: "an error", attributes: " type='error'", inside: body },
  { what: "what the user writes on another device", inside: body, from: own },
  { what: "a copy of it", from: juliet, inside: carbon("sent", inner(own, romeo, body)) },
  {
    what: "a copy of what came",
    from: juliet,
    inside: carbon("received", inner(romeo, own, body)),
    importance: "high",
  },
  { what: "a copy of a chat state", from: juliet, inside: carbon("received", inner(romeo, own, state)) },
  { what: "a copy of a note to oneself", from: juliet, inside: carbon("received", inner(own, juliet, body)) },
  { what: "somebody else's copy", inside: carbon("received", inner("tybalt@capulet.example/x", own, body)) },
  {
    what: "a page of the archive",
    from: juliet,
    inside: `<result xmlns='urn:xmpp:mam:2' id='1'>${forwarded(inner(romeo, own, body))}</result>`,
  },
  { what: "presence", kind: "presence" },
  { what: "a request to be let in", kind: "presence", attributes: " type='subscribe'", importance: "low" },
  { what: "a request", kind: "iq", attributes: " type='get' id='1'", inside: "<ping xmlns='urn:xmpp:ping'/>" },
  {
    what: "a call to this device",
    kind: "iq",
    attributes: " type='set' id='1'",
    inside: "<jingle xmlns='urn:xmpp:jingle:1' action='session-initiate' sid='s'/>",
    importance: "high",
  },
  {
    what: "the rest of a call",
    kind: "iq",
    attributes: " type='set' id='1'",
    inside: "<jingle xmlns='urn:xmpp:jingle:1' action='transport-info' sid='s'/>",
  },
];

for (const { what, kind = "message", attributes = "", inside = "", from = romeo, importance } of rows)
  test(`${what} is ${importance === undefined ? "not worth a push" : `a push of ${importance} importance`}`, () => {
    assert.equal(newsIn(read(kind, attributes, inside, from), juliet)?.importance, importance);
  });
