import assert from "node:assert/strict";
import { pbkdf2Sync } from "node:crypto";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { unreachable } from "#protocol/assert.ts";
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

const elements = [
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
      return element(`<auth ${sasl} mechanism='PLAIN'>${btoa("\0juliet\0r0m30")}</auth>`);
    case "authenticating":
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
          : `<stream:features><mechanisms ${sasl}><mechanism>PLAIN</mechanism></mechanisms></stream:features>`,
      );
    case "awaitingProceed":
      return element("<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    case "proving":
      return element(`<success ${sasl}/>`);
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
        const config = serverOf(hostOf("im.example", { startTls, acceptsLegacyPeers: true }), {
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
    const config = serverOf(hostOf("im.example", { acceptsLegacyPeers: true }), { acceptsMissingTo: true });
    const sm = { resumable: true, previous: { id: "a", jid, h: 0 } };
    const client = julietsClient({ startTls: "optional", sasl: julietSasl({ policy: { passwordInClear: true } }), sm });
    for (const sequence of fc.sample(sequences, { numRuns: 1000, seed: 6120 })) {
      for (const channel of [tls, undefined])
        for (const start of [startReceiving(config, channel), startInitiating(client, channel)])
          for (const phase of walk(start, sequence, true)) phases.add(phase);
    }
    assert.deepEqual([...phases].toSorted(), everyPhase);
  });
});
