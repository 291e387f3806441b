import type { RosterItem } from "../roster/slots.ts";

export type SubscriptionType = "subscribe" | "subscribed" | "unsubscribe" | "unsubscribed";

/** The part of a roster item that subscriptions change. */
export type SubscriptionState = Pick<RosterItem, "subscription" | "ask" | "pendingIn" | "approved">;

/** What to do with a subscription stanza: its effect on the item, and where it goes. */
export interface Transition {
  readonly state: SubscriptionState;
  /** Outbound: route it to the contact. Inbound: deliver it to the user. */
  readonly pass: boolean;
  /** An answer on behalf of the user, who need not be asked. */
  readonly reply?: "subscribed" | "unsubscribed";
}

/** What the user sends to a contact (RFC 6121 §A.2). */
export function sendSubscription(type: SubscriptionType, state: SubscriptionState): Transition {
  switch (type) {
    case "subscribe":
      // [rfc6121-A.2.1-05] [rfc6121-A.2.1-06] [rfc6121-A.2.1-09]
      if (hasTo(state)) return { state, pass: true };
      // [rfc6121-A.2.1-01] [rfc6121-A.2.1-02] [rfc6121-A.2.1-03] [rfc6121-A.2.1-04] [rfc6121-A.2.1-07]
      // [rfc6121-A.2.1-08]
      // [rfc3921-9.2-01]
      return { state: { ...state, ask: true }, pass: true };
    case "unsubscribe":
      // [rfc6121-A.2.2-01] [rfc6121-A.2.2-02] [rfc6121-A.2.2-03] [rfc6121-A.2.2-04] [rfc6121-A.2.2-05]
      // [rfc6121-A.2.2-06] [rfc6121-A.2.2-07] [rfc6121-A.2.2-08] [rfc6121-A.2.2-09]
      // [rfc3921-9.2-01]
      return { state: { ...withTo(state, false), ask: false }, pass: true };
    case "subscribed":
      // [rfc3921-9.2-03]
      // [rfc6121-A.2.3-03] [rfc6121-A.2.3-04] [rfc6121-A.2.3-06] [rfc6121-3.4.2-03]
      if (state.pendingIn) return { state: { ...withFrom(state, true), pendingIn: false }, pass: true };
      // [rfc6121-A.2.3-07] [rfc6121-A.2.3-08] [rfc6121-A.2.3-09] [rfc6121-3.4.2-02]
      // [rfc3921-9.2-02]
      if (hasFrom(state)) return { state, pass: false };
      // Approved before it was asked for: a note for ourselves (§3.4). [rfc6121-A.2.3-01] [rfc6121-A.2.3-02]
      // [rfc6121-A.2.3-05] [rfc6121-3.4.2-04] [rfc6121-3.4.2-05] [rfc6121-3.4.2-07]
      return { state: { ...state, approved: true }, pass: false };
    default:
      // [rfc6121-A.2.4-01] [rfc6121-A.2.4-02] [rfc6121-A.2.4-05] [rfc6121-3.2.2-02] [rfc6121-3.2.2-03]
      // [rfc3921-9.2-02]
      if (!hasFrom(state) && !state.pendingIn) return { state: { ...state, approved: false }, pass: false };
      // [rfc6121-A.2.4-03] [rfc6121-A.2.4-04] [rfc6121-A.2.4-06] [rfc6121-A.2.4-07] [rfc6121-A.2.4-08]
      // [rfc6121-A.2.4-09]
      // [rfc3921-9.2-03]
      return { state: { ...withFrom(state, false), pendingIn: false, approved: false }, pass: true };
  }
}

