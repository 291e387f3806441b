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
const usualTypes = {
  "bad-request": "modify",
  conflict: "cancel",
  "feature-not-implemented": "cancel",
  forbidden: "auth",
  gone: "cancel",
  "internal-server-error": "cancel",
  "item-not-found": "cancel",
  "jid-malformed": "modify",
  "not-acceptable": "modify",
  "not-allowed": "cancel",
  "not-authorized": "auth",
  "policy-violation": "modify",
  "recipient-unavailable": "wait",
  redirect: "modify",
  "registration-required": "auth",
  "remote-server-not-found": "cancel",
  "remote-server-timeout": "wait",
  "resource-constraint": "wait",
  "service-unavailable": "cancel",
  "subscription-required": "auth",
  "undefined-condition": "cancel",
  "unexpected-request": "wait",
};

test("there are the twenty-two conditions of RFC 6120 §8.3.3, with their usual types", () => {
  assert.equal(Object.keys(stanzaConditionTypes).length, 22);
  assert.deepEqual(stanzaConditionTypes, usualTypes);
});

for (const [condition, type] of Object.entries(usualTypes)) {
  test(`${condition} is written with type ${type}, and read [rfc6120-8.3.2-07]`, () => {
    assert(isStanzaCondition(condition));
    const text = serialize(buildStanzaError(new StanzaError(condition)));
    assert.equal(text, `<error type='${type}'><${condition} ${ns}/></error>`);
    const read = readStanzaError(parseElement(`<message type='error'>${text}</message>`));
    assert.deepEqual([read.condition, read.type], [condition, type]);
  });
}

test("all that an error may carry survives [rfc6120-8.3.1-07] [rfc6120-8.3.2-08] [rfc6120-8.3.2-09]", () => {
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
    test(`${name} is read as ${condition} [rfc6120-8.3.2-06]`, () => {
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

  test("goes back where the stanza came from, with its id [rfc6120-8.3.1-02] [rfc6120-8.3.1-05]", () => {
    const element = errorReply(parseElement("<message from='a@b/c' to='d@e' id='1'/>"), new StanzaError("conflict"));
    assert.deepEqual(
      ["from", "to", "id", "type"].map((name) => element?.attr(name)),
      ["d@e", "a@b/c", "1", "error"],
    );
  });

  test("holds what an iq asked, and nothing of a message [rfc6120-8.3.1-08]", () => {
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
    test(`there is none to ${stanza}: it could loop [rfc6120-8.3.1-11] [rfc6120-8.2.3-06]`, () => {
      assert.equal(reply(stanza), undefined);
    });
  }
});

test("the cause of an error is kept", () => {
  const cause = new Error("disk");
  assert.equal(new StanzaError("internal-server-error", { cause }).cause, cause);
  assert.equal(new StanzaError("internal-server-error", { text: "no" }).message, "internal-server-error: no");
});
