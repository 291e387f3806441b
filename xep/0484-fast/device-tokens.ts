import { equalBytes } from "#protocol/sasl/bytes.ts";
import type { SaslCondition } from "#protocol/sasl/sasl-condition.ts";
import { decodeBase64, encodeBase64 } from "#protocol/sasl/sasl-base64.ts";
import type { TokenCandidate } from "#protocol/sasl/token-candidate.ts";
import type { PresentedToken } from "#protocol/stream/stream-effect.ts";
import { json, type StoredCodec } from "#kit/slots.ts";

/** One token, as it is kept: the key that it makes, never its text. */
export interface KeptToken {
  /** The only one that it may be used with. [xep0484-3.4-06] */
  readonly mechanism: string;
  readonly key: Uint8Array;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** The highest count that it was used with; undefined until one is named. */
  readonly count: number | undefined;
}

/** What is kept of one installation of a client. XEP-0484 §5.1 */
export interface DeviceTokens {
  readonly software: string | undefined;
  readonly device: string | undefined;
  /** When a token was issued or, by the hour, used last, in milliseconds since the epoch. */
  readonly seenAt: number;
  /** The one in use. */
  readonly current: KeptToken | undefined;
  /** One that takes its place as soon as it is used: until then it may have been lost on the way. [xep0484-3.5-01] */
  readonly fresh: KeptToken | undefined;
}

/** The time of last use is written anew only when it is older, in milliseconds. */
const seenEveryMs = 3_600_000;

export function candidatesOf({ current, fresh }: DeviceTokens, now: number): readonly TokenCandidate[] {
  return [fresh, current].flatMap((token) =>
    token === undefined ? [] : [{ mechanism: token.mechanism, key: token.key, expired: token.expiresAt <= now }],
  );
}

/** What becomes of a device's tokens when one is used; `kept` is undefined when nothing is left of them. */
export type Used =
  | { readonly ok: false; readonly condition: SaslCondition }
  | { readonly ok: true; readonly kept: DeviceTokens | undefined };

/** One was proven: is it good still, and what is known after that. XEP-0484 §3.4–3.6 */
export function usedToken(device: DeviceTokens, presented: PresentedToken, now: number): Used {
  const { current, fresh } = device;
  const token = [fresh, current].find((each) => each !== undefined && equalBytes(each.key, presented.key));
  // Taken away between its proof and now.
  if (token === undefined) return { ok: false, condition: "not-authorized" };
  // [xep0484-4.2-02]
  if (token.expiresAt <= now) return { ok: false, condition: "credentials-expired" };
  // Who counts, counts on: what was sent before is a repetition. [xep0484-3.4-04] [xep0484-3.4-05]
  if (token.count !== undefined && (presented.count ?? -1) <= token.count)
    return { ok: false, condition: "not-authorized" };
  // Who logs out wants none of this device to be good any more. [xep0484-3.6-01] [xep0484-3.6-02] [xep0484-3.6-04]
  if (presented.invalidate) return { ok: true, kept: undefined };
  const used = presented.count === undefined ? token : { ...token, count: presented.count };
  // The older one goes with the first use of the newer; a newer one that was never used stays. [xep0484-3.5-02]
  const next = token === fresh || fresh === undefined || fresh.expiresAt < token.expiresAt ? undefined : fresh;
  const seenAt = now - device.seenAt >= seenEveryMs ? now : device.seenAt;
  if (used === current && next === fresh && seenAt === device.seenAt) return { ok: true, kept: device };
  return { ok: true, kept: { ...device, seenAt, current: used, fresh: next } };
}

/** Until when any of them is good. */
export function expiryOf({ current, fresh }: DeviceTokens): number {
  return Math.max(current?.expiresAt ?? 0, fresh?.expiresAt ?? 0);
}

/** As JSON, keys as base64. */
export const deviceTokensCodec: StoredCodec<DeviceTokens> = {
  encode: ({ current, fresh, ...rest }) => JSON.stringify({ ...rest, current: encode(current), fresh: encode(fresh) }),
  decode: (text) => {
    // Written by `encode` above, in this version of the slot.
    const { current, device, fresh, seenAt, software } = stored.decode(text);
    return { software, device, seenAt, current: decode(current), fresh: decode(fresh) };
  },
};

const stored = json<StoredDevice>();

interface StoredDevice {
  readonly software?: string;
  readonly device?: string;
  readonly seenAt: number;
  readonly current?: StoredToken;
  readonly fresh?: StoredToken;
}

interface StoredToken {
  readonly mechanism: string;
  readonly key: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
  readonly count?: number;
}

function encode(token: KeptToken | undefined) {
  return token && { ...token, key: encodeBase64(token.key) };
}

function decode(token: StoredToken | undefined): KeptToken | undefined {
  return token && { ...token, key: decodeBase64(token.key) ?? new Uint8Array(), count: token.count };
}