/** What a contact sends to the user (RFC 6121 §A.3). */
export function receiveSubscription(type: SubscriptionType, state: SubscriptionState): Transition {
  switch (type) {
    case "subscribe":
      // [rfc6121-A.3.1-07] [rfc6121-A.3.1-08] [rfc6121-A.3.1-09] [rfc6121-A.3.1-11] [rfc6121-3.1.3-07]
      // [rfc3921-9.3-01]
      if (hasFrom(state)) return { state, pass: false, reply: "subscribed" };
      // [rfc6121-A.3.1-10] [rfc6121-3.1.3-08] [rfc6121-3.4.2-08]
      if (state.approved) return { state: withFrom(state, true), pass: false, reply: "subscribed" };
      // [rfc6121-A.3.1-03] [rfc6121-A.3.1-04] [rfc6121-A.3.1-06]
      // [rfc3921-9.3-01]
      if (state.pendingIn) return { state, pass: false };
      // [rfc6121-A.3.1-01] [rfc6121-A.3.1-02] [rfc6121-A.3.1-05] [rfc6121-3.1.3-05]
      // [rfc3921-9.3-01]
      return { state: { ...state, pendingIn: true }, pass: true };
    case "unsubscribe":
      // [rfc6121-A.3.2-02] [rfc6121-A.3.2-03] [rfc6121-A.3.2-04] [rfc6121-A.3.2-07] [rfc6121-3.3.3-01]
      // [rfc6121-3.3.3-05]
      if (!hasFrom(state) && !state.pendingIn) return { state, pass: false };
      // [rfc6121-A.3.2-01] [rfc6121-A.3.2-05] [rfc6121-A.3.2-06] [rfc6121-A.3.2-08] [rfc6121-A.3.2-09]
      // [rfc6121-A.3.2-10] [rfc6121-A.3.2-11] [rfc6121-A.3.2-12] [rfc6121-3.3.3-06]
      return { state: { ...withFrom(state, false), pendingIn: false }, pass: true, reply: "unsubscribed" };
    case "subscribed":
      // [rfc6121-A.3.3-01] [rfc6121-A.3.3-03] [rfc6121-A.3.3-04] [rfc6121-A.3.3-06] [rfc6121-A.3.3-08]
      // [rfc6121-A.3.3-09] [rfc6121-A.3.3-10] [rfc6121-A.3.3-12] [rfc6121-3.1.6-01] [rfc6121-3.1.6-06]
      if (!state.ask) return { state, pass: false };
      // [rfc6121-A.3.3-02] [rfc6121-A.3.3-05] [rfc6121-A.3.3-07] [rfc6121-A.3.3-11]
      return { state: { ...withTo(state, true), ask: false }, pass: true };
    default:
      // [rfc6121-A.3.4-02] [rfc6121-A.3.4-03] [rfc6121-A.3.4-05] [rfc6121-A.3.4-09] [rfc6121-3.2.3-01]
      // [rfc6121-3.2.3-06]
      if (!hasTo(state) && !state.ask) return { state, pass: false };
      // [rfc6121-A.3.4-01] [rfc6121-A.3.4-04] [rfc6121-A.3.4-06] [rfc6121-A.3.4-07] [rfc6121-A.3.4-08]
      // [rfc6121-A.3.4-10] [rfc6121-A.3.4-11]
      return { state: { ...withTo(state, false), ask: false }, pass: true };
  }
}

export function isSubscriptionType(type: string | undefined): type is SubscriptionType {
  return type === "subscribe" || type === "subscribed" || type === "unsubscribe" || type === "unsubscribed";
}

function hasTo({ subscription }: SubscriptionState): boolean {
  return subscription === "to" || subscription === "both";
}

function hasFrom({ subscription }: SubscriptionState): boolean {
  return subscription === "from" || subscription === "both";
}

function withTo(state: SubscriptionState, to: boolean): SubscriptionState {
  return { ...state, subscription: joined(to, hasFrom(state)) };
}

function withFrom(state: SubscriptionState, from: boolean): SubscriptionState {
  return { ...state, subscription: joined(hasTo(state), from) };
}

function joined(to: boolean, from: boolean): RosterItem["subscription"] {
  if (to) return from ? "both" : "to";
  return from ? "from" : "none";
}
