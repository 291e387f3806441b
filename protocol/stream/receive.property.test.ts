import assert from "node:assert/strict";
import { pbkdf2Sync } from "node:crypto";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { unreachable } from "#protocol/assert.ts";
import { htTokenCharactersMin, initiatorProof, keyOfToken } from "#protocol/sasl/ht-token.ts";
import { scramIterationsMin } from "#protocol/sasl/server-policy.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { xml } from "#protocol/xml/element.ts";
import { startInitiating } from "./initiating/receive.ts";
import { startReceiving } from "./receiving/receive.ts";
import { StreamError } from "./stream-error.ts";
import type { StreamInput } from "./stream-input.ts";
import type { StreamState } from "./stream-state.ts";
import type { Step } from "./step.ts";
import { Walk } from "./testing/walk.ts";
import { julietSasl, julietsClient, tls } from "./testing/client.ts";
import { bare, full, hostOf, julietCredentials, serverOf } from "./testing/server.ts";

const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const sm = "xmlns='urn:xmpp:sm:3'";
const bindNs = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'";
const jid = full("juliet@im.example/balcony");
const juliet = julietCredentials();

/** What PLAIN derives for Juliet, by the first hash of the policy. */
const plainKey = pbkdf2Sync("r0m30", juliet.scram["SHA-256"]?.salt ?? "", scramIterationsMin, 32, "sha256");

const sasl2 = { bind2: ["urn:xmpp:carbons:2"], tokens: true, upgrades: true };
const token = "t".repeat(htTokenCharactersMin);
const device = "d4565fa7-4d72-4749-b3d3-740edbf87770";
const sasl2Ns = "xmlns='urn:xmpp:sasl:2'";
const presented = {
  mechanism: "HT-SHA-256-NONE",
  key: keyOfToken("SHA-256", token),
  expired: false,
};
const proof = Buffer.concat([Buffer.from("juliet\0"), initiatorProof("SHA-256", presented.key, new Uint8Array())]);
/** By a token, and all at once. */
const fast = `<authenticate ${sasl2Ns} mechanism='HT-SHA-256-NONE'><initial-response>${proof.toString("base64")}</initial-response><user-agent id='${device}'/><fast xmlns='urn:xmpp:fast:0' count='1'/><resume ${sm} previd='a' h='1'/><bind xmlns='urn:xmpp:bind:0'><tag>x</tag><enable ${sm} resume='1'/></bind></authenticate>`;
const authentication = `<authentication ${sasl2Ns}><mechanism>PLAIN</mechanism><inline><sm ${sm}/><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:sm:3'/></inline></bind><fast xmlns='urn:xmpp:fast:0'><mechanism>HT-SHA-256-NONE</mechanism></fast></inline><upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade></authentication>`;

const bound2 = `<success ${sasl2Ns}><authorization-identifier>juliet@im.example/x</authorization-identifier><bound xmlns='urn:xmpp:bind:0'><enabled ${sm} id='a' resume='1'/></bound><token xmlns='urn:xmpp:fast:0' token='t' expiry='2030-01-01T00:00:00Z'/></success>`;

/** A client that wants everything. */
const atOnce = { bind2: { tag: "x" }, tokenFor: () => "HT-SHA-256-NONE", upgradeWith: "r0m30" };

