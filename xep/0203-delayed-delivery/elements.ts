import { text } from "#protocol/xml/codec.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { attr, content, optional } from "#protocol/xml/schema-fields.ts";
import { dateTime } from "../0082-date-time/date-time-codec.ts";

export const NS_DELAY = "urn:xmpp:delay";

/** When, and by whom, a stanza was kept back (XEP-0203). `stamp` in milliseconds since the epoch. */
export const Delay = element(NS_DELAY, "delay", {
  from: optional(attr("from", text)),
  // [xep0203-2-02]
  stamp: attr("stamp", dateTime),
  reason: content(text),
});
