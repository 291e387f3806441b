import assert from "node:assert/strict";
import { test } from "node:test";
import { parseJid } from "#protocol/jid/jid.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { messageTypeOf } from "#protocol/stanza/message-type.ts";
import { Stanza } from "#kit/stanza.ts";
import { isWorthKeeping } from "./worth-keeping.ts";

const body = "<body>Hi</body>";
const state = "<composing xmlns='http://jabber.org/protocol/chatstates'/>";
const hint = (name: string): string => `<${name} xmlns='urn:xmpp:hints'/>`;
const romeo = parseJid("romeo@montague.example/garden") ?? assert.fail();

for (const [what, type, inside, kept] of [
  ["a normal message [xep0160-3-01] [xep0160-3-02]", "normal", body, true],
  ["a message without a type [xep0160-3-02]", "", body, true],
  ["a normal message without a text [xep0160-3-02]", "", "<x xmlns='jabber:x:conference' jid='r@muc.example'/>", true],
  ["chat [xep0160-3-01] [xep0160-3-03]", "chat", body, true],
  ["a chat state alone [xep0160-3-03]", "chat", `${state}<thread>t</thread>`, false],
  ["a chat state with a text", "chat", body + state, true],
  ["a message in a room [xep0160-3-01] [xep0160-3-04]", "groupchat", body, false],
  ["a message in a room that is to be stored", "groupchat", body + hint("store"), false],
  ["news [xep0160-3-01] [xep0160-3-05]", "headline", body, false],
  ["an error [xep0160-3-01] [xep0160-3-06]", "error", body, false],
  ["a text that is not to be stored", "chat", body + hint("no-store"), false],
  ["a text that is not to be stored for good", "chat", body + hint("no-permanent-store"), true],
  ["a chat state that is to be stored [xep0424-3-03]", "chat", state + hint("store"), true],
] as const)
  test(`${what} is ${kept ? "" : "not "}worth keeping`, () => {
    const attribute = type === "" ? "" : ` type='${type}'`;
    const element = parseElement(`<message from='${romeo}'${attribute}>${inside}</message>`, NS_CLIENT);
    const stanza = new Stanza("message", element, romeo, undefined, messageTypeOf(element), undefined, undefined);
    assert.equal(isWorthKeeping(stanza), kept);
  });
