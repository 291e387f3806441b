import type { Codec } from "#protocol/xml/codec.ts";
import { type BareJid, type DomainJid, type FullJid, isBare, isDomain, isFull, type Jid, parseJid } from "./jid.ts";

/** An address as it stands in an attribute or in character data; other spellings are read into the canonical one. */
export const jidCodec: Codec<Jid> = kind((jid): jid is Jid => jid !== "");

/** An address without resource; one with a resource is refused, not shortened. */
export const bareJidCodec: Codec<BareJid> = kind(isBare);

/** An address with a resource. */
export const fullJidCodec: Codec<FullJid> = kind(isFull);

/** A domain alone. */
export const domainJidCodec: Codec<DomainJid> = kind(isDomain);

function kind<Kind extends Jid>(is: (jid: Jid) => jid is Kind): Codec<Kind> {
  return {
    decode: (text) => {
      const jid = parseJid(text);
      // Nobody before us has looked at an address in a payload. [rfc7622-4-02]
      return jid !== undefined && is(jid) ? jid : undefined;
    },
    encode: (jid) => jid,
    refusal: "jid-malformed",
  };
}
