import { element } from "#protocol/xml/element-schema.ts";
import { attr, content, optional } from "#protocol/xml/schema-fields.ts";
import { text, type Codec } from "#protocol/xml/codec.ts";
import { formatDateTime, parseDateTime } from "../0082-date-time/date-time.ts";

const dateTime: Codec<number> = { decode: parseDateTime, encode: formatDateTime };

/** When, and by whom, a stanza was kept back (XEP-0203). `stamp` in milliseconds since the epoch. */
export const Delay = element("urn:xmpp:delay", "delay", {
  from: optional(attr("from", text)),
  stamp: attr("stamp", dateTime),
  reason: content(text),
});
