import type { SaslCondition } from "#protocol/sasl/sasl-condition.ts";
import type { TokenCandidate } from "#protocol/sasl/token-candidate.ts";
import type { PresentedToken } from "#protocol/stream/stream-effect.ts";
import type { UserAgent } from "#protocol/stream/user-agent.ts";
import type { Account } from "./account.ts";

/** A device that has tokens, for its user and for administrators. */
export interface TokenDevice {
  /** The id of the client's installation. */
  readonly id: string;
  readonly software: string | undefined;
  readonly device: string | undefined;
  /** Milliseconds since the epoch; when a token was issued or, by the hour, used last. */
  readonly seenAt: number;
  /** When it can log in no more, in milliseconds since the epoch. */
  readonly expiresAt: number;
}

/** Log-in by tokens (XEP-0484): whoever keeps them. */
export interface LoginTokens {
  /** Of the map that they are in, by the ids of devices. It is looked into without waking the account. */
  readonly slotName: string;
  /** What a device may present: those that are good, or were till lately. */
  readonly candidates: (stored: string) => readonly TokenCandidate[];
  /** The token was proven. In the owner's turn: whether it is still good, and now it is used. Undefined when it is. */
  readonly use: (account: Account, token: PresentedToken) => SaslCondition | undefined;
  /**
   * Another token for a device: wanted for a mechanism, or without one if that in use is to be replaced soon.
   * Undefined when there is none to give.
   */
  readonly issue: (
    account: Account,
    userAgent: UserAgent & { readonly id: string },
    mechanism: string | undefined,
  ) => { readonly token: string; readonly expiresAt: number } | undefined;
  readonly devices: (account: Account) => readonly TokenDevice[];
  /** Takes a device's tokens away, or, without an id, those of all; returns how many devices had any. */
  readonly revoke: (account: Account, device?: string) => number;
}
