import { assert } from "#protocol/assert.ts";
import { parseHtMechanism } from "#protocol/sasl/ht-mechanism.ts";
import { htTokenCharactersMin, keyOfToken } from "#protocol/sasl/ht-token.ts";
import { randomToken } from "#kit/env.ts";
import { on } from "#kit/events.ts";
import { passwordChanged } from "#kit/lifecycle.ts";
import type { LoginTokens } from "#kit/login-tokens.ts";
import { integerOption } from "#kit/option.ts";
import { serverModule } from "#kit/server-module.ts";
import { accountMap, type LiveMap } from "#kit/slots.ts";
import { candidatesOf, deviceTokensCodec, expiryOf, usedToken, type DeviceTokens } from "./device-tokens.ts";

/** The tokens of an account, by the id of the device. */
export const tokensSlot = accountMap<DeviceTokens>("fast-tokens", 1, deviceTokensCodec);

/** Randomness of one, in bytes: so much that its text is longer than the block of any hash (A30). */
const tokenBytes = Math.ceil((htTokenCharactersMin * 5) / 8);

export const tokenDays = integerOption({
  key: "token_days",
  default: 21,
  min: 1,
  max: 365,
  unit: "days",
  description:
    "How long a token for log-in without password is good. A device that stays away longer needs the password.",
});
export const rotateHours = integerOption({
  key: "rotate_hours",
  default: 24,
  min: 1,
  max: 8_760,
  unit: "hours",
  description: "The age of a token at which the next log-in with it gets another one.",
});
export const devicesMax = integerOption({
  key: "devices_max",
  default: 20,
  min: 1,
  max: 1_000,
  unit: "devices",
  description:
    "How many devices of an account may have a token; the one that was not seen for longest loses its to the next.",
});

/** Log-in with a token in place of a password, in one round trip (XEP-0484). */
export const fast = serverModule({
  name: "fast",
  implements: [{ xep: 484, title: "Fast Authentication Streamlining Tokens", version: "0.2.0", status: "complete" }],
  options: [tokenDays, rotateHours, devicesMax],
  slots: [tokensSlot],
  start: (host) => {
    const { env } = host;
    const validMs = host.setting(tokenDays) * 86_400_000;
    const rotateMs = host.setting(rotateHours) * 3_600_000;

    const revoke: LoginTokens["revoke"] = (account, device) => {
      const tokens = account.map(tokensSlot);
      const had = device === undefined ? tokens.size : tokens.has(device) ? 1 : 0;
      if (device === undefined) tokens.clear();
      else tokens.delete(device);
      return had;
    };

    const loginTokens: LoginTokens = {
      slotName: tokensSlot.name,
      candidates: (stored) => candidatesOf(deviceTokensCodec.decode(stored), env.now()),
      use: (account, presented) => {
        const tokens = account.map(tokensSlot);
        const device = tokens.get(presented.device);
        if (device === undefined) return "not-authorized";
        const used = usedToken(device, presented, env.now());
        if (!used.ok) return used.condition;
        if (used.kept === undefined) tokens.delete(presented.device);
        else if (used.kept !== device) tokens.set(presented.device, used.kept);
        return undefined;
      },
      issue: (account, { id, software, device }, asked) => {
        const now = env.now();
        const tokens = account.map(tokensSlot);
        const known = tokens.get(id);
        const mechanism = asked ?? dueFor(known, now - rotateMs);
        if (mechanism === undefined) return undefined;
        const parsed = parseHtMechanism(mechanism);
        assert(parsed !== undefined, "only announced mechanisms are asked for");
        if (known === undefined) makeRoom(tokens, host.setting(devicesMax));
        const token = randomToken(env, tokenBytes);
        const expiresAt = now + validMs;
        // One that was issued and never used gives way. [xep0484-3.5-03]
        const fresh = {
          mechanism,
          key: keyOfToken(parsed.hash, token),
          issuedAt: now,
          expiresAt,
          count: undefined,
        };
        tokens.set(id, { software, device, seenAt: now, current: known?.current, fresh });
        return { token, expiresAt };
      },
      devices: (account) =>
        [...account.map(tokensSlot).entries()].map(([id, tokens]) => ({
          id,
          software: tokens.software,
          device: tokens.device,
          seenAt: tokens.seenAt,
          expiresAt: expiryOf(tokens),
        })),
      revoke,
    };

    return {
      loginTokens,
      // A55
      events: [on(passwordChanged, ({ account }) => void revoke(account))],
    };
  },
});

/** The mechanism of a token that is old enough to be replaced. XEP-0484 §3.5 */
function dueFor(device: DeviceTokens | undefined, before: number): string | undefined {
  const { current } = device ?? {};
  return current !== undefined && current.issuedAt <= before ? current.mechanism : undefined;
}

/** For one more device. */
function makeRoom(tokens: LiveMap<DeviceTokens>, max: number): void {
  const byAge = [...tokens.entries()].toSorted(([, a], [, b]) => a.seenAt - b.seenAt);
  for (const [id] of byAge.slice(0, Math.max(0, tokens.size - max + 1))) tokens.delete(id);
}
