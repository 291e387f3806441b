import assert from "node:assert/strict";
import { test } from "node:test";
import { ShapeError } from "../xml/element-schema.ts";
import { parseElement } from "../xml/read.ts";
import { serialize } from "../xml/serialize.ts";
import { asPasswordError } from "./password-error.ts";
import { errorReply, StanzaError } from "./stanza-error.ts";

const request = parseElement(
  "<iq xmlns='jabber:client' type='set' id='1'><query xmlns='jabber:iq:register'><password>secret</password></query></iq>",
);

for (const [error, code, condition] of [
  [new StanzaError("conflict", { text: "taken" }), "409", "conflict"],
  [new ShapeError("not-acceptable", "nothing"), "406", "not-acceptable"],
] as const)
  test(`the error ${condition} has its old number and does not repeat the password`, () => {
    const wrapped = asPasswordError(error);
    assert.ok(wrapped instanceof StanzaError);
    const reply = errorReply(request, wrapped);
    assert.ok(reply !== undefined);
    assert.equal(reply.child("jabber:client", "error")?.attr("code"), code);
    assert.equal(reply.child("jabber:client", "error")?.elements()[0]?.name, condition);
    assert.doesNotMatch(serialize(reply), /secret|query/);
  });

test("an error of another kind stays what it is", () => {
  const bug = new TypeError("bug");
  assert.equal(asPasswordError(bug), bug);
});

test("other errors give an iq back as it was, and have no number", () => {
  const reply = errorReply(request, new StanzaError("conflict"));
  assert.ok(reply !== undefined);
  assert.match(serialize(reply), /secret/);
  assert.equal(reply.child("jabber:client", "error")?.attr("code"), undefined);
});
