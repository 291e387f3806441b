import assert from "node:assert/strict";
import { type BareJid, type DomainJid, type FullJid, isBare, isDomain, isFull, parseJid } from "#protocol/jid/jid.ts";
import type { StoredCredentials } from "#protocol/sasl/stored-credentials.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { ClientSasl2, InitiatingConfig } from "#protocol/stream/initiating/config.ts";
import { startInitiating } from "#protocol/stream/initiating/receive.ts";
import type { ReceivingConfig } from "#protocol/stream/receiving/config.ts";
import { startReceiving } from "#protocol/stream/receiving/receive.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import type { StreamEffect } from "#protocol/stream/stream-effect.ts";
import type { StreamInput } from "#protocol/stream/stream-input.ts";
import { Walk } from "#protocol/stream/testing/walk.ts";
import { XmlError } from "#protocol/xml/fault.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_SASL, NS_SASL2 } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { looseTextOf } from "../engine/byte-strings.ts";
import { lineMutations } from "../engine/mutate-lines.ts";
import { xmlMutations } from "../engine/mutate-xml.ts";
import { fuzzTarget } from "../engine/target.ts";
import { chooseAttempt, password, tls } from "../client-script.ts";
import { fakeCredentials, fakeKey, openPolicy } from "../fake-key-derivation.ts";
import { streamLines, streamScripts, tokenKey, tokenMechanism } from "../stream-inputs.ts";
import { Watch } from "../stream-watch.ts";

const linesMax = 80;
const juliet = fakeCredentials({ username: "juliet", domain: "im.example", password });
/** Of before the other hashes were known. */
const oldJuliet = { ...juliet, scram: juliet.scram["SHA-1"] === undefined ? {} : { "SHA-1": juliet.scram["SHA-1"] } };

export const target = fuzzTarget({
  summary: "whatever happens in whatever order, both ends of a stream stay legal, and nobody comes in without a proof",
  bytesMax: 4_096,
  roundExecutions: 400_000,
  words: streamLines,
  seeds: streamScripts,
  mutations: [...lineMutations, ...lineMutations, ...xmlMutations.slice(0, 6)],
  run: (input) => {
    const [head = "", ...lines] = looseTextOf(input).toWellFormed().split("\n").slice(0, linesMax);
    const startTls = (["required", "optional", "none"] as const).find((word) => head.includes(word)) ?? "required";
    const channel = head.includes("direct") ? tls : undefined;
    const first = head.includes("client")
      ? startInitiating(clientConfig(startTls, head), channel)
      : startReceiving(serverConfig(startTls, head.includes("sasl2")), channel);
    const watch = new Watch(first.state.role, startTls === "required" && channel === undefined);
    const known = head.includes("old") ? oldJuliet : juliet;
    watch.see(first.effects);
    const walk = new Walk(first);
    let readerEnded = false;
    for (const line of lines) {
      const next = inputOf(line, watch, known);
      // Behind the closing tag, and behind what it refused, the reader says nothing more.
      if (readerEnded && readerInputs.has(next.type)) continue;
      readerEnded ||= next.type === "closed" || next.type === "fault";
      watch.take(next);
      watch.see(walk.take(next));
    }
  },
});

const readerInputs: ReadonlySet<StreamInput["type"]> = new Set(["opened", "element", "closed", "fault"] as const);

function random(bytes: number): Uint8Array {
  return new Uint8Array(bytes).fill(3);
}

function serverConfig(startTls: "required" | "optional" | "none", sasl2: boolean): ReceivingConfig {
  const host = {
    domain: domain("im.example"),
    languages: ["en", "de"] as const,
    startTls,
    sasl: { policy: openPolicy, secret: random(32), random },
    ...(sasl2 ? { sasl2: { bind2: ["urn:xmpp:carbons:2"], tokens: true, upgrades: true } } : {}),
    features: () => [],
    streamManagement: true,
    acceptsLegacyPeers: true,
    acceptsEarly: (iq: XmlElement) => iq.firstElement?.ns === "jabber:iq:register",
    acceptsNonza: (element: XmlElement) => element.ns === "urn:xmpp:csi:0",
  };
  return {
    contentNamespace: "jabber:client",
    defaultDomain: host.domain,
    acceptsMissingTo: true,
    host: (name) => (name === host.domain ? { type: "served", host } : { type: "unknown" }),
    newStreamId: () => "id",
  };
}

function clientConfig(startTls: "required" | "optional" | "none", head: string): InitiatingConfig {
  return {
    contentNamespace: "jabber:client",
    to: domain("im.example"),
    from: bare("juliet@im.example"),
    language: "en",
    startTls,
    sm: {
      resumable: true,
      ...(head.includes("anew") ? {} : { previous: { id: "a", jid: full("juliet@im.example/balcony"), h: 0 } }),
    },
    ...(head.includes("sasl2") ? { sasl2: clientSasl2(head) } : {}),
    sasl: {
      choose: (offer) => chooseAttempt(offer, head.includes("token")),
    },
  };
}

/** All that a client may want of SASL2, unless the script leaves out some of it. */
function clientSasl2(head: string): ClientSasl2 {
  const carbons = { announced: "urn:xmpp:carbons:2", element: parseElement("<enable xmlns='urn:xmpp:carbons:2'/>") };
  return {
    userAgent: { id: "d4565fa7-4d72-4749-b3d3-740edbf87770", software: "Balcony", device: undefined },
    ...(head.includes("unbound") ? {} : { bind2: { tag: "Balcony", features: [carbons] } }),
    tokenFor: (offered) => offered[0],
    upgradeWith: password,
  };
}

