import { jidCodec } from "#protocol/jid/jid-codec.ts";
import type { Jid } from "#protocol/jid/jid.ts";
import { boolean, text, type Codec } from "#protocol/xml/codec.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { DataForm, formTypeOf, NS_DATA_FORMS, type Field } from "../0004-data-forms/elements.ts";
import { phrasesOf, searchLengthMax, searchWordsMax } from "#kit/search-words.ts";
import { dateTime } from "../0082-date-time/date-time-codec.ts";
import { fullTextField } from "../0431-full-text-search/elements.ts";
import { NS_MAM } from "./elements.ts";

const NS_VALIDATE = "http://jabber.org/protocol/xdata-validate";

/** Which messages are asked for (XEP-0313 §4.1). Times in milliseconds since the epoch, both inclusive. */
export interface Filter {
  readonly with?: Jid;
  readonly start?: number;
  readonly end?: number;
  readonly beforeId?: string;
  readonly afterId?: string;
  readonly ids?: readonly string[];
  /** What the text is searched for; within the bounds of a query. */
  readonly text?: string;
}

/** [xep0313-4.1-02] [xep0313-4.1-04] [xep0313-4.1.5-05] [xep0313-4.1.5-06] */
const fields: readonly { readonly name: string; readonly type: string }[] = [
  { name: "with", type: "jid-single" },
  { name: "start", type: "text-single" },
  { name: "end", type: "text-single" },
  { name: "before-id", type: "text-single" },
  { name: "after-id", type: "text-single" },
  { name: "ids", type: "list-multi" },
  // [xep0313-6.1.1-06]
  { name: "include-groupchat", type: "boolean" },
  { name: fullTextField, type: "text-single" },
];

/** The form with all that can be asked for. [xep0313-4.1.5-01] */
export function queryForm(): XmlElement {
  // [xep0313-4.1-05]
  const field = (name: string, type: string, ...children: readonly XmlElement[]): XmlElement =>
    xml(NS_DATA_FORMS, "field", { var: name, type }, ...children);
  // Any value may be chosen, and there are far too many to list. [xep0313-4.1.5-03] [xep0313-4.1.5-04]
  const open = xml(NS_VALIDATE, "validate", { datatype: "xs:string" }, xml(NS_VALIDATE, "open"));
  return xml(
    NS_MAM,
    "query",
    {},
    xml(
      NS_DATA_FORMS,
      "x",
      { type: "form" },
      field("FORM_TYPE", "hidden", xml(NS_DATA_FORMS, "value", {}, NS_MAM)),
      ...fields.map(({ name, type }) => (name === "ids" ? field(name, type, open) : field(name, type))),
    ),
  );
}

/**
 * What was filled in.
 *
 * @throws StanzaError `bad-request` for what is no such form or a value of the wrong kind, `feature-not-implemented` for a field
 * that we do not know [xep0313-4.1.5-08], `not-acceptable` for a search that is too long
 */
export function readFilter(form: XmlElement | undefined): Filter {
  // [xep0313-4.1.1-03] [xep0313-4.1.2-03] [xep0313-4.1.2-05] [xep0313-4.1.5-07]
  if (form === undefined) return {};
  const submitted = DataForm.parse(form);
  // [xep0313-4.1-01]
  if (submitted.type !== "submit" || formTypeOf(submitted) !== NS_MAM)
    throw new StanzaError("bad-request", { text: `a submitted form of ${NS_MAM} is expected` });
  const unknown = submitted.fields.find(
    (field) => field.var !== "FORM_TYPE" && !fields.some(({ name }) => name === field.var),
  );
  if (unknown !== undefined)
    throw new StanzaError("feature-not-implemented", { text: `"${unknown.var ?? ""}" cannot be asked for` });
  // Nothing of rooms is kept here, so it makes no difference; but it must be yes or no.
  valueOf(submitted.fields, "include-groupchat", boolean);
  const ids = submitted.fields.find((field) => field.var === "ids")?.values;
  return given({
    with: valueOf(submitted.fields, "with", jidCodec),
    // [xep0313-4.1.2-01]
    start: valueOf(submitted.fields, "start", dateTime),
    end: valueOf(submitted.fields, "end", dateTime),
    beforeId: valueOf(submitted.fields, "before-id", text),
    afterId: valueOf(submitted.fields, "after-id", text),
    ids: ids === undefined ? undefined : [...new Set(ids)],
    text: searchOf(submitted.fields),
  });
}

/** An empty one searches for nothing in particular (XEP-0431 §2.2). */
function searchOf(list: readonly Field[]): string | undefined {
  const query = valueOf(list, fullTextField, text)?.trim();
  if (query === undefined || query === "") return undefined;
  if (phrasesOf(query) === undefined)
    throw new StanzaError("not-acceptable", {
      text: `a search has no more than ${searchLengthMax} characters and ${searchWordsMax} words`,
    });
  return query;
}

function valueOf<T>(list: readonly Field[], name: string, codec: Codec<T>): T | undefined {
  const [value, ...more] = list.find((field) => field.var === name)?.values ?? [];
  if (value === undefined || value === "") return undefined;
  const decoded = codec.decode(value);
  if (decoded === undefined || more.length > 0)
    throw new StanzaError(codec.refusal ?? "bad-request", { text: `"${name}" is not filled in right` });
  return decoded;
}

function given(filter: { readonly [K in keyof Filter]: Filter[K] | undefined }): Filter {
  // Every property that is left has a value.
  return Object.fromEntries(Object.entries(filter).filter(([, value]) => value !== undefined));
}
