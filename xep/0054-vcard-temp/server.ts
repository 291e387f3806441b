import { copyOut } from "#protocol/xml/copy-out.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { serializeBytes } from "#protocol/xml/serialize.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Host } from "#kit/host.ts";
import { reads, writes, type AccountRequest } from "#kit/iq.ts";
import { integerOption } from "#kit/option.ts";
import { serverModule } from "#kit/server-module.ts";
import { accountValue } from "#kit/slots.ts";
import { storedXml } from "#kit/stored-xml.ts";
import { NS_VCARD, VCard } from "./elements.ts";

const cardBytesMax = integerOption({
  key: "card_bytes_max",
  default: 131_072,
  min: 1_024,
  max: 1_048_576,
  unit: "bytes",
  description: "How large a vCard may be, its picture included.",
});

const storedCard = accountValue<XmlElement>("vcard-temp", 1, storedXml);

/** Keeps each account's visiting card, which everybody may read. */
export const vcardTemp = serverModule({
  name: "vcard-temp",
  implements: [{ xep: 54, title: "vcard-temp", version: "1.3.0", status: "complete" }],
  features: [NS_VCARD],
  accountFeatures: [NS_VCARD],
  options: [cardBytesMax],
  slots: [storedCard],
  start: (host) => ({
    // Whoever sets a stranger's card is told what they would be told of an account that is not there. [xep0054-3.2-01]
    iq: [reads(VCard, get, "anyone"), writes(VCard, (request) => set(host, request))],
  }),
});

type Request = AccountRequest<Infer<typeof VCard>>;

function get({ account, session }: Request): XmlElement {
  const card = account.value(storedCard).get();
  if (card !== undefined) return card;
  // Others cannot tell an account without a card from one that is not there. [xep0054-3.1-02] [xep0054-3.3-04]
  throw new StanzaError(session === undefined ? "service-unavailable" : "item-not-found");
}

function set(host: Host, { account, stanza, payload }: Request): undefined {
  const card = stanza.element.firstElement;
  if (card === undefined || payload.properties.length === 0) {
    account.value(storedCard).delete();
    return undefined;
  }
  if (serializeBytes(card).length > host.setting(cardBytesMax))
    throw new StanzaError("policy-violation", { type: "modify", text: "the vCard is too large" });
  account.value(storedCard).set(copyOut(card));
  return undefined;
}
