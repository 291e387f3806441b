import type { ScramHash } from "#protocol/sasl/scram-hash.ts";
import type { ScramKeys, StoredCredentials } from "#protocol/sasl/stored-credentials.ts";
import type { StoredCodec } from "#kit/slots.ts";

/** What says that an account exists. */
export interface AccountRecord {
  /** Milliseconds since the epoch. */
  readonly createdAt: number;
  readonly credentials: StoredCredentials;
}

/** As JSON: bytes as base64, so that a backup can be read without tools. */
export const accountRecordCodec: StoredCodec<AccountRecord> = {
  encode: ({ createdAt, credentials: { scram, digestMd5, status } }) =>
    JSON.stringify({
      createdAt,
      scram: Object.fromEntries(Object.entries(scram).map(([hash, keys]) => [hash, encodeKeys(keys)])),
      digestMd5: digestMd5 && { realm: digestMd5.realm, ha1: toBase64(digestMd5.ha1) },
      status,
    }),
  decode: (text) => {
    // Written by `encode` above, in this version of the slot.
    const stored = JSON.parse(text) as StoredRecord;
    const scram: { [hash in ScramHash]?: ScramKeys } = {};
    for (const [hash, keys] of Object.entries(stored.scram)) scram[hash as ScramHash] = decodeKeys(keys);
    const { digestMd5, status } = stored;
    return {
      createdAt: stored.createdAt,
      credentials: {
        scram,
        ...(digestMd5 && { digestMd5: { realm: digestMd5.realm, ha1: fromBase64(digestMd5.ha1) } }),
        ...(status && { status }),
      },
    };
  },
};

interface StoredRecord {
  readonly createdAt: number;
  readonly scram: Readonly<Record<string, StoredKeys>>;
  readonly digestMd5?: { readonly realm: string; readonly ha1: string };
  readonly status?: NonNullable<StoredCredentials["status"]>;
}

interface StoredKeys {
  readonly salt: string;
  readonly iterations: number;
  readonly storedKey: string;
  readonly serverKey: string;
}

function encodeKeys(keys: ScramKeys): StoredKeys {
  return {
    salt: toBase64(keys.salt),
    iterations: keys.iterations,
    storedKey: toBase64(keys.storedKey),
    serverKey: toBase64(keys.serverKey),
  };
}

function decodeKeys(keys: StoredKeys): ScramKeys {
  return {
    salt: fromBase64(keys.salt),
    iterations: keys.iterations,
    storedKey: fromBase64(keys.storedKey),
    serverKey: fromBase64(keys.serverKey),
  };
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}

function fromBase64(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text, "base64"));
}
