import assert from "node:assert/strict";
import { test } from "node:test";
import { domain } from "../../testing/server.ts";
import { sorted } from "../../testing/transcript.ts";
import { startInitiatingServer, startReceivingServer } from "../receive.ts";
import type { ServerErrand, ServerHost } from "../server-config.ts";
import type { ServerEffect } from "../server-effect.ts";
import type { ServerInput } from "../server-input.ts";
import { ServerWire } from "./server-wire.ts";
import { channel, errandOf, hostOf, sideOf } from "./sides.ts";

const spaces =
  "xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback'";
export const streamsNs = "xmlns='urn:ietf:params:xml:ns:xmpp-streams'";
export const stanzasNs = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
export const tlsNs = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";
export const saslNs = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
export const smNs = "xmlns='urn:xmpp:sm:3'";
const dbNs = "xmlns:db='jabber:server:dialback'";

const open = (...attributes: readonly string[]): string =>
  `<stream:stream ${[...attributes, spaces].filter((part) => part !== "").join(" ")}>`;

/** Capulet is who connects, montague who is connected to. */
export const theirs = `<stream:stream from='capulet.example' to='montague.example' version='1.0' ${spaces}>`;
export const header = (attributes: string): string => open(attributes);
/** What montague answers. */
export const answered = (id: string, more = "to='capulet.example' version='1.0'"): string =>
  `<?xml version='1.0'?>${open(`from='montague.example' id='${id}' xml:lang='en'`, more)}`;
export const bye = "</stream:stream>";
export const starttls = `<starttls ${tlsNs}/>`;
export const proceed = `<proceed ${tlsNs}/>`;
export const startTlsRequired = `<starttls ${tlsNs}><required/></starttls>`;
export const external = `<mechanisms ${saslNs}><mechanism>EXTERNAL</mechanism></mechanisms>`;
export const dialback = "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>";
export const bidi = "<bidi xmlns='urn:xmpp:features:bidi'/>";
export const askBidi = "<bidi xmlns='urn:xmpp:bidi'/>";
export const sm = `<sm ${smNs}/>`;
export const features = (...parts: readonly string[]): string =>
  parts.length === 0 ? "<stream:features/>" : `<stream:features>${parts.join("")}</stream:features>`;
export const auth = (authzid: string): string => `<auth ${saslNs} mechanism='EXTERNAL'>${authzid}</auth>`;
export const success = `<success ${saslNs}/>`;
export const failure = (condition: string): string => `<failure ${saslNs}><${condition}/></failure>`;
export const error = (condition: string, text?: string): string =>
  `<stream:error><${condition} ${streamsNs}/>${
    text === undefined ? "" : `<text ${streamsNs} xml:lang='en'>${text}</text>`
  }</stream:error>${bye}`;

/** As a peer writes it. */
export const result = (from: string, to: string, key: string): string =>
  `<db:result from='${from}' to='${to}'>${key}</db:result>`;
export const verify = (from: string, to: string, id: string, key: string): string =>
  `<db:verify from='${from}' id='${id}' to='${to}'>${key}</db:verify>`;
/** As it is written here. */
export const ours = (text: string): string => text.replaceAll(/<db:(result|verify)/g, `<db:$1 ${dbNs}`);
export const verdict = (name: "result" | "verify", from: string, to: string, type: string, id?: string): string =>
  `<db:${name} from='${from}'${id === undefined ? "" : ` id='${id}'`} to='${to}' type='${type}'/>`;
export const dialbackError = (
  name: "result" | "verify",
  from: string,
  to: string,
  [type, condition]: readonly [type: string, condition: string],
  id?: string,
): string =>
  `<db:${name} from='${from}'${id === undefined ? "" : ` id='${id}'`} to='${to}' type='error'><error type='${type}'><${condition} ${stanzasNs}/></error></db:${name}>`;

export interface Setting {
  readonly host?: Partial<ServerHost>;
  readonly hosts?: readonly ServerHost[];
  readonly limits?: NonNullable<Parameters<typeof sideOf>[1]>["limits"];
  /** Absent: the stream is protected from its first byte. */
  readonly clear?: boolean;
  /** Whether certificates are good, for each domain. */
  readonly trusts?: (remote: string) => boolean;
  /** Whom a domain itself disowns, where it is not trusted. */
  readonly forbids?: boolean;
  readonly id?: string;
  /** Whether stream management is switched on by the script, and not at once. */
  readonly smWaits?: boolean;
}

