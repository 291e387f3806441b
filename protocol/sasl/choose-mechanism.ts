import { unreachable } from "#protocol/assert.ts";
import type { SaslOffers } from "./announcement-hash.ts";
import { channelBindingTypes, type ChannelBinding } from "./channel-binding.ts";
import type { ClientBinding } from "./client-context.ts";
import { isPlus, kindOf, mechanisms, type Mechanism } from "./mechanism.ts";

/** What the client has and what it insists on. */
export interface SaslClientPolicy {
  readonly credentials: "password" | "certificate" | "anonymous";
  /**
   * The weakest mechanism to go along with, in the order of `mechanisms`. Remember the one of the last log-in here, and
   * nobody in between can talk the client down to a weaker one (A31).
   */
  readonly weakest: Mechanism;
  /** `required`: fail rather than log in over a channel that nothing is bound to. */
  readonly channelBinding: "never" | "preferred" | "required";
  /** Whether a mechanism that shows the password, or lets others log in with what they heard, may run without TLS. */
  readonly passwordInClear: boolean;
}

export const defaultSaslClientPolicy: SaslClientPolicy = {
  credentials: "password",
  weakest: "PLAIN",
  channelBinding: "preferred",
  passwordInClear: false,
};

export type SaslChoice =
  | {
      readonly ok: true;
      readonly mechanism: Mechanism;
      readonly binding: ClientBinding;
      /** The offers look shortened: only if the server signs that they are not will it do. XEP-0474 §7 */
      readonly announcementRequired: boolean;
    }
  | { readonly ok: false; readonly reason: SaslChoiceFault };

export type SaslChoiceFault =
  /** Nothing in common. */
  | "no-mechanism"
  /** What is in common is weaker than the policy allows. */
  | "too-weak"
  /** Binding types and -PLUS mechanisms do not fit together: somebody has changed the list. XEP-0440 §3 */
  | "offers-tampered"
  /** The policy requires channel binding, and there is none. */
  | "no-channel-binding";

/** The strongest mechanism of all that are offered, possible and allowed. */
export function chooseMechanism(
  offers: SaslOffers,
  policy: SaslClientPolicy,
  channel: {
    readonly encrypted: boolean;
    /** What we can compute, strongest first. */
    readonly bindings: readonly ChannelBinding[];
    /** Already tried on this stream, and refused. */
    readonly tried?: readonly Mechanism[];
    /** Absent: that of RFC 6120. */
    readonly profile?: "sasl2";
  },
): SaslChoice {
  const { tried = [] } = channel;
  const bindings = policy.channelBinding === "never" || !channel.encrypted ? [] : channel.bindings;
  const plusOffered = offers.mechanisms.some(isPlus);
  const typesOffered = offers.bindingTypes !== undefined && offers.bindingTypes.length > 0;
  const binding = commonBinding(offers, bindings);
  const seen = { plusOffered, typesOffered, sasl2: channel.profile === "sasl2" };
  // [xep0474-7-01]
  if (bindings.length > 0 && isTampered(seen)) return { ok: false, reason: "offers-tampered" };
  // Every server has tls-server-end-point, so a list without anything in common may be somebody's work. [xep0440-3-11]
  const suspicious =
    bindings.length > 0 &&
    typesOffered &&
    binding === undefined &&
    !offers.bindingTypes.includes("tls-server-end-point");
  // Where both can bind, only what binds will do: the rest is what an attacker would like us to take.
  // [rfc6120-13.8.1-03] [rfc6120-13.9.4-02]
  const bound = plusOffered && binding !== undefined;
  // In our own order. [rfc6120-6.3.3-01] [rfc6120-6.3.3-02] [rfc6120-6.3.3-03] [rfc6120-6.3.3-04]
  const possible = mechanisms.filter(
    (mechanism) =>
      offers.mechanisms.includes(mechanism) &&
      fits(mechanism, policy, channel.encrypted, bound) &&
      !tried.includes(mechanism),
  );
  const mechanism = possible.find((candidate) => mechanisms.indexOf(candidate) <= mechanisms.indexOf(policy.weakest));
  if (policy.channelBinding === "required" && !bound && mechanism !== "EXTERNAL") {
    return { ok: false, reason: "no-channel-binding" };
  }
  if (mechanism === undefined) return { ok: false, reason: possible.length > 0 ? "too-weak" : "no-mechanism" };
  // Only SCRAM lets the server sign what it announced. [xep0474-7-03] [xep0474-7-04]
  if (suspicious && kindOf(mechanism).family !== "SCRAM") return { ok: false, reason: "offers-tampered" };
  // Who can bind, but meets no offer, says so: the server knows whether that is true. [rfc5802-6-04] [xep0440-3-06] [xep0440-3-05]
  const unbound = bindings.length > 0 && !plusOffered && !typesOffered ? "y" : "n";
  return {
    ok: true,
    mechanism,
    binding: isPlus(mechanism) && binding !== undefined ? binding : unbound,
    announcementRequired: suspicious,
  };
}

function commonBinding(offers: SaslOffers, bindings: readonly ChannelBinding[]): ChannelBinding | undefined {
  // [xep0440-3-12]
  const ranked = channelBindingTypes.flatMap((type) => bindings.filter((binding) => binding.type === type));
  const types = offers.bindingTypes;
  // Without an announcement, the default of the TLS version is what servers know. [rfc5802-6.1-01] [xep0440-3-08] [xep0440-3-04]
  return types === undefined || types.length === 0 ? ranked[0] : ranked.find((binding) => types.includes(binding.type));
}

/** Types without mechanisms [xep0440-3-09] [xep0440-3-10], or, by SASL2, mechanisms without types [xep0440-3-07]. */
function isTampered(seen: {
  readonly plusOffered: boolean;
  readonly typesOffered: boolean;
  readonly sasl2: boolean;
}): boolean {
  return seen.typesOffered ? !seen.plusOffered : seen.sasl2 && seen.plusOffered;
}

function fits(mechanism: Mechanism, policy: SaslClientPolicy, encrypted: boolean, bound: boolean): boolean {
  const kind = kindOf(mechanism);
  switch (kind.family) {
    case "EXTERNAL":
      return policy.credentials === "certificate" && encrypted;
    case "ANONYMOUS":
      return policy.credentials === "anonymous";
    case "PLAIN":
    case "DIGEST-MD5":
      // [rfc6120-13.8.3-02] [rfc6120-13.8.3-03]
      return policy.credentials === "password" && !bound && (encrypted || policy.passwordInClear);
    case "SCRAM":
      return policy.credentials === "password" && kind.plus === bound;
    default:
      return unreachable(kind);
  }
}
