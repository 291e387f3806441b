import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { StreamError } from "../stream-error.ts";
import { domain } from "../testing/server.ts";
import { startInitiatingServer, startReceivingServer } from "./receive.ts";
import type { ServerHost } from "./server-config.ts";
import type { ServerEffect } from "./server-effect.ts";
import type { ServerInput } from "./server-input.ts";
import type { OpenServerStream, ServerStreamState } from "./server-state.ts";
import type { ServerStep } from "./server-step.ts";
import { askVerify, authorizePair, keyVerified } from "./testing/script.ts";
import { ServerWalk } from "./testing/server-walk.ts";
import { channel, errandOf, hostOf, sideOf } from "./testing/sides.ts";

const capulet = "capulet.example";
const montague = "montague.example";
const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const tls = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";
const sm = "xmlns='urn:xmpp:sm:3'";
const db = "xmlns:db='jabber:server:dialback'";
const allFeatures = `<stream:features><mechanisms ${sasl}><mechanism>EXTERNAL</mechanism></mechanisms><dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback><bidi xmlns='urn:xmpp:features:bidi'/><sm ${sm}/></stream:features>`;
const dialbackFeatures = allFeatures.replace(/<mechanisms.*<\/mechanisms>/u, "");
const failed = (name: string, attributes: string): string =>
  `<db:${name} ${db} ${attributes} type='error'><error type='cancel'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></db:${name}>`;

