import type { DomainJid } from "#protocol/jid/jid.ts";
import type { OwnerInput, PeerInput } from "../stream-input.ts";
import type { NewsEffect, TimerEffect, WireEffect } from "../stream-effect.ts";
import type { StreamError } from "../stream-error.ts";

type PeerInputOfComponents = "opened" | "element" | "closed" | "fault" | "keepAlive" | "disconnected";

/** What can happen to a component's stream; each means what it does on a client's. There is no TLS to negotiate. */
export type ComponentInput =
  | Extract<PeerInput, { readonly type: PeerInputOfComponents }>
  | Extract<OwnerInput, { readonly type: "close" | "timeout" }>
  /** To admit: it may come in. */
  | { readonly type: "admitted" }
  /** To admit: it may not, although it has proven to know the secret. */
  | { readonly type: "notAdmitted"; readonly error: StreamError };

type WireEffectOfComponents = "sendHeader" | "send" | "sendClose" | "pauseInput" | "resumeInput" | "disconnect";

/** What the machine wants done, in this order. */
export type ComponentEffect =
  | Extract<WireEffect, { readonly type: WireEffectOfComponents }>
  | TimerEffect
  | Extract<NewsEffect, { readonly type: "stanza" | "ended" }>
  /** Receiving role: it has proven to know the secret of this domain. Input is paused until the answer; last of its step. */
  | { readonly type: "admit"; readonly domain: DomainJid }
  /** Receiving role: what it sent does not prove that it knows the secret. */
  | { readonly type: "handshakeFailed"; readonly domain: DomainJid }
  /** Stanzas may flow, and from now on go past the machine. */
  | { readonly type: "componentEstablished"; readonly domain: DomainJid; readonly language: string | undefined };

export interface ComponentStep<State> {
  readonly state: State;
  readonly effects: readonly ComponentEffect[];
}

export function componentStep<State>(state: State, ...effects: readonly ComponentEffect[]): ComponentStep<State> {
  return { state, effects };
}
