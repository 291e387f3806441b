import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseJid } from "#protocol/jid/jid.ts";
import { xml } from "#protocol/xml/element.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { isStanzaCondition, stanzaConditionTypes } from "./stanza-conditions.ts";
import { buildStanzaError, errorReply, readStanzaError, StanzaError } from "./stanza-error.ts";

const ns = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";

/** RFC 6120 §8.3.3, condition by condition. */
const conditions = [
  ["bad-request", "modify", "[rfc6120-8.3.3.1-01]"],
  ["conflict", "cancel", "[rfc6120-8.3.3.2-01]"],
  ["feature-not-implemented", "cancel", "[rfc6120-8.3.3.3-01] [rfc3920-9.3.3-03]"],
  ["forbidden", "auth", "[rfc6120-8.3.3.4-01]"],
  ["gone", "cancel", "[rfc6120-8.3.3.5-01]"],
  ["internal-server-error", "cancel", "[rfc6120-8.3.3.6-01]"],
  ["item-not-found", "cancel", "[rfc6120-8.3.3.7-01]"],
  ["jid-malformed", "modify", "[rfc6120-8.3.3.8-01]"],
  ["not-acceptable", "modify", "[rfc6120-8.3.3.9-01]"],
  ["not-allowed", "cancel", "[rfc6120-8.3.3.10-01]"],
  ["not-authorized", "auth", "[rfc6120-8.3.3.11-01]"],
  ["policy-violation", "modify", "[rfc6120-8.3.3.12-01]"],
  ["recipient-unavailable", "wait", "[rfc6120-8.3.3.13-01]"],
  ["redirect", "modify", "[rfc6120-8.3.3.14-01]"],
  ["registration-required", "auth", "[rfc6120-8.3.3.15-01]"],
  ["remote-server-not-found", "cancel", "[rfc6120-8.3.3.16-01]"],
  ["remote-server-timeout", "wait", "[rfc6120-8.3.3.17-01]"],
  ["resource-constraint", "wait", "[rfc6120-8.3.3.18-01]"],
  ["service-unavailable", "cancel", "[rfc6120-8.3.3.19-01]"],
  ["subscription-required", "auth", "[rfc6120-8.3.3.20-01]"],
  ["undefined-condition", "cancel", ""],
  ["unexpected-request", "wait", "[rfc6120-8.3.3.22-01] [rfc3920-9.3.3-22]"],
] as const;

test("there are the twenty-two conditions of RFC 6120 §8.3.3, with their usual types [rfc6120-8.3.2-05]", () => {
  assert.equal(Object.keys(stanzaConditionTypes).length, 22);
  assert.deepEqual(stanzaConditionTypes, Object.fromEntries(conditions));
});

for (const [condition, type, rule] of conditions) {
  if (condition === "undefined-condition") continue;
  test(`${condition} is written with type ${type}, without a text, and read [rfc6120-8.3.2-07] [rfc6120-8.3.2-10] ${rule}`, () => {
    assert.ok(isStanzaCondition(condition));
    const text = serialize(buildStanzaError(new StanzaError(condition)));
    assert.equal(text, `<error type='${type}'><${condition} ${ns}/></error>`);
    const read = readStanzaError(parseElement(`<message type='error'>${text}</message>`));
    assert.deepEqual([read.condition, read.type], [condition, type]);
  });
}

test("undefined-condition is written beside what an application says, or not at all [rfc6120-8.3.3.21-01]", () => {
  assert.throws(() => buildStanzaError(new StanzaError("undefined-condition", { text: "oh" })), /what went wrong/);
  const error = new StanzaError("undefined-condition", { specific: xml("urn:example", "tired"), type: "wait" });
  assert.equal(
    serialize(buildStanzaError(error)),
    `<error type='wait'><undefined-condition ${ns}/><tired xmlns='urn:example'/></error>`,
  );
});

for (const condition of ["gone", "redirect"] as const)
  test(`${condition} names a URI, or nothing [rfc6120-8.3.3.5-01] [rfc6120-8.3.3.14-01]`, () => {
    const location = "xmpp:romeo@verona.example";
    assert.match(
      serialize(buildStanzaError(new StanzaError(condition, { location }))),
      new RegExp(`<${condition} [^>]*>xmpp:romeo@verona.example</${condition}>`),
    );
    for (const wrong of ["romeo@verona.example", "", "xmpp:", "1:2", "xmpp:a b"])
      assert.throws(() => buildStanzaError(new StanzaError(condition, { location: wrong })), /a URI/);
    const read = (text: string) =>
      readStanzaError(parseElement(`<iq type='error'><error><${condition} ${ns}>${text}</${condition}></error></iq>`));
    assert.equal(read(location).location, location);
    assert.equal(read("romeo@verona.example").location, undefined);
  });

test("neither a text nor an application's condition decides what an error is [rfc6120-8.3.2-11] [rfc6120-8.3.4-02]", () => {
  const inside = `<text ${ns}>conflict</text><conflict xmlns='urn:example'/><gone ${ns}/>`;
  const error = readStanzaError(parseElement(`<iq type='error'><error type='cancel'>${inside}</error></iq>`));
  assert.deepEqual([error.condition, error.type, error.text], ["gone", "cancel", "conflict"]);
});

