import { createHmac } from "node:crypto";
import type { BareJid } from "#protocol/jid/jid.ts";
import { randomToken } from "#kit/env.ts";
import { userAgentSlot } from "#kit/log-in.ts";
import type { Session } from "#kit/session.ts";

/** Of what is made of a device's id, 16 characters. */
const resourceBytes = 10;

/**
 * The resource of a device that logs in by Bind 2: the same whenever it comes, without anything being stored, and without
 * anybody being able to tell the id from it. XEP-0386 §3.2.1 [xep0386-3.2.1-03] [xep0386-3.2.1-04] [xep0386-3.2.1-05]
 *
 * @param secret of this server
 * @param device `undefined` for one that does not say: then it is another each time
 */
export function resourceOfDevice(
  secret: Uint8Array,
  entropy: (bytes: number) => Uint8Array,
  of: { readonly user: BareJid; readonly tag: string | undefined; readonly device: string | undefined },
): string {
  const { device, tag = "", user } = of;
  if (device === undefined) return randomToken({ entropy }, resourceBytes);
  const digest = createHmac("sha256", secret).update(`resource\0${user}\0${tag}\0${device}`).digest();
  return randomToken({ entropy: () => digest.subarray(0, resourceBytes) }, resourceBytes);
}

/** Sessions of the same installation of a client. */
export function sessionsOfDevice<S extends Session>(sessions: Iterable<S>, device: string | undefined): readonly S[] {
  if (device === undefined) return [];
  return [...sessions].filter((session) => session.get(userAgentSlot)?.id === device);
}
