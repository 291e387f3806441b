import { StanzaError, errorReply } from "#protocol/stanza/stanza-error.ts";
import { ShapeError } from "#protocol/xml/element-schema.ts";
import type { Log } from "#kit/log.ts";
import type { Stanza } from "#kit/stanza.ts";
import { StoreError } from "#kit/storage.ts";

/** What refusing needs of a host. */
interface Refuser {
  readonly log: Log;
  readonly route: (stanza: Stanza) => void;
}

/**
 * Returns a stanza to its sender with an error, unless that could loop (RFC 6120 §8.3.1).
 *
 * @param session the sender's session where it is known: it gets the error past its account's guards, which would
 * else swallow the answer to a message that its own block list stopped
 */
export function refuse(
  host: Refuser,
  stanza: Stanza,
  error: StanzaError,
  session?: { readonly send: (stanza: Stanza) => void },
): void {
  const reply = errorReply(stanza.element, error);
  if (reply === undefined) return;
  const answer = stanza.returnedAs(reply);
  if (session === undefined) host.route(answer);
  else session.send(answer);
}

/** Any failure as the error that its sender may see; a bug is told to the log and hidden behind a general condition. */
export function asStanzaError(host: Refuser, error: unknown): StanzaError {
  if (error instanceof StanzaError) return error;
  if (error instanceof ShapeError) return new StanzaError(error.condition, { text: error.message });
  if (error instanceof StoreError) return storageFailure(error);
  host.log.error({ error }, "a stanza could not be handled; this is a bug");
  return faultOfOurs();
}

/** A bug, as others may see it: next time it may go well. */
export function faultOfOurs(): StanzaError {
  return new StanzaError("internal-server-error", { type: "wait" }); // [rfc3920-9.3.3-06]
}

/** What the sender is told when something could not be written or read. */
export function storageFailure(cause: unknown): StanzaError {
  const lacking = cause instanceof StoreError && cause.kind !== "corrupt" && cause.kind !== "newer-version";
  return new StanzaError(lacking ? "resource-constraint" : "internal-server-error", {
    type: "wait",
    text: "the server cannot store this at present",
    cause,
  });
}
