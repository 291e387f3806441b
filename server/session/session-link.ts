import type { StreamError } from "#protocol/stream/stream-error.ts";
import type { WriteFollower } from "../link/connection.ts";

/**
 * What a session needs of the connection that it has at present. The link lives where the socket is, the session where
 * its account is; between them go only these calls, what their follower is told, and those that a link makes of its session.
 */
export interface SessionLink {
  readonly facts: ConnectionFacts;
  readonly connection: ClientConnection;
  /** Closes the stream: with an error, or in peace. */
  readonly close: (error?: StreamError) => void;
}

/** Where what a client is to have goes. */
export interface ClientConnection {
  /** Queues a byte string for the client; it leaves when the turn of the loop ends. */
  readonly write: (bytes: string) => void;
  /** Like `write`, and its follower hears what becomes of it. */
  readonly writeFollowed: (bytes: string, follower: WriteFollower) => void;
  /** Another one goes on in its place: where the operating system has no room for what is queued it counts as cut. */
  readonly giveWay: () => void;
  /** So many stanzas more count as sent by the client: it is read more slowly when it sends too fast. */
  readonly charge: (stanzas: number) => void;
}

/** What administrators are told about a connection. */
export interface ConnectionFacts {
  /** Id of the stream, as the log has it. */
  readonly stream: string;
  readonly remoteAddress: string;
}