function answersOf({
  trusts = () => false,
  forbids = false,
  smWaits = false,
}: Setting): (effect: ServerEffect) => ServerInput | undefined {
  return (effect) => {
    if (effect.type === "checkPeer") {
      const { local, remote } = effect;
      return trusts(remote)
        ? { type: "peerChecked", local, remote, trusted: true }
        : {
            type: "peerChecked",
            local,
            remote,
            trusted: false,
            reason: "self-signed",
            ...(forbids && { forbidden: true }),
          };
    }
    if (smWaits) return undefined;
    if (effect.type === "enableSm") return { type: "smEnabled", resumption: { id: "sm-1" } };
    if (effect.type === "resumeSm") return { type: "smFailed", condition: "item-not-found" };
    return undefined;
  };
}

function sideIn(name: string, setting: Setting): ReturnType<typeof sideOf> {
  const { host, hosts = [], id, limits } = setting;
  return sideOf([hostOf(name, host), ...hosts], {
    ...(id === undefined ? {} : { id }),
    ...(limits === undefined ? {} : { limits }),
  });
}

/** Montague's end of a stream that capulet has opened. */
export function serve(setting: Setting = {}): ServerWire {
  const side = sideIn("montague.example", setting);
  return new ServerWire(
    () => startReceivingServer(side, setting.clear === true ? undefined : channel),
    answersOf(setting),
  );
}

/** Capulet's end of a stream to montague. */
export function connect(setting: Setting & { readonly errand?: Partial<ServerErrand> } = {}): ServerWire {
  const side = sideIn("capulet.example", setting);
  const errand = errandOf("capulet.example", "montague.example", setting.errand);
  return new ServerWire(
    () => startInitiatingServer(side, errand, setting.clear === true ? undefined : channel),
    answersOf(setting),
  );
}

/** What capulet opens with. */
export const opens = `<?xml version='1.0'?><stream:stream from='capulet.example' to='montague.example' version='1.0' xml:lang='en' ${spaces}>`;

/** What the peer sends, or what happens; and all that must be sent then. */
export interface Exchange {
  readonly name: string;
  readonly setting?: Setting & { readonly errand?: Partial<ServerErrand> };
  readonly script: readonly (readonly [happens: string | ServerInput, sent: string])[];
  readonly phase?: string;
  /** Types of what is told, `pairAuthorized` and so on, in their order; with what is to be looked at behind a colon. */
  readonly news?: readonly string[];
}

export function runTable(
  table: readonly Exchange[],
  start: (setting?: Setting & { readonly errand?: Partial<ServerErrand> }) => ServerWire,
): void {
  for (const { name, news, phase, script, setting } of table) {
    test(name, () => {
      const wire = start(setting);
      for (const [happens, sent] of script) {
        if (typeof happens === "string") wire.write(happens);
        else wire.input(happens);
        assert.equal(sorted(wire.take()), sorted(sent));
      }
      if (phase !== undefined) assert.equal(wire.state.phase, phase);
      if (news !== undefined) assert.deepEqual(wire.effects.flatMap(tell), news);
    });
  }
}

/** News, in short. */
export function tell(effect: ServerEffect): readonly string[] {
  switch (effect.type) {
    case "pairAuthorized":
      return [`authorized ${effect.local} ${effect.remote} ${effect.ways} by ${effect.by}`];
    case "pairRefused": {
      const { local, refusal, remote, ways } = effect;
      return [`refused ${local} ${remote} ${ways}: ${refusal.type === "error" ? refusal.condition : "invalid"}`];
    }
    case "verified": {
      const { id, local, outcome, remote } = effect;
      return [`verified ${local} ${remote} ${id}: ${outcome.type === "error" ? outcome.condition : outcome.type}`];
    }
    case "established":
      return [`established ${effect.how}`];
    case "ended": {
      const { end } = effect;
      if (end.type === "failed") return [`ended failed ${end.failure.type}`];
      return [
        end.type === "errorSent" || end.type === "errorReceived"
          ? `ended ${end.type} ${end.error.condition}`
          : `ended ${end.type}`,
      ];
    }
    case "bidirectional":
    case "verifyKey":
    case "smEnabled":
    case "smFailed":
    case "ackRequested":
    case "ackReceived":
    case "stanza":
    case "peerClosed":
      return [effect.type];
    case "log":
      return [`log ${effect.event.name}`];
    default:
      return [];
  }
}

/** Answers and orders, in short. */
export const keyVerified = (
  outcome: (ServerInput & { type: "keyVerified" })["outcome"],
  options: { readonly id?: string; readonly local?: string; readonly remote?: string } = {},
): ServerInput => ({
  type: "keyVerified",
  local: domain(options.local ?? "montague.example"),
  remote: domain(options.remote ?? "capulet.example"),
  id: options.id ?? "id1",
  outcome,
});
export const authorizePair = (local: string, remote: string): ServerInput => ({
  type: "authorizePair",
  local: domain(local),
  remote: domain(remote),
});
export const askVerify = (local: string, remote: string, id: string, key: string): ServerInput => ({
  type: "verify",
  local: domain(local),
  remote: domain(remote),
  id,
  key,
});
