import assert from "node:assert/strict";
import { test } from "node:test";
import { formatStreamHeader } from "./stream-header.ts";

for (const contentNamespace of ["jabber:client", "jabber:server"])
  test(`a header declares the stream's prefix and ${contentNamespace} as default [rfc3920-4.5-01] [rfc3920-11.2.2-01]`, () => {
    assert.equal(
      formatStreamHeader({ contentNamespace, to: "im.example", version: "1.0" }),
      "<?xml version='1.0'?><stream:stream to='im.example' version='1.0'" +
        ` xmlns='${contentNamespace}' xmlns:stream='http://etherx.jabber.org/streams'>`,
    );
  });

test("what is written into a header cannot leave its attribute", () => {
  const header = formatStreamHeader({ contentNamespace: "jabber:client", language: "'><message>" });
  assert.ok(header.includes(" xml:lang='&apos;&gt;&lt;message&gt;' "));
});