const elements = [
  fast,
  `<authenticate ${sasl2Ns} mechanism='PLAIN'><initial-response>${btoa("\0juliet\0r0m30")}</initial-response><request-token xmlns='urn:xmpp:fast:0' mechanism='HT-SHA-256-NONE'/><user-agent id='${device}'/><bind xmlns='urn:xmpp:bind:0'/></authenticate>`,
  `<authenticate ${sasl2Ns} mechanism='SCRAM-SHA-1'><initial-response>${btoa("n,,n=juliet,r=abc")}</initial-response><upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-512</upgrade></authenticate>`,
  `<authenticate ${sasl2Ns} mechanism='PLAIN'><user-agent id='x'/></authenticate>`,
  `<response ${sasl2Ns}>${btoa("c=biws,r=abc,p=AAAA")}</response>`,
  `<abort ${sasl2Ns}/>`,
  `<next ${sasl2Ns} task='UPGR-SCRAM-SHA-512'/>`,
  `<task-data ${sasl2Ns}><hash xmlns='urn:xmpp:scram-upgrade:0'>${btoa("x".repeat(64))}</hash></task-data>`,
  `<task-data ${sasl2Ns}><salt xmlns='urn:xmpp:scram-upgrade:0' iterations='4096'>AAAA</salt></task-data>`,
  `<challenge ${sasl2Ns}>${btoa("r=abcdef,s=AAAA,i=4096")}</challenge>`,
  `<success ${sasl2Ns}><authorization-identifier>juliet@im.example/x</authorization-identifier><bound xmlns='urn:xmpp:bind:0'/><token xmlns='urn:xmpp:fast:0' token='t' expiry='2030-01-01T00:00:00Z'/></success>`,
  `<success ${sasl2Ns}><authorization-identifier>juliet@im.example</authorization-identifier></success>`,
  `<success ${sasl2Ns}><authorization-identifier>juliet@im.example</authorization-identifier><resumed ${sm} previd='a' h='1'/></success>`,
  `<continue ${sasl2Ns}><tasks><task>UPGR-SCRAM-SHA-256</task></tasks></continue>`,
  `<continue ${sasl2Ns}><tasks><task>2FA</task></tasks></continue>`,
  `<failure ${sasl2Ns}><not-authorized ${sasl}/></failure>`,
  `<stream:features>${authentication}</stream:features>`,
  `<auth ${sasl} mechanism='PLAIN'>${btoa("\0juliet\0r0m30")}</auth>`,
  `<auth ${sasl} mechanism='PLAIN'/>`,
  `<auth ${sasl} mechanism='SCRAM-SHA-1'>${btoa("n,,n=juliet,r=abc")}</auth>`,
  `<auth ${sasl} mechanism='ANONYMOUS'/>`,
  `<auth ${sasl} mechanism='X'/>`,
  `<response ${sasl}>${btoa("c=biws,r=abc,p=AAAA")}</response>`,
  `<response ${sasl}>?</response>`,
  `<abort ${sasl}/>`,
  `<challenge ${sasl}>${btoa("r=abcdef,s=AAAA,i=4096")}</challenge>`,
  `<success ${sasl}/>`,
  `<failure ${sasl}><not-authorized/></failure>`,
  "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
  "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>",
  "<stream:features/>",
  `<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>`,
  `<stream:features><mechanisms ${sasl}><mechanism>PLAIN</mechanism><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>`,
  `<stream:features><bind ${bindNs}/><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/><sm ${sm}/></stream:features>`,
  `<iq type='set' id='bind'><bind ${bindNs}><resource>x</resource></bind></iq>`,
  `<iq type='get' id='bind'><bind ${bindNs}/></iq>`,
  `<iq type='result' id='bind'><bind ${bindNs}><jid>juliet@im.example/x</jid></bind></iq>`,
  "<iq type='error' id='bind'><error/></iq>",
  "<iq type='result' id='session'/>",
  "<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>",
  "<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
  "<iq type='set' id='l'><query xmlns='jabber:iq:auth'><username>juliet</username><password>r0m30</password><resource>x</resource></query></iq>",
  "<message to='romeo@im.example'/>",
  "<message xmlns='jabber:server'/>",
  "<presence/>",
  "<x xmlns='y'/>",
  "<active xmlns='urn:xmpp:csi:0'/>",
  "<stream:error/>",
  `<enable ${sm} resume='1'/>`,
  `<enabled ${sm} id='a' resume='1'/>`,
  `<resume ${sm} previd='a' h='1'/>`,
  `<resumed ${sm} previd='a' h='1'/>`,
  `<failed ${sm}/>`,
  `<r ${sm}/>`,
  `<a ${sm} h='1'/>`,
  `<a ${sm}/>`,
].map((text) => parseElement(text));

const headers = [
  { to: "im.example", version: "1.0" },
  { to: "im.example", version: "1.0", from: "juliet@im.example", "xml:lang": "de" },
  { to: "im.example" },
  { to: "other.example", version: "1.0" },
  { version: "9.9" },
].map((attributes) => xml("http://etherx.jabber.org/streams", "stream", attributes));

