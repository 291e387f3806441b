import type { StoreErrorKind } from "#kit/storage.ts";
import type { MessageKind } from "./ledger.ts";

/** Who there is: accounts with contacts, and clients of them. All of it follows from the seed. */
export interface Cast {
  readonly accounts: readonly string[];
  /** By server: the domains that it serves. */
  readonly servers: readonly (readonly [string, ...string[]])[];
  /** By account: the accounts that it deals with. */
  readonly contacts: readonly (readonly number[])[];
  readonly clients: readonly ClientPart[];
  /** The domain of an external component of the first server, where it has one (XEP-0114). */
  readonly component?: string;
}

export interface ClientPart {
  readonly account: number;
  readonly resource: string;
  /** Whether it uses stream management. */
  readonly managed: boolean;
  /** Whether it logs in with one request, and with tokens (XEP-0388, XEP-0386, XEP-0484). */
  readonly atOnce: boolean;
  /** Whether it asks for an acknowledgement of everything that it sends, at once. */
  readonly eager: boolean;
  /** Whether it remembers its roster by version. */
  readonly versioned: boolean;
  /** Whether it asks for copies of what the account's other devices send and receive (XEP-0280). */
  readonly copies: boolean;
  /** Whether it reads the archive for what it has missed (XEP-0313), and when: ahead of its presence or behind it. */
  readonly reads: "never" | "first" | "later";
}

export type SubscriptionWord = "subscribe" | "subscribed" | "unsubscribe" | "unsubscribed";

/** What a client does. Contacts are accounts by number. */
export type Action =
  | { readonly does: "log-in" }
  | { readonly does: "log-out" }
  /** Is gone without a word, and stays away until it logs in. */
  | { readonly does: "vanish" }
  | {
      readonly does: "message";
      readonly to: number;
      readonly kind: MessageKind;
      /** To the address of a device that it sees, where it sees one. */
      readonly toDevice: boolean;
      readonly count: number;
      /** How long each is, beside what all have; default: as short as can be. */
      readonly chars?: number;
    }
  | { readonly does: "available"; readonly priority: number }
  | { readonly does: "unavailable" }
  | { readonly does: "show-to"; readonly to: number }
  | { readonly does: "subscription"; readonly to: number; readonly word: SubscriptionWord }
  | { readonly does: "name"; readonly to: number }
  | { readonly does: "remove"; readonly to: number }
  | { readonly does: "roster" }
  | { readonly does: "block"; readonly to: number }
  | { readonly does: "unblock"; readonly to: number }
  | { readonly does: "ping"; readonly to: number | "host" }
  | { readonly does: "nonsense"; readonly which: number }
  | { readonly does: "write-to-component"; readonly count: number; readonly chars?: number };

/** What goes wrong. Durations in milliseconds. */
export type Fault = FaultOfServer | FaultBetweenServers | FaultOfComponent;

/** What goes wrong with the connection of a component, or with its process. */
export type FaultOfComponent =
  | { readonly fault: "component-cut"; readonly serverNotices: boolean; readonly componentNotices: boolean }
  | { readonly fault: "component-restart"; readonly downMs: number }
  /** It reads nothing. */
  | { readonly fault: "component-hang"; readonly forMs: number };

/** What goes wrong with a server, the first one where it does not say which, or its clients. */
type FaultOfServer =
  | { readonly fault: "cut"; readonly client: number; readonly serverNotices: boolean; readonly clientNotices: boolean }
  | { readonly fault: "slow-reader"; readonly client: number; readonly forMs: number }
  | { readonly fault: "no-acks"; readonly client: number; readonly forMs: number }
  | { readonly fault: "bad-weather"; readonly client: number; readonly forMs: number; readonly delayMs: number }
  | { readonly fault: "clock-jump"; readonly byMs: number; readonly server?: number }
  | { readonly fault: "disc-slow"; readonly forMs: number; readonly delayMs: number; readonly server?: number }
  | {
      readonly fault: "commits-fail";
      readonly server?: number;
      readonly forMs: number;
      readonly kind: StoreErrorKind;
      /** What fails is written all the same. */
      readonly answerLost: boolean;
      /** Only for so long at a time, at most, and then it succeeds for as long. */
      readonly flickerMs?: number;
    }
  | { readonly fault: "reads-fail"; readonly forMs: number; readonly server?: number }
  /** The disc has room for so many more characters, and is full then: what makes room is written still. */
  | { readonly fault: "disc-fills"; readonly forMs: number; readonly roomChars: number; readonly server?: number }
  | {
      readonly fault: "kill";
      readonly server?: number;
      /** It comes while the disc has a group of commits: the so manieth that begins from then on. */
      readonly group?: number;
      /** So many deferred calls are done before. */
      readonly steps: number;
      readonly when: "before-durable" | "answer-lost";
      readonly downMs: number;
    }
  | { readonly fault: "restart"; readonly downMs: number; readonly server?: number };

/** What goes wrong between servers. Connections are meant by number, of those that there are at that moment. */
export type FaultBetweenServers =
  | {
      readonly fault: "wire-cut";
      readonly which: number;
      /** When each side learns of it; undefined where nobody tells it. */
      readonly diallerNoticesMs: number | undefined;
      readonly acceptorNoticesMs: number | undefined;
    }
  | { readonly fault: "wire-weather"; readonly which: number; readonly forMs: number; readonly delayMs: number }
  /** One side is sent a message in the name of an account that the other does not speak for. */
  | { readonly fault: "wire-forge"; readonly which: number; readonly from: string; readonly to: string }
  /** Nothing comes through, and nobody is told. */
  | { readonly fault: "wire-mute"; readonly which: number; readonly forMs: number }
  /** New connections to a server come to nothing, in one of the ways in which they can. */
  | { readonly fault: "unreachable"; readonly server: number; readonly how: Unreachable; readonly forMs: number }
  /** Its process stands still, with all that it has. */
  | { readonly fault: "hang"; readonly server: number; readonly forMs: number };

export type Unreachable = "refused" | "hangs" | "dns-fails" | "not-found";

/** At a moment, in milliseconds after everything has begun, a client does something or something goes wrong. */
export type Step = { readonly at: number } & (({ readonly client: number } & Action) | Fault);

/** Everything that a run follows; steps may be left out and it is a scenario still. */
export interface Scenario {
  readonly seed: number;
  readonly cast: Cast;
  readonly steps: readonly Step[];
}

export function isFault(step: Step): step is { readonly at: number } & Fault {
  return "fault" in step;
}

/** A step as somebody reads it who looks for a bug. */
export function showStep(cast: Cast, step: Step): string {
  const { at, ...rest } = step;
  const client = "client" in rest ? clientName(cast, rest.client) : "";
  const what = isFault(step) ? step.fault : step.does;
  const facts = Object.entries(rest)
    .filter(([name]) => name !== "client" && name !== "fault" && name !== "does")
    .map(([name, value]) => `${name}=${name === "to" && typeof value === "number" ? cast.accounts[value] : value}`);
  return [`${(at / 1000).toFixed(3).padStart(8)}s`, isFault(step) ? "FAULT" : "", client, what, ...facts]
    .filter((part) => part !== "")
    .join(" ");
}

export function clientName(cast: Cast, client: number): string {
  const part = cast.clients[client];
  return part === undefined ? `client ${client}` : `${cast.accounts[part.account]}/${part.resource}`;
}
