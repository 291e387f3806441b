/** A version of XMPP: two integers, not a decimal fraction. RFC 6120 §4.7.5. */
export interface StreamVersion {
  readonly major: number;
  readonly minor: number;
}

/** What this implementation speaks. [rfc6120-4.7.5-04] */
export const ourVersion: StreamVersion = { major: 1, minor: 0 };

/** What a peer speaks that sends no version. [rfc6120-4.7.5-08] */
export const legacyVersion: StreamVersion = { major: 0, minor: 9 };

/** Reads `major.minor`, leading zeros ignored; `undefined` for anything else. */
export function parseVersion(text: string): StreamVersion | undefined {
  // [rfc6120-4.7.5-01] [rfc6120-4.7.5-02]
  const parts = /^(\d{1,9})\.(\d{1,9})$/.exec(text);
  return parts === null ? undefined : { major: Number(parts[1]), minor: Number(parts[2]) };
}

export function formatVersion(version: StreamVersion): string {
  return `${version.major}.${version.minor}`;
}

/** The lower of two, compared as numbers. */
export function lowerVersion(a: StreamVersion, b: StreamVersion): StreamVersion {
  // [rfc6120-4.7.5-05] [rfc6120-4.7.5-06]
  if (a.major !== b.major) return a.major < b.major ? a : b;
  return a.minor < b.minor ? a : b;
}

/** Whether features, SASL and the rest of RFC 6120 may be used with this peer. */
export function speaksFeatures(version: StreamVersion): boolean {
  return version.major >= 1;
}
