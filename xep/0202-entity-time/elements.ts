import { text } from "#protocol/xml/codec.ts";
import { element } from "#protocol/xml/element-schema.ts";
import { childText, optional } from "#protocol/xml/schema-fields.ts";
import { dateTime } from "../0082-date-time/date-time-codec.ts";

export const NS_TIME = "urn:xmpp:time";

/** What time it is somewhere; empty in the request (XEP-0202 §2). */
export const Time = element(NS_TIME, "time", {
  /** Time zone, as `parseZone` reads it. */
  tzo: optional(childText(NS_TIME, "tzo", text)),
  /** Milliseconds since the epoch. */
  utc: optional(childText(NS_TIME, "utc", dateTime)),
});
