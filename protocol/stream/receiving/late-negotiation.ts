import { isIqRequest, resultOf } from "#protocol/stanza/iq.ts";
import { errorReply, StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_BIND, NS_SESSION } from "#protocol/xml/namespaces.ts";

/**
 * The answer to the requests of negotiation that come as stanzas of an established stream; `undefined` if it is none.
 * As stanzas go past the machine, whoever serves the iqs of an account registers this for NS_BIND and NS_SESSION.
 *
 * A stream has one resource, so a second bind is refused; a legacy session is granted, it means nothing. RFC 3921 §3
 */
export function answerLateNegotiation(stanza: XmlElement): XmlElement | undefined {
  if (!isIqRequest(stanza)) return undefined;
  const payload = stanza.firstElement;
  if (payload?.ns === NS_BIND)
    return errorReply(stanza, new StanzaError("not-allowed", { text: "the stream has a resource" }));
  if (payload?.ns === NS_SESSION && payload.name === "session" && stanza.attr("type") === "set")
    return resultOf(stanza);
  return undefined;
}
