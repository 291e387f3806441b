/** Bounds of what other servers, and those who write to them, may cost us. */
export interface FederationLimits {
  /** Stanzas that wait for one pair of domains. */
  readonly queueStanzasMax: number;
  /** What they take together, in bytes. */
  readonly queueBytesMax: number;
  /** What waits for all pairs together, in bytes. */
  readonly queueTotalBytesMax: number;
  /** How long a stanza waits for its way before its sender gets it back, in milliseconds. */
  readonly deliveryMsMax: number;
  /** From looking a domain up until a stream to it is authorized, in milliseconds. */
  readonly connectMsMax: number;
  /** After a failure, until the next try: doubled each time from the first to the last, in milliseconds. */
  readonly retryMsMin: number;
  readonly retryMsMax: number;
  /** Domains that are being connected to at the same time; further ones wait (A36). */
  readonly dialsMax: number;
  /** Pairs of domains that something waits for or that have a stream. */
  readonly pairsMax: number;
  /** Streams of one remote domain to one of ours that the others have opened; the oldest goes. */
  readonly incomingPerPairMax: number;
  /** Keys that are being verified at the same time: for one stream, for one address or network, and in all. */
  readonly verificationsPerStreamMax: number;
  readonly verificationsPerAddressMax: number;
  readonly verificationsMax: number;
  /** A stream on which nothing was said for so long is closed, in milliseconds. */
  readonly idleMsMax: number;
  /** How long a stream that was cut can be resumed, in seconds; 0: never. */
  readonly resumeSecondsMax: number;
  /** How long what waits on a stream that was cut waits for its peer to come back, in milliseconds. */
  readonly resumeWaitMsMax: number;
  /** Streams that others have opened, that were cut, and that wait to be resumed; the oldest goes (A15). */
  readonly suspendedMax: number;
  /** Stanzas on one stream that its peer has not acknowledged, or that the operating system has not taken; the rest queues. */
  readonly unacknowledgedStanzasMax: number;
  readonly unacknowledgedBytesMax: number;
  /** The same of all streams together, in bytes (A15). */
  readonly unacknowledgedTotalBytesMax: number;
  /** How long it may take to acknowledge or to take something, in milliseconds. */
  readonly answerMsMax: number;
}

export const defaultFederationLimits: FederationLimits = {
  queueStanzasMax: 2_000,
  queueBytesMax: 4 * 1024 * 1024,
  queueTotalBytesMax: 64 * 1024 * 1024,
  deliveryMsMax: 60_000,
  connectMsMax: 30_000,
  retryMsMin: 1_000,
  retryMsMax: 300_000,
  dialsMax: 32,
  pairsMax: 10_000,
  incomingPerPairMax: 4,
  verificationsPerStreamMax: 16,
  verificationsPerAddressMax: 64,
  verificationsMax: 256,
  idleMsMax: 600_000,
  resumeSecondsMax: 300,
  resumeWaitMsMax: 20_000,
  suspendedMax: 1_000,
  unacknowledgedStanzasMax: 5_000,
  unacknowledgedBytesMax: 4 * 1024 * 1024,
  unacknowledgedTotalBytesMax: 256 * 1024 * 1024,
  answerMsMax: 60_000,
};