const inputs: readonly StreamInput[] = [
  ...elements.map((element) => ({ type: "element", element }) as const),
  ...headers.map((header) => ({ type: "opened", header }) as const),
  { type: "opened", header: xml("urn:wrong", "stream") },
  { type: "closed" },
  { type: "fault", fault: { condition: "not-well-formed", text: "" } },
  { type: "keepAlive" },
  { type: "secured", channel: tls },
  { type: "disconnected" },
  { type: "credentials", found: juliet },
  { type: "credentials", found: undefined },
  { type: "derived", key: new Uint8Array(20) },
  { type: "tokens", found: [presented] },
  { type: "tokens", found: [] },
  { type: "credentialsKept" },
  { type: "tokenIssued" },
  { type: "tokenIssued", issued: { token, expiry: "2030-01-01T00:00:00Z" } },
  { type: "authorized", user: bare("juliet@im.example") },
  { type: "authenticationFailed", condition: "temporary-auth-failure" },
  { type: "earlyReply", element: parseElement("<iq type='result' id='r'/>") },
  { type: "bound", jid },
  { type: "bindFailed", error: new StanzaError("conflict") },
  { type: "smEnabled" },
  { type: "smResumed", jid, h: 1 },
  { type: "smFailed", condition: "item-not-found" },
  { type: "close" },
  { type: "close", error: new StreamError("system-shutdown") },
  { type: "timeout", timer: "negotiation" },
  { type: "timeout", timer: "closing" },
];

/** Inputs in any order; with `helped`, what the machine waits for comes first, so that long ways are walked too. */
const sequences = fc.array(fc.tuple(fc.constantFrom(...inputs), fc.nat(9)), { maxLength: 60 });
type Sequence = readonly (readonly [input: StreamInput, luck: number])[];