const fromMontague = `from='${montague}' to='${capulet}'`;
const fromCapulet = `from='${capulet}' to='${montague}'`;
const elements = [
  ...[
    fromMontague,
    fromCapulet,
    `from='${montague}' to='rooms.${capulet}'`,
    `from='x.example' to='${montague}'`,
  ].flatMap((pair) => [
    `<db:result ${db} ${pair}>k</db:result>`,
    `<db:result ${db} ${pair} type='valid'/>`,
    `<db:result ${db} ${pair} type='invalid'/>`,
    failed("result", pair),
    `<db:verify ${db} ${pair} id='id1'>k</db:verify>`,
    `<db:verify ${db} ${pair} id='7' type='valid'/>`,
    `<db:verify ${db} ${pair} id='7' type='invalid'/>`,
    failed("verify", `${pair} id='7'`),
  ]),
  `<db:result ${db}/>`,
  "<bidi xmlns='urn:xmpp:bidi'/>",
  `<auth ${sasl} mechanism='EXTERNAL'>=</auth>`,
  `<auth ${sasl} mechanism='EXTERNAL'/>`,
  `<auth ${sasl} mechanism='EXTERNAL'>${btoa(capulet)}</auth>`,
  `<auth ${sasl} mechanism='PLAIN'/>`,
  `<response ${sasl}/>`,
  `<abort ${sasl}/>`,
  `<challenge ${sasl}/>`,
  `<success ${sasl}/>`,
  `<failure ${sasl}><not-authorized/></failure>`,
  `<starttls ${tls}/>`,
  `<proceed ${tls}/>`,
  `<failure ${tls}/>`,
  "<stream:features/>",
  `<stream:features><starttls ${tls}><required/></starttls></stream:features>`,
  allFeatures,
  dialbackFeatures,
  "<message/>",
  "<x xmlns='y'/>",
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

const headerOf = (attributes: Record<string, string>): XmlElement =>
  xml("http://etherx.jabber.org/streams", "stream", attributes);
const headers = [
  { from: capulet, to: montague, version: "1.0", id: "id1" },
  { from: montague, to: capulet, version: "1.0", id: "id1" },
  { from: capulet, to: montague },
  { to: montague, version: "1.0" },
  { from: "x.example", to: "y.example", version: "9.9" },
].map(headerOf);

const checked = (remote: string, trusted: boolean): ServerInput => {
  const pair = { local: domain(remote === capulet ? montague : capulet), remote: domain(remote) };
  return trusted
    ? { type: "peerChecked", ...pair, trusted }
    : { type: "peerChecked", ...pair, trusted, reason: "self-signed" };
};
const formerPairs = [{ local: domain(capulet), remote: domain(montague), ways: "out" }] as const;

const inputs: readonly ServerInput[] = [
  ...elements.map((element) => ({ type: "element", element }) as const),
  ...headers.map((header) => ({ type: "opened", header }) as const),
  ...[capulet, montague, "x.example"].flatMap((remote) => [checked(remote, true), checked(remote, false)]),
  keyVerified({ type: "valid" }),
  keyVerified({ type: "invalid" }),
  keyVerified({ type: "error", condition: "item-not-found" }),
  keyVerified({ type: "valid" }, { local: capulet, remote: montague }),
  authorizePair(capulet, montague),
  authorizePair(`rooms.${capulet}`, montague),
  authorizePair(capulet, `chat.${montague}`),
  authorizePair(montague, capulet),
  askVerify(capulet, montague, "7", "k"),
  askVerify(montague, capulet, "7", "k"),
  { type: "closed" },
  { type: "fault", fault: { condition: "not-well-formed", text: "" } },
  { type: "keepAlive" },
  { type: "secured", channel },
  { type: "disconnected" },
  { type: "smEnabled" },
  { type: "smResumed", h: 1, pairs: formerPairs },
  { type: "smFailed", condition: "item-not-found" },
  { type: "close" },
  { type: "close", error: new StreamError("system-shutdown") },
  { type: "timeout", timer: "negotiation" },
  { type: "timeout", timer: "closing" },
];

/** Inputs in any order; with `helped`, what the machine waits for comes first, so that long ways are walked too. */
const sequences = fc.array(fc.tuple(fc.constantFrom(...inputs), fc.nat(9)), { maxLength: 60 });
type Sequence = readonly (readonly [input: ServerInput, luck: number])[];

const element = (text: string): ServerInput => ({ type: "element", element: parseElement(text) });

/** What leads on from a phase. */
function helpFor(state: ServerStreamState, open: ServerEffect | undefined): ServerInput | undefined {
  if (state.phase === "closing" || state.phase === "ended") return undefined;
  const header = headers[state.role === "receiving" ? 0 : 1];
  switch (state.phase) {
    case "opening":
    case "awaitingHeader":
      return header && { type: "opened", header };
    case "securing":
    case "startingTls":
      return { type: "secured", channel };
    case "checkingPeer":
      return checked(state.role === "receiving" ? capulet : montague, true);
    case "negotiating":
      return helpNegotiating(state, open);
    case "awaitingFeatures":
      return element(
        state.facts.channel === undefined ? `<stream:features><starttls ${tls}/></stream:features>` : allFeatures,
      );
    case "awaitingProceed":
      return element(`<proceed ${tls}/>`);
    case "authenticating":
      return element(state.role === "receiving" ? `<response ${sasl}/>` : `<success ${sasl}/>`);
    case "awaitingResumed":
      return element(`<failed ${sm}/>`);
    case "enablingSm":
      return { type: "smEnabled" };
    case "resumingSm":
      return { type: "smResumed", h: 1, pairs: [] };
    case "established":
    case "finishing":
      return undefined;
  }
}

function helpNegotiating(state: OpenServerStream, open: ServerEffect | undefined): ServerInput {
  if (open?.type === "verifyKey") {
    const { id, local, remote } = open;
    return { type: "keyVerified", local, remote, id, outcome: { type: "valid" } };
  }
  if (state.role === "initiating") return element(`<db:result ${db} ${fromMontague} type='valid'/>`);
  return element(state.facts.offer.external ? `<auth ${sasl} mechanism='EXTERNAL'/>` : `<starttls ${tls}/>`);
}

function walk(first: ServerStep<ServerStreamState>, sequence: Sequence, helped: boolean): ReadonlySet<string> {
  const way = new ServerWalk(first);
  let open: ServerEffect | undefined;
  for (const [input, luck] of sequence) {
    const help = helped && luck > 0 ? helpFor(way.state, open) : undefined;
    const effects = way.take(help ?? input);
    open = effects.find(({ type }) => type === "verifyKey") ?? open;
  }
  return way.phases;
}

const everything: Partial<ServerHost> = { bidirectional: true, streamManagement: true };
const starts = (security: ServerHost["security"], direct: boolean): readonly ServerStep<ServerStreamState>[] => {
  const secure = direct ? channel : undefined;
  const theirs = sideOf([hostOf(montague, { ...everything, security })]);
  const ours = sideOf([hostOf(capulet, { ...everything, security }), hostOf(`rooms.${capulet}`, everything)]);
  const errand = errandOf(capulet, montague, {
    sm: { resumable: true, previous: { id: "a", h: 0, pairs: formerPairs } },
  });
  return [
    startReceivingServer(theirs, secure),
    startInitiatingServer(ours, errand, secure),
    startInitiatingServer(ours, { ...errand, authorize: false }, secure),
  ];
};

const everyPhase = [
  "authenticating",
  "awaitingFeatures",
  "awaitingHeader",
  "awaitingProceed",
  "awaitingResumed",
  "checkingPeer",
  "closing",
  "enablingSm",
  "ended",
  "established",
  "finishing",
  "negotiating",
  "opening",
  "resumingSm",
  "securing",
  "startingTls",
] satisfies readonly ServerStreamState["phase"][];

describe("whatever comes, in whatever order", () => {
  for (const security of ["certificate", "dialback", "plain"] as const)
    for (const helped of [true, false])
      test(`A32 A35 both ends of a stream between servers stay sound with ${security}${helped ? ", when they get what they wait for" : ""}`, () => {
        fc.assert(
          fc.property(sequences, fc.boolean(), (sequence, direct) => {
            for (const first of starts(security, direct)) walk(first, sequence, helped);
          }),
          { numRuns: 1000 },
        );
      });

  test("the walks go everywhere", () => {
    const phases = new Set<string>();
    for (const sequence of fc.sample(sequences, { numRuns: 3000, seed: 220 }))
      for (const first of [...starts("plain", true), ...starts("dialback", false)])
        for (const phase of walk(first, sequence, true)) phases.add(phase);
    assert.deepEqual([...phases].toSorted(), everyPhase);
  });
});
