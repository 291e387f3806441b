import assert from "node:assert/strict";
import { test } from "node:test";
import { isOtherHost } from "./other-host.ts";

for (const text of [
  "b.example",
  "b.example:5222",
  "192.0.2.1",
  "192.0.2.1:5269",
  "[2001:db8::9]",
  "[2001:db8::9]:5222",
])
  test(`${text} is a host to go to instead [rfc6120-4.9.3.19-01] [rfc6120-4.9.3.19-03]`, () => {
    assert.equal(isOtherHost(text), true);
  });

for (const text of [
  "",
  ":5222",
  "2001:db8::9",
  "[2001:db8::9",
  "[b.example]",
  "b.example:",
  "b.example:0",
  "b.example:65536",
  "b.example:http",
  "juliet@b.example",
  "b.example/x",
  "xmpp:b.example",
])
  test(`${JSON.stringify(text)} is none [rfc6120-4.9.3.19-01] [rfc6120-4.9.3.19-03]`, () => {
    assert.equal(isOtherHost(text), false);
  });
