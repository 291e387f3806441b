import assert from "node:assert/strict";
import { test } from "node:test";
import { xml } from "#protocol/xml/element.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { streamConditions } from "./stream-conditions.ts";
import { buildStreamError, readStreamError, StreamError } from "./stream-error.ts";

const ns = "xmlns='urn:ietf:params:xml:ns:xmpp-streams'";

test("there are the twenty-five conditions of RFC 6120 §4.9.3, each once", () => {
  assert.equal(streamConditions.length, 25);
  assert.equal(new Set(streamConditions).size, 25);
});

for (const condition of streamConditions) {
  test(`${condition} is written and read [rfc6120-4.9.2-05]`, () => {
    const text = serialize(buildStreamError(new StreamError(condition)));
    assert.equal(text, `<stream:error><${condition} ${ns}/></stream:error>`);
    assert.equal(readStreamError(parseElement(text)).condition, condition);
  });
}

test("text, language, application-specific condition and other host survive [rfc6120-4.9.2-06] [rfc6120-4.9.2-07]", () => {
  const error = new StreamError("see-other-host", {
    text: "anderswo",
    language: "de",
    otherHost: "[2001:db8::9]:5222",
    specific: xml("urn:example", "moved"),
  });
  const read = readStreamError(parseElement(serialize(buildStreamError(error))));
  const { condition, language, otherHost, specific, text } = read;
  assert.deepEqual(
    [condition, text, language, otherHost, specific?.name],
    ["see-other-host", "anderswo", "de", "[2001:db8::9]:5222", "moved"],
  );
});

for (const [name, text, condition] of [
  ["an unknown condition", `<stream:error><tired ${ns}/></stream:error>`, "undefined-condition"],
  ["none", "<stream:error/>", "undefined-condition"],
  ["only a text", `<stream:error><text ${ns}>oh</text></stream:error>`, "undefined-condition"],
  ["the name of RFC 3920", `<stream:error><xml-not-well-formed ${ns}/></stream:error>`, "not-well-formed"],
] as const) {
  test(`${name} is read as ${condition} [rfc6120-4.9.2-04]`, () => {
    assert.equal(readStreamError(parseElement(text)).condition, condition);
  });
}
