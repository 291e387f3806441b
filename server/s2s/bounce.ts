import { errorReply, type StanzaError } from "#protocol/stanza/stanza-error.ts";
import { Stanza } from "#kit/stanza.ts";
import type { FederationObserver } from "./federation-observer.ts";
import type { OutgoingStanza } from "./outgoing-stanza.ts";

/** What was for another server goes back to whoever sent it, with this error; what cannot be answered is dropped and counted. */
export function bounce(
  { observer, route }: { readonly observer: FederationObserver; readonly route: (stanza: Stanza) => void },
  { stanza, duty }: OutgoingStanza,
  error: StanzaError,
): void {
  const reply = errorReply(stanza.element, error);
  if (reply === undefined || stanza.to === undefined) {
    // Errors are never answered with errors.
    if (stanza.kind === "message") observer.errorDropped?.();
    duty?.discharge();
    return;
  }
  observer.returned?.(error.condition);
  // Who answers for it must not forget it before its sender knows. [rfc6120-10.4.3-01]
  const settlement = duty?.handOver();
  const answer = new Stanza(stanza.kind, reply, stanza.to, stanza.from, "error", stanza.id, settlement);
  route(answer);
  settlement?.release();
}
