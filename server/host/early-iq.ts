import { resultOf } from "#protocol/stanza/iq.ts";
import { errorReply, StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { EarlyPeer } from "#kit/server-module.ts";
import type { LocalHost } from "./local-host.ts";
import { asStanzaError } from "./refusal.ts";
import { iqKey } from "./steps.ts";

/** Whether a module of the host answers this iq before authentication, such as registration (XEP-0077). */
export function acceptsEarlyIq(host: LocalHost, iq: XmlElement): boolean {
  return earlyHandler(host, iq) !== undefined;
}

/** The answer to an iq that came before authentication. Never rejects. */
export async function answerEarlyIq(host: LocalHost, iq: XmlElement, peer: EarlyPeer): Promise<XmlElement> {
  try {
    const handler = earlyHandler(host, iq);
    const [payload] = iq.elements();
    if (handler === undefined || payload === undefined) throw new StanzaError("service-unavailable");
    return resultOf(iq, await handler.handle(payload, peer));
  } catch (error) {
    return errorReply(iq, asStanzaError(host, error)) ?? resultOf(iq);
  }
}

function earlyHandler(host: LocalHost, iq: XmlElement): ReturnType<LocalHost["steps"]["earlyIq"]["get"]> {
  const [payload] = iq.elements();
  const type = iq.attr("type");
  if (payload === undefined || type === undefined) return undefined;
  return host.steps.earlyIq.get(iqKey(type, payload.ns, payload.name));
}
