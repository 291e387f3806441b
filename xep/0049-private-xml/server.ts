import { copyOut } from "#protocol/xml/copy-out.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import { bareOf } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Host } from "#kit/host.ts";
import { reads, writes, type AccountRequest } from "#kit/iq.ts";
import { integerOption } from "#kit/option.ts";
import { serverModule } from "#kit/server-module.ts";
import { accountMap } from "#kit/slots.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { NS_PRIVATE, PrivateXml } from "./elements.ts";

const elementBytesMax = integerOption({
  key: "element_bytes_max",
  default: 65_536,
  min: 1_024,
  max: 1_048_576,
  unit: "bytes",
  description: "How large one privately stored element may be.",
});

const elementsMax = integerOption({
  key: "elements_max",
  default: 50,
  min: 1,
  max: 1_000,
  unit: "elements",
  description: "How many elements an account may store privately.",
});

/** By namespace and name. */
const privateElements = accountMap<XmlElement>("private-xml", 1, storedXml);

/** Keeps elements that clients store for themselves. Nobody but the account's own sessions reaches them. [xep0049-4-01] */
export const privateXml = serverModule({
  name: "private-xml",
  implements: [{ xep: 49, title: "Private XML Storage", version: "1.2", status: "complete" }],
  features: [NS_PRIVATE],
  options: [elementBytesMax, elementsMax],
  slots: [privateElements],
  start: (host) => ({
    accountDisco: { features: (account, asker) => (bareOf(asker) === account.jid ? [NS_PRIVATE] : []) },
    iq: [reads(PrivateXml, get), writes(PrivateXml, (request) => set(host, request))],
  }),
});

type Request = AccountRequest<Infer<typeof PrivateXml>>;

function get({ account, payload }: Request): XmlElement {
  const [asked, ...more] = payload.elements;
  // One at a time: else a short request could ask for the same long answer many times. [xep0049-2.3-02] [xep0049-2.3-04]
  if (asked === undefined || more.length > 0) throw new StanzaError("bad-request", { text: "name one element" });
  // What was never stored is there, and empty.
  const found = account.map(privateElements).get(keyOf(asked)) ?? xml(asked.ns, asked.name);
  return PrivateXml.build({ elements: [found] });
}

function set(host: Host, { account, payload: { elements } }: Request): undefined {
  const stored = account.map(privateElements);
  const keys = elements.map(keyOf);
  // [xep0049-2.3-01]
  if (keys.length === 0) throw new StanzaError("not-acceptable", { text: "there is nothing to store" });
  if (new Set(keys).size < keys.length) throw new StanzaError("bad-request", { text: "an element is there twice" });
  if (elements.some((element) => serializeBytes(element).length > host.setting(elementBytesMax)))
    throw new StanzaError("policy-violation", { type: "modify", text: "an element is too large" });
  const added = elements.filter((element) => !isEmpty(element) && !stored.has(keyOf(element))).length;
  if (added > 0 && stored.size + added > host.setting(elementsMax))
    throw new StanzaError("resource-constraint", { type: "cancel", text: "too many elements are stored already" });
  for (const element of elements) {
    if (isEmpty(element)) stored.delete(keyOf(element));
    else stored.set(keyOf(element), copyOut(element));
  }
  return undefined;
}

/** @throws StanzaError for an element that has no namespace of its own */
function keyOf({ ns, name }: XmlElement): string {
  if (ns === "" || ns === NS_PRIVATE)
    throw new StanzaError("not-acceptable", { text: "an element needs a namespace of its own" });
  return `{${ns}}${name}`;
}

/** Says no more than an element that was never stored. */
function isEmpty(element: XmlElement): boolean {
  return element.children.length === 0 && element.attributes.length === 0;
}
