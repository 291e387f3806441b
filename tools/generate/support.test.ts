import assert from "node:assert/strict";
import { test } from "node:test";
import { doap } from "./doap.ts";
import { supportTable } from "./support-table.ts";
import { mergeSupport } from "./support.ts";
import type { Supported } from "./supported.ts";

const blocking: Supported = {
  xep: 191,
  title: "Blocking",
  version: "1.3",
  status: "complete",
  places: ["xep/0191-blocking"],
};
const presence: Supported = {
  rfc: 6121,
  title: "Presence",
  version: "3, 4",
  status: "complete",
  places: ["im/presence"],
};
const messages: Supported = {
  rfc: 6121,
  title: "Messages",
  version: "5, 8",
  status: "complete",
  places: ["im/messages"],
};

test("parts of one XEP become one entry, complete only when all are", () => {
  const rest: Supported = { ...blocking, status: "partial", note: "No lists.", places: ["server"] };
  assert.deepEqual(mergeSupport([blocking, rest]), [
    { ...blocking, status: "partial", note: "No lists.", places: ["xep/0191-blocking", "server"] },
  ]);
});

test("parts of an RFC stay apart, and RFCs come first", () => {
  assert.deepEqual(mergeSupport([blocking, messages, presence]), [presence, messages, blocking]);
});

test("two features may not speak of different versions", () => {
  assert.throws(() => mergeSupport([blocking, { ...blocking, version: "1.2" }]), /XEP-0191/u);
});

test("the table links documents and places", () => {
  const table = supportTable([presence, { ...blocking, note: "Why." }]);
  assert.match(
    table,
    /\| \[RFC 6121\]\(https:\/\/www\.rfc-editor\.org\/rfc\/rfc6121\.html\) \| Presence \| 3, 4 \| complete \| \[im\/presence\]\(\.\.\/im\/presence\) \|/u,
  );
  assert.match(table, /\[XEP-0191\]\(https:\/\/xmpp\.org\/extensions\/xep-0191\.html\) .* \| Why\. \|/u);
});

test("DOAP names each RFC once and escapes what people wrote", () => {
  const text = doap([presence, messages, { ...blocking, note: "a < b & c" }], { version: "1", description: 'An "x"' });
  assert.equal(text.split("rfc6121").length, 2);
  assert.match(text, /a &lt; b &amp; c/u);
  assert.match(text, /An &quot;x&quot;/u);
  assert.match(text, /xep-0191\.html/u);
});
