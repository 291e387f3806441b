import assert from "node:assert/strict";
import { test } from "node:test";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { isArchivable } from "./archivable.ts";

const body = "<body>Hi</body>";
const hint = (name: string): string => `<${name} xmlns='urn:xmpp:hints'/>`;
const state = "<active xmlns='http://jabber.org/protocol/chatstates'/>";

/** What is kept of a conversation, by what is in the message: for type `chat`, and for `normal` and none. */
const table: readonly (readonly [what: string, inside: string, kept: boolean])[] = [
  ["nothing", "", false],
  ["a text [xep0313-6.1.1-01] [xep0313-6.1.1-07]", body, true],
  ["an empty text", "<body/>", true],
  ["a subject alone", "<subject>S</subject>", true],
  ["a thread alone", "<thread>t</thread>", false],
  ["a chat state", state, false],
  ["a chat state with a text", body + state, true],
  ["S34 a chat state that is to be stored [xep0334-4.4-01]", state + hint("store"), true],
  ["a text that is not to be stored [xep0313-8.1-05]", body + hint("no-store"), false],
  ["a text that is not to be stored for good [xep0313-8.1-05]", body + hint("no-permanent-store"), false],
  ["a text that is to be stored and is not", body + hint("store") + hint("no-store"), false],
  ["a text that is not to be copied", body + hint("no-copy"), true],
  ["what is encrypted by OMEMO of old", "<encrypted xmlns='eu.siacs.conversations.axolotl'/>", true],
  ["what is encrypted by OMEMO", "<encrypted xmlns='urn:xmpp:omemo:2'/>", true],
  ["what is encrypted by OpenPGP", "<openpgp xmlns='urn:xmpp:openpgp:0'/>", true],
  [
    "what is encrypted in a way that nobody here knows",
    "<encryption xmlns='urn:xmpp:eme:0' namespace='urn:example:x'/>",
    true,
  ],
  ["a receipt (XEP-0184) [xep0313-6.1.1-02]", "<received xmlns='urn:xmpp:receipts' id='1'/>", true],
  ["a request for a receipt alone", "<request xmlns='urn:xmpp:receipts'/>", false],
  ["a text that asks for a receipt", `${body}<request xmlns='urn:xmpp:receipts'/>`, true],
  ["a marker (XEP-0333)", "<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>", true],
  ["a marker of old, that a message came", "<received xmlns='urn:xmpp:chat-markers:0' id='1'/>", true],
  ["a marker of old, that a message was dealt with", "<acknowledged xmlns='urn:xmpp:chat-markers:0' id='1'/>", true],
  ["that markers are wanted", "<markable xmlns='urn:xmpp:chat-markers:0'/>", false],
  ["a text that wants to be marked", `${body}<markable xmlns='urn:xmpp:chat-markers:0'/>`, true],
  [
    "a marker that is not to be stored",
    `<displayed xmlns='urn:xmpp:chat-markers:0' id='1'/>${hint("no-store")}`,
    false,
  ],
  [
    "a reaction (XEP-0444) [xep0444-4-09]",
    "<reactions xmlns='urn:xmpp:reactions:0' id='1'><reaction>🥲</reaction></reactions>",
    true,
  ],
  ["a reaction as it should be sent", `<reactions xmlns='urn:xmpp:reactions:0' id='1'/>${hint("store")}`, true],
  ["that reactions are taken back", "<reactions xmlns='urn:xmpp:reactions:0' id='1'/>", true],
  [
    "a reaction to what is not to be stored",
    `<reactions xmlns='urn:xmpp:reactions:0' id='1'/>${hint("no-store")}`,
    false,
  ],
  ["a retraction (XEP-0424) [xep0424-5-02]", "<retract xmlns='urn:xmpp:message-retract:1' id='1'/>", true],
  [
    "a retraction with a text for those who do not know it [xep0424-5-02]",
    `<retract xmlns='urn:xmpp:message-retract:1' id='1'/><fallback xmlns='urn:xmpp:fallback:0' for='urn:xmpp:message-retract:1'/>${body}`,
    true,
  ],
  [
    "a retraction of old",
    "<apply-to xmlns='urn:xmpp:fasten:0' id='1'><retract xmlns='urn:xmpp:message-retract:0'/></apply-to>",
    true,
  ],
  ["a correction (XEP-0308)", `${body}<replace xmlns='urn:xmpp:message-correct:0' id='1'/>`, true],
  [
    "a correction of what is encrypted",
    "<encrypted xmlns='urn:xmpp:omemo:2'/><replace xmlns='urn:xmpp:message-correct:0' id='1'/>",
    true,
  ],
  ["a correction of what has no text", "<replace xmlns='urn:xmpp:message-correct:0' id='1'/>", true],
  ["a call (XEP-0353)", "<propose xmlns='urn:xmpp:jingle-message:0' id='1'/>", true],
  ["a direct invitation (XEP-0249)", "<x xmlns='jabber:x:conference' jid='r@muc.example'/>", true],
  ["a mediated invitation (XEP-0045)", "<x xmlns='http://jabber.org/protocol/muc#user'><invite/></x>", true],
  ["what a room says of itself", "<x xmlns='http://jabber.org/protocol/muc#user'><status code='104'/></x>", false],
  ["a payload that nobody knows", "<x xmlns='urn:example:x'/>", false],
  ["a payload that nobody knows and that is to be stored", `<x xmlns='urn:example:x'/>${hint("store")}`, true],
];

for (const [what, inside, kept] of table)
  test(`${what} is ${kept ? "" : "not "}kept`, () => {
    for (const type of [" type='chat'", " type='normal'", "", " type='unheard-of'"])
      assert.equal(isArchivable(parseElement(`<message${type}>${inside}</message>`, NS_CLIENT)), kept, type);
  });

for (const type of ["groupchat", "error"])
  test(`nothing of type ${type} is kept, whatever is in it`, () => {
    for (const inside of [body, body + hint("store")])
      assert.equal(isArchivable(parseElement(`<message type='${type}'>${inside}</message>`, NS_CLIENT)), false);
  });

test("news are kept only where their sender says so [xep0334-4.4-01]", () => {
  for (const [inside, kept] of [
    [body, false],
    [body + hint("store"), true],
    [body + hint("store") + hint("no-permanent-store"), false],
  ] as const)
    assert.equal(isArchivable(parseElement(`<message type='headline'>${inside}</message>`, NS_CLIENT)), kept, inside);
});
