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
      return { state: hasTo(state) ? state : { ...state, ask: true }, pass: true };
    case "unsubscribe":
      return { state: { ...withTo(state, false), ask: false }, pass: true };
    case "subscribed":
      if (state.pendingIn) return { state: { ...withFrom(state, true), pendingIn: false }, pass: true };
      // Approved before it was asked for: a note for ourselves (§3.4).
      return { state: hasFrom(state) ? state : { ...state, approved: true }, pass: false };
    default:
      return {
        state: { ...withFrom(state, false), pendingIn: false, approved: false },
        pass: hasFrom(state) || state.pendingIn,
      };
  }
}

/** What a contact sends to the user (RFC 6121 §A.3). */
export function receiveSubscription(type: SubscriptionType, state: SubscriptionState): Transition {
  switch (type) {
    case "subscribe":
      if (hasFrom(state)) return { state, pass: false, reply: "subscribed" };
      if (state.approved) return { state: withFrom(state, true), pass: false, reply: "subscribed" };
      return { state: { ...state, pendingIn: true }, pass: !state.pendingIn };
    case "unsubscribe":
      if (!hasFrom(state) && !state.pendingIn) return { state, pass: false };
      return { state: { ...withFrom(state, false), pendingIn: false }, pass: true, reply: "unsubscribed" };
    case "subscribed":
      return state.ask ? { state: { ...withTo(state, true), ask: false }, pass: true } : { state, pass: false };
    default:
      return { state: { ...withTo(state, false), ask: false }, pass: hasTo(state) || state.ask };
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
