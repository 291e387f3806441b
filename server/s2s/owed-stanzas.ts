import type { Stanza } from "#kit/stanza.ts";
import type { OutgoingStanza } from "./outgoing-stanza.ts";

/** So often a stanza is sent again on streams that are closed before it has arrived. */
const closingsMax = 3;

/**
 * What becomes of what a stream owed that has ended: what is sent again by another, in order, and the requests that go
 * back.
 *
 * Whether the peer of a managed stream has it is not known. A message comes twice rather than never, what only says how
 * things are may be said again, but nothing must be done twice: who asked is told that there is no answer. What was not
 * managed has not even left this machine. XEP-0198 §4
 *
 * A peer may close each stream for one stanza, too large for it perhaps: then one after the other goes back, the largest
 * first, until the rest gets through (A13).
 */
export function fatesOf(
  owed: readonly OutgoingStanza[],
  managed: boolean,
): {
  readonly again: readonly OutgoingStanza[];
  readonly returned: readonly OutgoingStanza[];
  readonly unwelcome: OutgoingStanza | undefined;
} {
  let unwelcome: OutgoingStanza | undefined;
  for (const stanza of owed)
    if (stanza.closings >= closingsMax && stanza.size > (unwelcome?.size ?? 0)) unwelcome = stanza;
  const again: OutgoingStanza[] = [];
  const returned: OutgoingStanza[] = [];
  for (const stanza of owed)
    if (stanza !== unwelcome) (managed && isRequest(stanza.stanza) ? returned : again).push(stanza);
  return { again, returned, unwelcome };
}

/** What is done twice when it comes twice. */
function isRequest({ kind, type }: Stanza): boolean {
  return kind === "iq" && (type === "get" || type === "set");
}
