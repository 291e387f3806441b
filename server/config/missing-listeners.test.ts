import assert from "node:assert/strict";
import { test } from "node:test";
import { parseConfig } from "./load-config.ts";
import { missingServerListeners } from "./missing-listeners.ts";

const listener = (kind: string, port: number) => `[[listeners]]\nkind = "${kind}"\nport = ${port}\n`;
const client = listener("client", 5222);
const host = (keys = "") => `[[hosts]]\ndomain = "montague.example"\n${keys}`;
const config = (text: string) => parseConfig({ file: undefined, text }, []);

for (const [what, text, isMissing] of [
  ["a list of one's own without any for servers", host() + client, true],
  ["no list at all", host(), false],
  ["a list with one for servers", host() + client + listener("server", 5269), false],
  ["a list with direct TLS for servers only", host() + client + listener("server-direct-tls", 5270), false],
  ["a list for localhost alone, where nobody comes", client, false],
  ["a list where no host talks to servers", `s2s.enabled = false\n${host()}${client}`, false],
  ["a list where one host does", `s2s.enabled = false\n${host("s2s.enabled = true\n")}${client}`, true],
  ["a list where the only host does not", host("s2s.enabled = false\n") + client, false],
] as const)
  test(`${what}: ${isMissing ? "the lines to add are told, and right" : "nothing is missing"}`, () => {
    const lines = missingServerListeners(config(text));
    assert.equal(lines.length > 0, isMissing);
    assert.deepEqual(missingServerListeners(config(`${text}${lines.join("\n")}`)), []);
  });
