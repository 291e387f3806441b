import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseJid } from "#protocol/jid/jid.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import { SettlementTracker } from "#kit/settlement.ts";
import { Stanza } from "#kit/stanza.ts";
import { admitRemote, type RemoteAdmission } from "./admit-remote.ts";

/** montague.example may write to capulet.example, and verona.example to masks.capulet.example. */
const admission: RemoteAdmission = {
  parseJid,
  mayBring: (remote, local) =>
    ["montague.example capulet.example", "verona.example masks.capulet.example"].includes(`${remote} ${local}`),
  isFor: (local) => local === "capulet.example" || local === "masks.capulet.example",
  language: undefined,
};

function admit(text: string, more: Partial<RemoteAdmission> = {}): ReturnType<typeof admitRemote> {
  const settlement = new SettlementTracker(() => undefined).next();
  return admitRemote(parseElement(text, NS_CLIENT), { ...admission, ...more }, settlement);
}

const romeo = "romeo@montague.example/orchard";
const juliet = "juliet@capulet.example";

describe("what another server must not send ends its stream", () => {
  const cases: readonly (readonly [what: string, stanza: string, condition: string, ids: string])[] = [
    ["no to", `<message from='${romeo}'/>`, "improper-addressing", "[rfc6120-8.1.1.2-01]"],
    ["an empty to", `<message from='${romeo}' to=''/>`, "improper-addressing", "[rfc6120-8.1.1.2-01]"],
    ["a to that is no address", `<message from='${romeo}' to='@x'/>`, "improper-addressing", "[rfc6120-8.1.1.2-01]"],
    ["no from", `<message to='${juliet}'/>`, "improper-addressing", "[rfc6120-8.1.2.2-01]"],
    [
      "a from that is no address",
      `<message from='a@b@c' to='${juliet}'/>`,
      "improper-addressing",
      "[rfc6120-8.1.2.2-01]",
    ],
    [
      "for a domain that is not ours",
      `<message from='${romeo}' to='x@verona.example'/>`,
      "host-unknown",
      "[rfc6120-8.1.1.2-02]",
    ],
    [
      "for a domain of ours that the stream is not for",
      `<message from='${romeo}' to='x@orsino.capulet.example'/>`,
      "host-unknown",
      "[rfc6120-8.1.1.2-02]",
    ],
    [
      "from another domain",
      `<message from='iago@venice.example' to='${juliet}'/>`,
      "invalid-from",
      "[rfc6120-8.1.2.2-02]",
    ],
    [
      "from a domain of ours",
      `<message from='nurse@capulet.example' to='${juliet}'/>`,
      "invalid-from",
      "[rfc6120-8.1.2.2-02]",
    ],
    [
      "from below the domain",
      `<message from='x@sub.montague.example' to='${juliet}'/>`,
      "invalid-from",
      "[rfc6120-8.1.2.2-02]",
    ],
    [
      "A35 both domains are authorized, but not for one another",
      `<message from='x@verona.example' to='${juliet}'/>`,
      "invalid-from",
      "[rfc6120-8.1.2.2-02]",
    ],
    ["no stanza", "<letter/>", "unsupported-stanza-type", ""],
  ];
  for (const [what, stanza, condition, ids] of cases)
    test(`${what} ${ids}`, () => {
      const error = admit(stanza);
      assert.ok(error instanceof StreamError);
      assert.equal(error.condition, condition);
    });
});

test("A35 a stanza passes whose two domains are a pair of the stream", () => {
  for (const [from, to] of [
    [romeo, juliet],
    ["x@verona.example", "masks.capulet.example"],
  ]) {
    const stanza = admit(`<presence from='${from}' to='${to}'/>`);
    assert.ok(stanza instanceof Stanza);
    assert.equal(stanza.from, from);
    assert.equal(stanza.to, to);
  }
});

test("addresses are routed by in the form that everybody compares", () => {
  const stanza = admit("<message from='Romeo@Montague.example/Orchard' to='JULIET@capulet.example'/>");
  assert.ok(stanza instanceof Stanza);
  assert.equal(stanza.from, "romeo@montague.example/Orchard");
  assert.equal(stanza.element.attr("to"), juliet);
});

test("a stanza is in the language of the stream unless it says otherwise [rfc6120-8.1.5-04] [rfc6120-8.1.5-06]", () => {
  for (const [own, expected] of [
    ["", "it"],
    ["xml:lang='de'", "de"],
  ]) {
    const stanza = admit(`<message ${own} from='${romeo}' to='${juliet}'/>`, { language: "it" });
    assert.ok(stanza instanceof Stanza);
    assert.equal(stanza.element.attr("xml:lang"), expected);
  }
});

test("a request without a payload goes back, and the stream goes on", () => {
  const refused = admit(`<iq type='get' id='1' from='${romeo}' to='${juliet}'/>`);
  assert.ok("refused" in refused);
  assert.equal(refused.error.condition, "bad-request");
});
