import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { Stanza } from "#kit/stanza.ts";
import { storageHint } from "#xep/0334-hints/elements.ts";

const NS_CHAT_STATES = "http://jabber.org/protocol/chatstates";

/**
 * Whether a stanza on its way to another server must survive a crash of ours: a message that says something, and nobody
 * wished otherwise. What is only of the moment, and what its sender asks again for, need not.
 */
export function isLasting({ kind, type, element }: Stanza): boolean {
  if (kind !== "message" || type === "error" || type === "headline") return false;
  const hint = storageHint(element);
  if (hint !== undefined) return hint === "store";
  return element.elements().some(({ ns, name }) => ns !== NS_CHAT_STATES && !(ns === NS_CLIENT && name === "thread"));
}
