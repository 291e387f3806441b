import assert from "node:assert/strict";
import { JidCache } from "#protocol/jid/jid-cache.ts";
import { escapeLocalpart, unescapeLocalpart } from "#protocol/jid/jid-escaping.ts";
import {
  type Jid,
  bareOf,
  domainOf,
  isBare,
  isDomain,
  isFull,
  localpartOf,
  makeJid,
  parseJid,
  resourceOf,
} from "#protocol/jid/jid.ts";
import { formatXmppUri, parseXmppUri } from "#protocol/jid/xmpp-uri.ts";
import { looseTextOf } from "../engine/byte-strings.ts";
import { textMutations } from "../engine/mutate-text.ts";
import { fuzzTarget } from "../engine/target.ts";

const partBytesMax = 1_023;

export const target = fuzzTarget({
  summary:
    "an address has one canonical form, of bounded length, from which its parts, its URI and its escapes lead back",
  bytesMax: 4_096,
  roundExecutions: 600_000,
  words: [
    "@",
    "/",
    ".",
    "..",
    "xn--",
    "xn--mller-kva",
    "[::1]",
    "[1::%25eth0]",
    "127.0.0.1",
    "xmpp:",
    "xmpp://",
    "?message;body=",
    "?join",
    ";",
    "=",
    "#",
    "%",
    "%25",
    "%40",
    "%C3%A9",
    "\\20",
    "\\2f",
    "\\5c",
    "a@b.example/c",
    "ß",
    "ς",
    "İ",
    "＠",
    "／",
    "。",
    "\u200d",
    "א",
    "٠",
    "۰",
    "ａ",
    "ﬁ",
    "é",
    "e\u0301",
    "😀",
    "-",
    "--",
  ],
  seeds: [
    "juliet@im.example/balcony",
    "im.example",
    "Juliet@IM.Example",
    "a@[::1]/b",
    "ß@müller.example/ Ω ",
    "a\\20b@example",
    "xmpp:juliet@im.example/balcony?message;subject=a%20b;body=c#d",
    "xmpp://a@b/c@d?join",
    "a@xn--mller-kva.example",
    "@",
    "a@",
    "/",
    "a@b/",
    "שלום@דוגמה.example",
    "a@1.2.3.4",
    "d'artagnan@x",
  ],
  mutations: textMutations,
  run: (input) => {
    const text = looseTextOf(input);
    const jid = parseJid(text);
    if (jid !== undefined) checkJid(jid);
    checkCache(text, jid);
    checkParts(text);
    checkUri(text);
    checkEscaping(text);
  },
});

function checkJid(jid: Jid): void {
  assert.equal(parseJid(jid), jid, "the canonical form has another one");
  assert.ok(jid.isWellFormed(), "half a surrogate pair is left");
  const local = localpartOf(jid);
  const domain = domainOf(jid);
  const resource = resourceOf(jid);
  assert.equal(
    `${local === undefined ? "" : `${local}@`}${domain}${resource === undefined ? "" : `/${resource}`}`,
    jid,
  );
  for (const part of [local ?? "a", domain, resource ?? "a"])
    assert.ok(part.length > 0 && Buffer.byteLength(part) <= partBytesMax, `a part of ${Buffer.byteLength(part)} bytes`);
  assert.equal(makeJid(local, domain, resource), jid);
  const bare = bareOf(jid);
  assert.equal(bare, resource === undefined ? jid : jid.slice(0, -resource.length - 1));
  assert.equal(parseJid(bare), bare);
  assert.deepEqual([isBare(jid), isFull(jid)], [resource === undefined, resource !== undefined]);
  assert.equal(isDomain(jid), local === undefined && resource === undefined);
  for (const form of ["uri", "iri"] as const) {
    const uri = formatXmppUri({ address: jid }, form);
    assert.equal(parseXmppUri(uri)?.address, jid, uri);
    if (form === "uri") assert.match(uri, /^[!-~]*$/u);
  }
}

function checkCache(text: string, jid: Jid | undefined): void {
  const cache = new JidCache(2);
  for (const spelling of [text, text, "a@b", "c@d", "e@f", text]) {
    const expected = spelling === text ? jid : parseJid(spelling);
    assert.equal(cache.parse(spelling), expected);
    assert.ok(cache.entries <= 2);
  }
}

/** Parts that are put together are the parts that come out. */
function checkParts(text: string): void {
  const [local = "", domain = "", resource = ""] = text.split("\n");
  const jid = makeJid(local === "" ? undefined : local, domain, resource === "" ? undefined : resource);
  if (jid !== undefined) checkJid(jid);
}

function checkUri(text: string): void {
  const uri = parseXmppUri(text);
  if (uri === undefined) return;
  for (const form of ["uri", "iri"] as const) {
    const written = formatXmppUri(uri, form);
    assert.deepEqual(parseXmppUri(written), uri, written);
    assert.equal(formatXmppUri(parseXmppUri(written) ?? {}, form), written);
  }
}

function checkEscaping(text: string): void {
  const escaped = escapeLocalpart(text);
  if (escaped === undefined) return;
  assert.equal(unescapeLocalpart(escaped), text);
  assert.ok(!/[ "&'/:<>@]/u.test(escaped), "something is left to escape");
}