/** What leads on from a phase. */
function helpFor(state: StreamState): StreamInput | undefined {
  const element = (text: string): StreamInput => ({ type: "element", element: parseElement(text) });
  switch (state.phase) {
    case "opening":
    case "awaitingHeader":
      return inputs.find(({ type }) => type === "opened");
    case "securing":
    case "startingTls":
      return { type: "secured", channel: tls };
    case "choosing":
      return state.choice.sasl2 !== undefined
        ? element(fast)
        : element(`<auth ${sasl} mechanism='PLAIN'>${btoa("\0juliet\0r0m30")}</auth>`);
    case "upgrading":
      return { type: "credentialsKept" };
    case "inlining":
      if (state.waitingFor === "token") return { type: "tokenIssued" };
      if (state.waitingFor === "resumption") return { type: "smFailed", condition: "item-not-found" };
      return state.waitingFor === "resource" ? { type: "bound", jid } : { type: "smEnabled" };
    case "authenticating":
      if (state.waiting.for === "tokens") return { type: "tokens", found: [presented] };
      if (state.waiting.for === "credentials") return { type: "credentials", found: juliet };
      if (state.waiting.for === "key") return { type: "derived", key: plainKey };
      return { type: "authorized", user: bare("juliet@im.example") };
    case "askingEarly":
      return { type: "earlyReply", element: parseElement("<iq type='result' id='r'/>") };
    case "legacyAuthenticating":
      if (state.waiting.for === "credentials") return { type: "credentials", found: juliet };
      if (state.waiting.for === "key") return { type: "derived", key: plainKey };
      if (state.waiting.for === "resource") return { type: "bound", jid };
      return { type: "authorized", user: bare("juliet@im.example") };
    case "choosingResource":
      return element(`<iq type='set' id='bind'><bind ${bindNs}/></iq>`);
    case "binding":
      return { type: "bound", jid };
    case "resuming":
    case "awaitingResumed":
      return state.role === "receiving" ? { type: "smResumed", jid, h: 1 } : element(`<failed ${sm}/>`);
    case "enablingSm":
      return { type: "smEnabled" };
    case "awaitingFeatures":
      return element(
        state.facts.authenticated
          ? `<stream:features><bind ${bindNs}/><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/><sm ${sm}/></stream:features>`
          : `<stream:features><mechanisms ${sasl}><mechanism>PLAIN</mechanism></mechanisms>${state.facts.config.sasl2 === undefined ? "" : authentication}</stream:features>`,
      );
    case "awaitingProceed":
      return element("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    case "proving":
      return element(state.announcement.profile === "sasl2" ? bound2 : `<success ${sasl}/>`);
    case "salting":
      return element(`<failure ${sasl2Ns}/>`);
    case "awaitingAddress":
      return element(`<iq type='result' id='bind'><bind ${bindNs}><jid>juliet@im.example/x</jid></bind></iq>`);
    case "awaitingSession":
      return element("<iq type='result' id='session'/>");
    case "bound":
    case "connected":
    case "finishing":
    case "closingConnected":
    case "closing":
    case "ended":
      return undefined;
    default:
      return unreachable(state);
  }
}

/** All but `upgrading` and `salting`, which take a proof by SCRAM: their tables walk there. */
const everyPhase = [
  "askingEarly",
  "authenticating",
  "awaitingAddress",
  "awaitingFeatures",
  "awaitingHeader",
  "awaitingProceed",
  "awaitingResumed",
  "awaitingSession",
  "binding",
  "bound",
  "choosing",
  "choosingResource",
  "closing",
  "closingConnected",
  "connected",
  "enablingSm",
  "ended",
  "finishing",
  "inlining",
  "legacyAuthenticating",
  "opening",
  "proving",
  "resuming",
  "securing",
  "startingTls",
] satisfies readonly StreamState["phase"][];

function walk(first: Step<StreamState>, sequence: Sequence, helped: boolean): ReadonlySet<string> {
  const way = new Walk(first);
  for (const [input, luck] of sequence) {
    const help = helped && luck > 0 ? helpFor(way.state) : undefined;
    way.take(help ?? input);
  }
  return way.phases;
}

describe("whatever comes, in whatever order", () => {
  for (const startTls of ["required", "optional", "none"] as const) {
    for (const helped of [true, false]) {
      const when = helped ? ", when it gets what it waits for" : "";
      test(`a server with TLS ${startTls} stays sound${when}`, () => {
        const config = serverOf(hostOf("im.example", { startTls, acceptsLegacyPeers: true, sasl2 }), {
          acceptsMissingTo: true,
        });
        fc.assert(
          fc.property(sequences, fc.boolean(), (sequence, direct) => {
            walk(startReceiving(config, direct ? tls : undefined), sequence, helped);
          }),
          { numRuns: 300 },
        );
      });
      test(`a client with TLS ${startTls} stays sound${when}`, () => {
        const config = julietsClient({
          startTls,
          sasl: julietSasl({ policy: { passwordInClear: true } }),
          sm: { resumable: true, previous: { id: "a", jid, h: 0 } },
          sasl2: atOnce,
        });
        fc.assert(
          fc.property(sequences, fc.boolean(), (sequence, direct) => {
            walk(startInitiating(config, direct ? tls : undefined), sequence, helped);
          }),
          { numRuns: 300 },
        );
      });
    }
  }

  test("the walks go everywhere", () => {
    const phases = new Set<string>();
    const old = serverOf(hostOf("im.example", { acceptsLegacyPeers: true }), { acceptsMissingTo: true });
    const config = serverOf(hostOf("im.example", { sasl2 }), { acceptsMissingTo: true });
    const sm = { resumable: true, previous: { id: "a", jid, h: 0 } };
    const client = julietsClient({ startTls: "optional", sasl: julietSasl({ policy: { passwordInClear: true } }), sm });
    const modern = { ...client, sasl2: atOnce };
    for (const sequence of fc.sample(sequences, { numRuns: 6000, seed: 6120 })) {
      for (const channel of [tls, undefined])
        for (const start of [
          startReceiving(old, channel),
          startReceiving(config, channel),
          startInitiating(client, channel),
          startInitiating(modern, channel),
        ])
          for (const phase of walk(start, sequence, true)) phases.add(phase);
    }
    assert.deepEqual([...phases].toSorted(), everyPhase);
  });
});
