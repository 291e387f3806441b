import assert from "node:assert/strict";
import { test } from "node:test";
import { saslConditions } from "#protocol/sasl/sasl-condition.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { readSaslReply, readSaslRequest, saslAuth, saslFailure, saslSuccess } from "./sasl-elements.ts";

const ns = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";

test("there are the eleven conditions of RFC 6120 §6.5 [rfc6120-6.5-03]", () => {
  assert.equal(new Set(saslConditions).size, 11);
});

for (const condition of saslConditions)
  test(`${condition} is written as the child of a failure, with a text or without [rfc6120-6.5-03] [rfc6120-6.5-05]`, () => {
    assert.equal(serialize(saslFailure(condition)), `<failure ${ns}><${condition}/></failure>`);
    const told = serialize(saslFailure(condition, "oh"));
    assert.equal(told, `<failure ${ns}><${condition}/><text xml:lang='en'>oh</text></failure>`);
    assert.deepEqual(readSaslReply(parseElement(told)), { type: "failure", condition, text: "oh" });
  });

for (const [name, inside] of [
  ["without a condition", ""],
  ["with a text alone", "<text>conflict</text>"],
  ["with a condition of another namespace", "<aborted xmlns='urn:x'/>"],
])
  test(`a failure ${name} is one like not-authorized [rfc6120-6.5-04]`, () => {
    const reply = readSaslReply(parseElement(`<failure ${ns}>${inside}</failure>`));
    assert.equal(reply.type === "failure" && reply.condition, "not-authorized");
  });

test("data of no length is an equals sign, in both directions [rfc6120-6.4.2-02] [rfc6120-6.4.6-03]", () => {
  const none = new Uint8Array();
  assert.equal(serialize(saslAuth("EXTERNAL", none)), `<auth ${ns} mechanism='EXTERNAL'>=</auth>`);
  assert.equal(serialize(saslAuth("EXTERNAL", undefined)), `<auth ${ns} mechanism='EXTERNAL'/>`);
  assert.equal(serialize(saslSuccess(none)), `<success ${ns}>=</success>`);
  assert.equal(serialize(saslSuccess(undefined)), `<success ${ns}/>`);
  const auth = parseElement(`<auth ${ns} mechanism='EXTERNAL'>=</auth>`);
  assert.deepEqual(readSaslRequest(auth), { type: "auth", mechanism: "EXTERNAL", initial: none });
  assert.deepEqual(readSaslReply(parseElement(`<success ${ns}>=</success>`)), { type: "success", data: none });
});
