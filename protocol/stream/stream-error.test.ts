import assert from "node:assert/strict";
import { test } from "node:test";
import { xml } from "#protocol/xml/element.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { streamConditions } from "./stream-conditions.ts";
import { buildStreamError, errorOfFault, readStreamError, StreamError } from "./stream-error.ts";

const ns = "xmlns='urn:ietf:params:xml:ns:xmpp-streams'";

test("there are the twenty-five conditions of RFC 6120 §4.9.3, each once [rfc6120-4.9.2-03]", () => {
  assert.equal(streamConditions.length, 25);
  assert.equal(new Set(streamConditions).size, 25);
});

for (const condition of streamConditions) {
  if (condition === "undefined-condition") continue;
  test(`${condition} is written without a text, and read [rfc6120-4.9.2-05] [rfc6120-4.9.2-08]`, () => {
    const text = serialize(buildStreamError(new StreamError(condition)));
    assert.equal(text, `<stream:error><${condition} ${ns}/></stream:error>`);
    assert.equal(readStreamError(parseElement(text)).condition, condition);
  });
}

test("undefined-condition is written beside what an application says, or not at all [rfc6120-4.9.3.21-01]", () => {
  assert.throws(() => buildStreamError(new StreamError("undefined-condition", { text: "oh" })), /what went wrong/);
  const error = new StreamError("undefined-condition", { specific: xml("urn:example", "tired") });
  assert.equal(
    serialize(buildStreamError(error)),
    `<stream:error><undefined-condition ${ns}/><tired xmlns='urn:example'/></stream:error>`,
  );
});

test("a defined condition stands beside text and application's [rfc6120-4.9.2-09] [rfc6120-4.9.4-01] [rfc6120-4.9.4-02]", () => {
  const error = new StreamError("conflict", { text: "oh", specific: xml("urn:example", "tired") });
  assert.equal(
    serialize(buildStreamError(error)),
    `<stream:error><conflict ${ns}/><text ${ns} xml:lang='en'>oh</text><tired xmlns='urn:example'/></stream:error>`,
  );
});

test("the text means nothing, whatever it says and wherever it stands [rfc6120-4.9.2-10]", () => {
  const text = `<stream:error><text ${ns}>reset</text><conflict ${ns}/></stream:error>`;
  assert.equal(readStreamError(parseElement(text)).condition, "conflict");
});

test("the condition of a fault is the exact one [rfc6120-4.9.3.1-01]", () => {
  for (const condition of [
    "bad-namespace-prefix",
    "invalid-namespace",
    "not-well-formed",
    "policy-violation",
    "restricted-xml",
    "unsupported-encoding",
  ] as const)
    assert.equal(errorOfFault({ condition, text: "" }).condition, condition);
});

test("another host that is none is not told, and not believed [rfc6120-4.9.3.19-01] [rfc6120-4.9.3.19-03]", () => {
  const error = new StreamError("see-other-host", { otherHost: "2001:db8::9" });
  assert.throws(() => buildStreamError(error), /a domain/);
  const read = readStreamError(parseElement(`<stream:error><see-other-host ${ns}>a b</see-other-host></stream:error>`));
  assert.deepEqual([read.condition, read.otherHost], ["see-other-host", undefined]);
});

test("text, language, application-specific condition and other host survive [rfc6120-4.9-01] [rfc6120-4.9.2-06] [rfc6120-4.9.2-07]", () => {
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
