import type { X509Certificate } from "node:crypto";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
/** A certificate is renewed when this part of its life is over … */
const lifeUsed = 2 / 3;
/** … or up to this part of it later, so that not all servers come at once. */
const jitter = 1 / 50;
/** After the first failure; then twice as long each time. */
export const retryMsMin = 10 * minuteMs;
export const retryMsMax = dayMs;
/** What an authority can make us wait: no limit that is known of lasts longer. */
const askedPauseMsMax = 8 * dayMs;

/** What is remembered of attempts that failed, over restarts too: an authority counts them. */
export interface Failures {
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly lastAt: number;
  readonly reason: string;
  /** What the authority said about it: not before then, in milliseconds since the epoch. */
  readonly notBefore?: number | undefined;
}

/**
 * When to ask for a certificate, in milliseconds since the epoch.
 *
 * @param certificate what there is; undefined for none that the authority has issued
 * @param names what it is to be for, in ASCII
 * @param draw from 0 up to 1, the same for the whole life of a certificate
 */
export function renewalDue(parts: {
  readonly certificate: X509Certificate | undefined;
  readonly names: readonly string[];
  readonly failures: Failures | undefined;
  readonly draw: number;
}): number {
  const { certificate, names, failures, draw } = parts;
  const due = certificate === undefined || !isFor(certificate, names) ? 0 : dueOf(certificate, draw);
  if (failures === undefined) return due;
  const pause = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(failures.count - 1, 30));
  const asked = Math.min(failures.notBefore ?? 0, failures.lastAt + askedPauseMsMax);
  return Math.max(due, asked, failures.lastAt + pause * (1 + draw / 10));
}

function dueOf(certificate: X509Certificate, draw: number): number {
  const from = certificate.validFromDate.getTime();
  const life = certificate.validToDate.getTime() - from;
  return from + life * (lifeUsed + jitter * draw);
}

/** Whether its names are exactly these. */
export function isFor(certificate: X509Certificate, names: readonly string[]): boolean {
  const has = new Set(
    (certificate.subjectAltName ?? "").split(", ").flatMap((name) => (name.startsWith("DNS:") ? [name.slice(4)] : [])),
  );
  return has.size === new Set(names).size && names.every((name) => has.has(name));
}
