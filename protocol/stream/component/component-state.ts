import type { DomainJid } from "#protocol/jid/jid.ts";
import type { StreamEnd } from "../stream-end.ts";
import type { StreamError } from "../stream-error.ts";

/** What the server's end of a component's stream needs to know. */
export interface ComponentReceivingConfig {
  /** Who we are to a peer that named no domain that we know. */
  readonly defaultDomain: DomainJid;
  /** Whether there is to be a component of this name. It must not wait. */
  readonly component: (domain: DomainJid) => ComponentAnswer;
  /** Unpredictable and never the same twice: the proof of a secret holds for it only. [rfc6120-4.7.3-02] */
  readonly newStreamId: () => string;
}

export type ComponentAnswer =
  /** More than one secret while the old one still holds beside a new one. */
  | { readonly type: "served"; readonly secrets: readonly string[] }
  /** It may not even try. */
  | { readonly type: "refused"; readonly error: StreamError };

/** What a component's end needs to know. */
export interface ComponentInitiatingConfig {
  /** The component's own name: what it asks to serve. */
  readonly domain: DomainJid;
  readonly secret: string;
}

/** The stream of a component, of either role. */
export type ComponentState = ComponentReceivingState | ComponentInitiatingState | ComponentEndingState;

export type ComponentReceivingState = Opening | AwaitingProof | Admitting | Serving;
export type ComponentInitiatingState = AwaitingHeader | AwaitingAnswer | Connected;

interface Receiving {
  readonly role: "receiving";
  readonly config: ComponentReceivingConfig;
}

/** A stream header must come. */
interface Opening extends Receiving {
  readonly phase: "opening";
}

interface Named extends Receiving {
  readonly domain: DomainJid;
  readonly language: string | undefined;
}

/** Our header is sent, and the component has to prove that it knows the secret: by the first thing that it says. */
interface AwaitingProof extends Named {
  readonly phase: "awaitingProof";
  readonly streamId: string;
  readonly secrets: readonly string[];
}

/** It has proven that; whether it may come in is being decided. */
interface Admitting extends Named {
  readonly phase: "admitting";
}

/** Established: stanzas go past the machine. */
interface Serving extends Named {
  readonly phase: "serving";
}

interface Initiating {
  readonly role: "initiating";
  readonly config: ComponentInitiatingConfig;
}

interface AwaitingHeader extends Initiating {
  readonly phase: "awaitingHeader";
}

/** Our proof is sent. */
interface AwaitingAnswer extends Initiating {
  readonly phase: "awaitingAnswer";
  readonly language: string | undefined;
}

/** Established: stanzas go past the machine. */
interface Connected extends Initiating {
  readonly phase: "connected";
}

/** The same for both roles. */
export type ComponentEndingState = Closing | Ended;

/** We have sent our closing tag and wait for the peer's. */
interface Closing {
  readonly phase: "closing";
  /** What to report when the peer has closed too. */
  readonly end: StreamEnd;
  /** Whether stanzas that still come are wanted: after an orderly close of an established stream. [rfc6120-4.4-01] */
  readonly listening: boolean;
}

interface Ended {
  readonly phase: "ended";
}
