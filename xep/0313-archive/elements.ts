import { jidCodec } from "#protocol/jid/jid-codec.ts";
import { oneOf, text } from "#protocol/xml/codec.ts";
import { element, type Infer } from "#protocol/xml/element-schema.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import { attr, child, childTexts, flag, optional, rawChild } from "#protocol/xml/schema-fields.ts";
import { formatDateTime } from "../0082-date-time/date-time.ts";
import { NS_DATA_FORMS } from "../0004-data-forms/elements.ts";
import { PageRequest } from "../0059-rsm/elements.ts";
import { forwarded } from "../0297-forwarding/elements.ts";

export const NS_MAM = "urn:xmpp:mam:2";
/** Conditions on ids, flipped pages, metadata. */
export const NS_MAM_EXTENDED = `${NS_MAM}#extended`;
/** The condition on messages of rooms is understood. */
export const NS_MAM_GROUPCHAT = `${NS_MAM}#groupchat-field`;
/** That retractions are kept (XEP-0424). */
export const NS_RETRACTION = "urn:xmpp:message-retract:1";

/** A question to an archive (XEP-0313 §4). */
export const Query = element(NS_MAM, "query", {
  queryId: optional(attr("queryid", text)),
  node: optional(attr("node", text)),
  form: optional(rawChild(NS_DATA_FORMS, "x")),
  page: optional(child(PageRequest)),
  flipPage: flag(NS_MAM, "flip-page"),
});
export type Query = Infer<typeof Query>;

/** The question for what can be asked (§4.1.5). */
export const FormRequest = element(NS_MAM, "query", {});

/** The question for the ends of an archive (§5). */
export const MetadataRequest = element(NS_MAM, "metadata", {});

/** What people want kept (XEP-0441 §2). */
const JidList = (name: string) => element(NS_MAM, name, { jids: childTexts(NS_MAM, "jid", jidCodec) });
export const Preferences = element(NS_MAM, "prefs", {
  default: attr("default", oneOf("always", "never", "roster")),
  always: optional(child(JidList("always"))),
  never: optional(child(JidList("never"))),
});
export type Preferences = Infer<typeof Preferences>;

export const PreferencesRequest = element(NS_MAM, "prefs", {});

/** A row of an archive. `at` in milliseconds since the epoch. */
export interface ArchivedMessage {
  readonly id: string;
  readonly at: number;
  readonly message: XmlElement;
}

/** A row on its way to who asked. [xep0313-4.2-01] [xep0313-4.2-02] [xep0313-4.2-03] [xep0313-4.2-04] */
export function archiveResult({ id, at, message }: ArchivedMessage, queryId: string | undefined): XmlElement {
  return xml(NS_MAM, "result", { queryid: queryId, id }, forwarded(message, at));
}

/** What ends a page. [xep0313-4-02] [xep0313-4.3.2-04] [xep0313-4.3.2-05] [xep0313-4.3.2-07] */
export function archiveEnd(page: XmlElement, complete: boolean): XmlElement {
  return xml(NS_MAM, "fin", { complete: complete ? "true" : undefined }, page);
}

/** The ends of an archive; none when it is empty. [xep0313-5-01] [xep0313-5-02] */
export function archiveMetadata(
  ends:
    | { readonly start: Omit<ArchivedMessage, "message">; readonly end: Omit<ArchivedMessage, "message"> }
    | undefined,
): XmlElement {
  const place = (name: string, { id, at }: Omit<ArchivedMessage, "message">): XmlElement =>
    xml(NS_MAM, name, { id, timestamp: formatDateTime(at) });
  return xml(
    NS_MAM,
    "metadata",
    {},
    ...(ends === undefined ? [] : [place("start", ends.start), place("end", ends.end)]),
  );
}
