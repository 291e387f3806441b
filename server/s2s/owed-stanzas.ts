import type { Stanza } from "#kit/stanza.ts";
import type { OutgoingStanza } from "./outgoing-stanza.ts";

/**
 * What becomes of what a stream owed that has ended: what is sent again by another, in order, and the requests that go
 * back.
 *
 * Whether the peer of a managed stream has it is not known. A message comes twice rather than never, what only says how
 * things are may be said again, but nothing must be done twice: who asked is told that there is no answer. What was not
 * managed has not even left this machine. XEP-0198 §4
 */
export function fatesOf(
  owed: readonly OutgoingStanza[],
  managed: boolean,
): { readonly again: readonly OutgoingStanza[]; readonly returned: readonly OutgoingStanza[] } {
  const again: OutgoingStanza[] = [];
  const returned: OutgoingStanza[] = [];
  for (const stanza of owed) (managed && isRequest(stanza.stanza) ? returned : again).push(stanza);
  return { again, returned };
}

/** What is done twice when it comes twice. */
function isRequest({ kind, type }: Stanza): boolean {
  return kind === "iq" && (type === "get" || type === "set");
}
