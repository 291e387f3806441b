import { z } from "zod";
import { isBare, localpartOf, parseJid, type BareJid, type DomainJid, type Jid, isDomain } from "#protocol/jid/jid.ts";

/** Characters of an address as typed; every longer one is refused unread. */
const addressLengthMax = 3071;
export const passwordLengthMin = 8;
export const passwordLengthMax = 1024;
const tokenLengthMax = 128;
/** Entries that one list brings at most; the rest is counted, not shown. */
export const listEntriesMax = 10_000;

/** The address of an account: a localpart and a domain, no resource. Becomes canonical on parsing. */
export const accountAddress = z
  .string()
  .max(addressLengthMax)
  .transform((text, context): BareJid => {
    const jid = parseJid(text);
    if (jid !== undefined && isBare(jid) && localpartOf(jid) !== undefined) return jid;
    context.addIssue(
      `"${text}" is not the address of an account: write it as name@domain, for example romeo@example.org`,
    );
    return z.NEVER;
  });

/** The name of a host. Becomes canonical on parsing. */
export const domainName = z
  .string()
  .max(addressLengthMax)
  .transform((text, context): DomainJid => {
    const jid = parseJid(text);
    if (jid !== undefined && isDomain(jid)) return jid;
    context.addIssue(`"${text}" is not a domain name: write it as example.org`);
    return z.NEVER;
  });

/** A password for an account. Never shown, never logged. */
export const password = z
  .string()
  .min(passwordLengthMin, `a password has at least ${passwordLengthMin} characters`)
  .max(passwordLengthMax, `a password has at most ${passwordLengthMax} characters`);

/** The token of an invitation (XEP-0401). */
export const inviteToken = z.string().min(1).max(tokenLengthMax);

/** A point in time: ISO 8601, UTC. */
export const instant = z.iso.datetime();

export const logLevels = ["debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];
export const logLevel = z.enum(logLevels);

/** A day or a point in time as somebody types it; a day is its beginning, in UTC. Becomes an {@link instant} on parsing. */
export const moment = z
  .string()
  .max(40)
  .transform((text, context): string => {
    const isDay = /^\d{4}-\d{2}-\d{2}$/.test(text);
    const isTime = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})$/.test(text);
    const at = Date.parse(isDay ? `${text}T00:00:00Z` : text);
    if ((isDay || isTime) && !Number.isNaN(at)) return new Date(at).toISOString();
    context.addIssue(`"${text}" is not a date: write 2026-11-21, or 2026-11-21T08:30:00Z`);
    return z.NEVER;
  });

/** Any address: of a person, of one of that person's devices, or of a service. Becomes canonical on parsing. */
export const anyAddress = z
  .string()
  .max(addressLengthMax)
  .transform((text, context): Jid => {
    const jid = parseJid(text);
    if (jid !== undefined) return jid;
    context.addIssue(`"${text}" is not an address: write it as name@domain`);
    return z.NEVER;
  });
