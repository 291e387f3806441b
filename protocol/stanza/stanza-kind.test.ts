import assert from "node:assert/strict";
import { test } from "node:test";
import { parseElement } from "#protocol/xml/read.ts";
import { messageTypeOf } from "./message-type.ts";
import { isSubscription, presenceTypeOf } from "./presence-type.ts";
import { stanzaKindOf } from "./stanza-kind.ts";

for (const [text, kind] of [
  ["<message/>", "message"],
  ["<presence/>", "presence"],
  ["<iq/>", "iq"],
  ["<Message/>", undefined],
  ["<body/>", undefined],
  ["<message xmlns='jabber:server'/>", undefined],
  ["<message xmlns='urn:other'/>", undefined],
  ["<message xmlns=''/>", undefined],
] as const) {
  test(`${text} is ${kind ?? "no stanza"}`, () => assert.equal(stanzaKindOf(parseElement(text)), kind));
}

test("an unknown type of message is normal (RFC 6121 §5.2.2)", () => {
  const types = [" type='chat'", " type='Chat'", " type=''", ""].map((type) =>
    messageTypeOf(parseElement(`<message${type}/>`)),
  );
  assert.deepEqual(types, ["chat", "normal", "normal", "normal"]);
});

test("an unknown type of presence is none", () => {
  const types = ["", " type='unavailable'", " type='available'", " type='away'"].map((type) =>
    presenceTypeOf(parseElement(`<presence${type}/>`)),
  );
  assert.deepEqual(types, ["available", "unavailable", undefined, undefined]);
});

test("four types of presence are about subscriptions", () => {
  const all = [
    "available",
    "error",
    "probe",
    "subscribe",
    "subscribed",
    "unavailable",
    "unsubscribe",
    "unsubscribed",
  ] as const;
  assert.deepEqual(all.filter(isSubscription), ["subscribe", "subscribed", "unsubscribe", "unsubscribed"]);
});