/** What a line stands for: an element, a word, or `?` for what the machine waits for. */
function inputOf(line: string, watch: Watch, known: StoredCredentials): StreamInput {
  if (line.startsWith("<stream:stream")) return openedOf(line);
  if (line.startsWith("<")) return elementOf(line);
  if (line === "?") return answerTo(watch.question, known);
  const [, word, inline = ""] = /^(scram2?|answer2?)(?: (.*))?$/su.exec(line) ?? [];
  if (word !== undefined) return elementOf(scramOf(word, inline, watch));
  return words[line] ?? { type: "keepAlive" };
}

/** What an honest client says that knows the password, by either profile. */
function scramOf(word: string, inline: string, watch: Watch): string {
  const said = watch.scram(word.startsWith("scram"));
  switch (word) {
    case "scram":
      return `<auth xmlns='${NS_SASL}' mechanism='SCRAM-SHA-1'>${said}</auth>`;
    case "scram2":
      return `<authenticate xmlns='${NS_SASL2}' mechanism='SCRAM-SHA-1'><initial-response>${said}</initial-response>${inline}</authenticate>`;
    case "answer":
      return `<response xmlns='${NS_SASL}'>${said}</response>`;
    default:
      return `<response xmlns='${NS_SASL2}'>${said}</response>`;
  }
}

function openedOf(line: string): StreamInput {
  const read = elementOf(line.endsWith("/>") ? line : `${line.replace(/>$/u, "")}/>`);
  return read.type === "element" ? { type: "opened", header: read.element } : read;
}

function elementOf(text: string): StreamInput {
  try {
    return { type: "element", element: parseElement(text) };
  } catch (error) {
    if (error instanceof XmlError) return { type: "fault", fault: error.fault };
    throw error;
  }
}

function answerTo(question: StreamEffect | undefined, known: StoredCredentials): StreamInput {
  switch (question?.type) {
    case "lookupCredentials":
      return { type: "credentials", found: question.username === "juliet" ? known : undefined };
    case "lookupTokens":
      return { type: "tokens", found: question.username === "juliet" ? [token] : [] };
    case "keepCredentials":
      return { type: "credentialsKept" };
    case "issueToken":
      return { type: "tokenIssued", issued };
    case "derive":
      return { type: "derived", key: fakeKey(question) };
    case "authorize":
      return { type: "authorized", user: question.user };
    case "bindResource":
      return { type: "bound", jid: full("juliet@im.example/balcony") };
    case "enableSm":
      return { type: "smEnabled", resumption: { id: "sm-1", secondsMax: 300 } };
    case "resumeSm":
      return { type: "smResumed", jid: full("juliet@im.example/balcony"), h: 5 };
    case "startTls":
      return { type: "secured", channel: tls };
    case "earlyRequest":
      return { type: "earlyReply", element: parseElement("<iq type='result' id='r'/>") };
    case "peerClosed":
      return { type: "close" };
    default:
      return { type: "keepAlive" };
  }
}

function domain(text: string): DomainJid {
  const jid = parseJid(text);
  assert.ok(jid !== undefined && isDomain(jid));
  return jid;
}

function bare(text: string): BareJid {
  const jid = parseJid(text);
  assert.ok(jid !== undefined && isBare(jid));
  return jid;
}

function full(text: string): FullJid {
  const jid = parseJid(text);
  assert.ok(jid !== undefined && isFull(jid));
  return jid;
}

const token = { mechanism: tokenMechanism, key: tokenKey, expired: false };
const issued = { token: "t0k3n", expiry: "2026-12-31T00:00:00Z" };

const words: Readonly<Record<string, StreamInput>> = {
  tokens: { type: "tokens", found: [{ ...token, expired: true }, token] },
  noTokens: { type: "tokens", found: [] },
  credentialsKept: { type: "credentialsKept" },
  tokenIssued: { type: "tokenIssued", issued },
  noToken: { type: "tokenIssued" },
  closed: { type: "closed" },
  fault: { type: "fault", fault: { condition: "not-well-formed", text: "" } },
  secured: { type: "secured", channel: tls },
  disconnected: { type: "disconnected" },
  credentials: { type: "credentials", found: juliet },
  nobody: { type: "credentials", found: undefined },
  derived: { type: "derived", key: new Uint8Array(32) },
  authorized: { type: "authorized", user: bare("juliet@im.example") },
  refused: { type: "authenticationFailed", condition: "temporary-auth-failure" },
  earlyReply: { type: "earlyReply", element: parseElement("<iq type='result' id='r'/>") },
  bound: { type: "bound", jid: full("juliet@im.example/balcony") },
  conflict: { type: "bindFailed", error: new StanzaError("conflict") },
  smEnabled: { type: "smEnabled" },
  smResumed: { type: "smResumed", jid: full("juliet@im.example/balcony"), h: 1 },
  smFailed: { type: "smFailed", condition: "item-not-found" },
  close: { type: "close" },
  shutdown: { type: "close", error: new StreamError("system-shutdown") },
  negotiationTimeout: { type: "timeout", timer: "negotiation" },
  closingTimeout: { type: "timeout", timer: "closing" },
};