test("a text says its language [rfc6120-8.1.5-01] [rfc6120-12-03]", () => {
  assert.equal(
    serialize(buildStanzaError(new StanzaError("conflict", { text: "oh" }))),
    `<error type='cancel'><conflict ${ns}/><text ${ns} xml:lang='en'>oh</text></error>`,
  );
});

test("an error may be of another type than the usual, and say who noticed it [rfc6120-8.3.1-07] [rfc6120-8.3.3-01] [rfc6120-8.3.4-01]", () => {
  const error = new StanzaError("gone", {
    type: "modify",
    by: parseJid("im.example"),
    specific: xml("urn:example", "moved"),
  });
  assert.equal(
    serialize(buildStanzaError(error)),
    `<error by='im.example' type='modify'><gone ${ns}/><moved xmlns='urn:example'/></error>`,
  );
});

test("all that an error may carry survives, beside its condition [rfc3920-9.3.4-02] [rfc6120-8.3.1-07] [rfc6120-8.3.2-08] [rfc6120-8.3.2-09]", () => {
  const error = new StanzaError("gone", {
    type: "modify",
    text: "fort",
    language: "de",
    by: parseJid("im.example"),
    location: "xmpp:romeo@verona.example",
    specific: xml("urn:example", "moved"),
  });
  const read = readStanzaError(parseElement(`<iq type='error'>${serialize(buildStanzaError(error))}</iq>`));
  assert.deepEqual(
    [read.condition, read.type, read.text, read.language, read.by, read.location, read.specific?.name],
    ["gone", "modify", "fort", "de", "im.example", "xmpp:romeo@verona.example", "moved"],
  );
});

describe("errors from outside", () => {
  for (const [name, inside, condition, type] of [
    ["no <error/>", "", "undefined-condition", "cancel"],
    ["an empty <error/>", "<error/>", "undefined-condition", "cancel"],
    ["a new condition", `<error type='wait'><tired ${ns}/></error>`, "undefined-condition", "wait"],
    ["a new type", `<error type='retry'><conflict ${ns}/></error>`, "conflict", "cancel"],
    ["a condition that Object has", `<error type='wait'><constructor ${ns}/></error>`, "undefined-condition", "wait"],
    ["a malformed by", `<error by='@' type='wait'><conflict ${ns}/></error>`, "conflict", "wait"],
  ] as const) {
    test(`${name} is read as ${condition} of type ${type} [rfc6120-8.3.2-04] [rfc6120-8.3.2-06]`, () => {
      const error = readStanzaError(parseElement(`<iq type='error'>${inside}</iq>`));
      assert.deepEqual([error.condition, error.type, error.by], [condition, type, undefined]);
    });
  }
});

describe("the reply", () => {
  const reply = (stanza: string) => {
    const element = errorReply(parseElement(stanza), new StanzaError("conflict"));
    return element === undefined ? undefined : serialize(element);
  };

  test("goes back where the stanza came from, with its id, as an error [rfc6120-8.3.1-02] [rfc6120-8.3.1-03] [rfc6120-8.3.1-05] [rfc6120-8.3.1-10]", () => {
    const element = errorReply(parseElement("<message from='a@b/c' to='d@e' id='1'/>"), new StanzaError("conflict"));
    assert.deepEqual(
      ["from", "to", "id", "type"].map((name) => element?.attr(name)),
      ["d@e", "a@b/c", "1", "error"],
    );
  });

  test("holds an error, behind what an iq asked, and nothing of a message [rfc6120-8.2.3-09] [rfc6120-8.3.1-06] [rfc6120-8.3.1-08] [rfc3920-9.2.3-08]", () => {
    assert.match(reply("<iq type='get' id='1'><query xmlns='x'/></iq>") ?? "", /<query xmlns='x'\/><error /);
    assert.equal(reply("<message><body>long</body></message>")?.includes("long"), false);
  });

  test("to an iq always has an id, an empty one at worst [rfc6120-8.3.1-04]", () => {
    assert.match(reply("<iq type='get'><query xmlns='x'/></iq>") ?? "", / id=''/);
  });

  for (const stanza of [
    "<message type='error'/>",
    "<presence type='error'/>",
    "<iq type='error' id='1'/>",
    "<iq type='result' id='1'/>",
    "<error xmlns='http://etherx.jabber.org/streams'/>",
    "<message xmlns='urn:other'/>",
  ]) {
    test(`there is none to ${stanza}: it could loop [rfc6120-8.3.1-11] [rfc6120-8.3.2-03] [rfc6120-8.2.3-06] [rfc6120-10.3.3-04]`, () => {
      assert.equal(reply(stanza), undefined);
    });
  }
});

test("the cause of an error is kept", () => {
  const cause = new Error("disk");
  assert.equal(new StanzaError("internal-server-error", { cause }).cause, cause);
  assert.equal(new StanzaError("internal-server-error", { text: "no" }).message, "internal-server-error: no");
});
