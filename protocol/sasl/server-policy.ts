import { unreachable } from "#protocol/assert.ts";
import type { ChannelBinding } from "./channel-binding.ts";
import { kindOf, mechanisms, type Mechanism } from "./mechanism.ts";
import { scramHashes, type ScramHash } from "./scram-hash.ts";

/** What a host's administrator decides about authentication. */
export interface SaslServerPolicy {
  /** Hashes whose keys the accounts have. The first is the one that PLAIN is checked against. */
  readonly scramHashes: readonly [ScramHash, ...ScramHash[]];
  /** Hashes with which clients may log in by SCRAM; none where passwords are only checked against the keys. */
  readonly scramOffered: readonly ScramHash[];
  /** For new passwords. */
  readonly scramIterations: number;
  /**
   * Counts that accounts may have from when the policy was another one: users who do not exist get one of these, so that
   * an old count does not tell that there is an account. Default: the present one.
   */
  readonly scramIterationsSeen?: readonly [number, ...number[]];
  /** SCRAM on a stream that nothing protects: the password stays safe, the session does not. */
  readonly scramWithoutTls: boolean;
  readonly plain: "never" | "tls" | "always";
  readonly digestMd5: boolean;
  readonly anonymous: boolean;
  readonly external: boolean;
  /** `required` leaves only -PLUS of the mechanisms that know a password. [rfc5802-6-03] */
  readonly channelBinding: "off" | "offered" | "required";
}

/** RFC 5802 §5.1 and RFC 7677 §4 want no fewer. [rfc5802-5.1-13] [rfc7677-3-01] */
export const scramIterationsMin = 4096;
/** What a client computes at most for a server: some seconds on a telephone. More is an attack on its time (A27). */
export const scramIterationsMax = 2_000_000;

export const defaultSaslServerPolicy: SaslServerPolicy = {
  scramHashes: ["SHA-256", "SHA-512", "SHA-1"],
  scramOffered: scramHashes,
  scramIterations: 10_000,
  scramWithoutTls: false,
  plain: "tls",
  digestMd5: false,
  anonymous: false,
  external: true,
  channelBinding: "offered",
};

/** What the stream is like that mechanisms are offered on. */
export interface SaslServerTransport {
  readonly encrypted: boolean;
  /** The announced ones only. */
  readonly bindings: readonly ChannelBinding[];
  /** Whether the peer showed a certificate with an identity that we accept. */
  readonly certified: boolean;
}

/** The mechanisms to announce on this stream, strongest first. */
export function serverMechanisms(policy: SaslServerPolicy, transport: SaslServerTransport): readonly Mechanism[] {
  // [rfc6120-6.3.3-01]
  return mechanisms.filter((mechanism) => isOffered(mechanism, policy, transport));
}

/** The types for XEP-0440's announcement: exactly those that work here (S30); empty means to announce nothing. */
export function announcedBindingTypes(policy: SaslServerPolicy, transport: SaslServerTransport): readonly string[] {
  return policy.channelBinding === "off" || !transport.encrypted ? [] : transport.bindings.map(({ type }) => type);
}

function isOffered(mechanism: Mechanism, policy: SaslServerPolicy, transport: SaslServerTransport): boolean {
  const unboundAllowed = policy.channelBinding !== "required";
  const kind = kindOf(mechanism);
  switch (kind.family) {
    case "EXTERNAL":
      // [rfc6120-6.3.4-02]
      return policy.external && transport.certified;
    case "ANONYMOUS":
      return policy.anonymous;
    case "PLAIN":
      // [rfc6120-6.3.4-01] [rfc6120-13.8.3-04] [rfc6120-13.8.3-05] [xep0388-3-01]
      return unboundAllowed && (policy.plain === "always" || (policy.plain === "tls" && transport.encrypted));
    case "DIGEST-MD5":
      return unboundAllowed && policy.digestMd5;
    case "SCRAM":
      if (!policy.scramOffered.includes(kind.hash)) return false;
      if (kind.plus)
        // [rfc6120-13.8.1-03]
        return announcedBindingTypes(policy, transport).length > 0;
      // [rfc6120-13.8.1-02]
      return unboundAllowed && (transport.encrypted || policy.scramWithoutTls);
    default:
      return unreachable(kind);
  }
}

/** Every hash that an account gets keys for, strongest first. */
export function hashesOf(policy: SaslServerPolicy): readonly ScramHash[] {
  return scramHashes.filter((hash) => policy.scramHashes.includes(hash));
}
