/** An SRV record (RFC 2782). */
export interface ServiceRecord {
  readonly priority: number;
  readonly weight: number;
  readonly port: number;
  /** In lower case, without a dot at its end; "." when the service is not to be had. */
  readonly target: string;
}

/** A TLSA record (RFC 6698 §2.1). */
export interface TlsaRecord {
  readonly usage: number;
  readonly selector: number;
  readonly matching: number;
  readonly data: Uint8Array;
}

/** What records of each type are read as. */
export interface RecordTypes {
  /** IP addresses as text. */
  readonly A: string;
  readonly AAAA: string;
  readonly SRV: ServiceRecord;
  readonly TLSA: TlsaRecord;
}

export type RecordType = keyof RecordTypes;

/** What DNS knows under a name; an empty list when it knows that there is nothing. */
export interface DnsAnswer<Type extends RecordType = RecordType> {
  readonly records: readonly RecordTypes[Type][];
  /** Whether all of it was validated (DNSSEC) by a resolver that may be believed. */
  readonly validated: boolean;
  /** For how long it may be used, in milliseconds. */
  readonly lifeMs: number;
}

/**
 * Nothing is known, because nobody could be asked or nobody could tell: `timeout` when there was no answer, `failed`
 * when a resolver said that it failed (SERVFAIL), which is also what it says of records whose signatures are wrong,
 * `refused` when it will not serve us, `busy` when too many questions are open already.
 */
export class DnsError extends Error {
  override readonly name = "DnsError";
  readonly reason: "timeout" | "failed" | "refused" | "busy";

  constructor(reason: DnsError["reason"], message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}
