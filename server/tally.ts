/** Counted on the path of every stanza, hence plain numbers. */
export interface Tally {
  stanzasReceived: number;
  stanzasSent: number;
  bytesReceived: number;
  bytesSent: number;
  acksSent: number;
}
