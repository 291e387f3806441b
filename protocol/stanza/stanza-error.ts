import { assert } from "#protocol/assert.ts";
import { type Jid, parseJid } from "#protocol/jid/jid.ts";
import { type XmlElement, withAttributes, withChildren, xml } from "#protocol/xml/element.ts";
import { NS_CLIENT, NS_STANZAS } from "#protocol/xml/namespaces.ts";
import { invertAddresses } from "./addresses.ts";
import { numberOf } from "./error-numbers.ts";
import {
  type StanzaCondition,
  type StanzaErrorType,
  isStanzaCondition,
  isStanzaErrorType,
  stanzaConditionTypes,
} from "./stanza-conditions.ts";
import { type StanzaKind, stanzaKindOf } from "./stanza-kind.ts";

/** What a StanzaError may carry beyond its condition. */
export interface StanzaErrorDetails {
  /** For people who debug; never decide by it. */
  readonly text?: string | undefined;
  /** BCP 47 tag of the text. */
  readonly language?: string | undefined;
  /** Instead of the type that usually goes with the condition. */
  readonly type?: StanzaErrorType | undefined;
  /** Application-specific condition, in a namespace of its own. RFC 6120 §8.3.4. */
  readonly specific?: XmlElement | undefined;
  /** The entity that noticed, where it is not the addressee. */
  readonly by?: Jid | undefined;
  /** The new address of `gone` and `redirect`: a URI. */
  readonly location?: string | undefined;
  /** The request holds a secret: an answer must not repeat it, though answers to an iq otherwise do. */
  readonly confidential?: boolean | undefined;
  /** For protocols that are older than the conditions: also the number that stood for them. XEP-0086. */
  readonly numbered?: boolean | undefined;
  readonly cause?: unknown;
}

/**
 * A stanza cannot be served: thrown by whatever handles it, turned into an error stanza at the edge, and the form in
 * which a received error is handed to whoever asked. RFC 6120 §8.3.
 */
export class StanzaError extends Error {
  override readonly name = "StanzaError";
  readonly condition: StanzaCondition;
  readonly type: StanzaErrorType;
  readonly text: string | undefined;
  readonly language: string | undefined;
  readonly specific: XmlElement | undefined;
  readonly by: Jid | undefined;
  readonly location: string | undefined;
  readonly confidential: boolean;
  readonly numbered: boolean;

  constructor(condition: StanzaCondition, details: StanzaErrorDetails = {}) {
    super(
      details.text === undefined ? condition : `${condition}: ${details.text}`,
      "cause" in details ? { cause: details.cause } : undefined,
    );
    this.condition = condition;
    // [rfc6120-8.3.3-01]
    this.type = details.type ?? stanzaConditionTypes[condition];
    this.text = details.text;
    this.language = details.language;
    this.specific = details.specific;
    this.by = details.by;
    this.location = details.location;
    this.confidential = details.confidential ?? false;
    this.numbered = details.numbered ?? false;
  }
}

/** Whether a stanza answers another one, so that nothing may be answered to it. RFC 6120 §8.3.1 */
export function isAnswer({ kind, type }: { readonly kind: StanzaKind; readonly type: string | undefined }): boolean {
  return type === "error" || (kind === "iq" && type === "result");
}

/**
 * The error stanza that answers `stanza`: addresses swapped, id kept, the payload of an iq included so that the sender
 * can see what it asked. `undefined` where an answer could loop or has no addressee to correlate it with: errors to
 * errors, to iq results, to what is no stanza.
 */
export function errorReply(stanza: XmlElement, error: StanzaError): XmlElement | undefined {
  const kind = stanzaKindOf(stanza);
  // [rfc6120-8.3.2-03]
  if (kind === undefined) return undefined;
  const type = stanza.attr("type");
  // [rfc6120-8.2.3-06] [rfc6120-8.3.1-11] [rfc6120-10.3.3-04]
  // [rfc3921-2.1.1-09]
  if (isAnswer({ kind, type })) return undefined;
  // Only an iq gets its payload back: a message may be large, and its sender has it. [rfc3920-9.2.3-08] [rfc6120-8.3.1-08]
  const payload = kind === "iq" && !error.confidential ? stanza.elements() : [];
  // [rfc6120-8.2.3-09] [rfc6120-8.3.1-06]
  const reply = withChildren(invertAddresses(stanza, "error"), [...payload, buildStanzaError(error, stanza.ns)]);
  // [rfc6120-8.3.1-04] [rfc6120-8.3.1-05]
  return kind === "iq" && stanza.attr("id") === undefined ? withAttributes(reply, { id: "" }) : reply;
}

/**
 * The `<error/>` child. It belongs to the content namespace of the stanza around it. `undefined-condition` takes an
 * application-specific one, which says what it is.
 */
export function buildStanzaError(error: StanzaError, contentNamespace: string = NS_CLIENT): XmlElement {
  // [rfc6120-8.3.3.21-01]
  assert(error.condition !== "undefined-condition" || error.specific !== undefined, "an error says what went wrong");
  // [rfc6120-8.3.3.5-01] [rfc6120-8.3.3.14-01]
  assert(error.location === undefined || isUri(error.location), "another address is a URI");
  return xml(
    contentNamespace,
    "error",
    // [rfc6120-8.3.1-07]
    { by: error.by, code: error.numbered ? numberOf(error.condition) : undefined, type: error.type },
    // [rfc6120-8.3.2-07]
    xml(NS_STANZAS, error.condition, {}, error.location),
    // [rfc6120-8.1.5-01] [rfc6120-8.3.2-08] [rfc6120-8.3.2-10] [rfc6120-12-03]
    error.text === undefined ? undefined : xml(NS_STANZAS, "text", { "xml:lang": error.language ?? "en" }, error.text),
    // [rfc3920-9.3.4-02] [rfc6120-8.3.2-09] [rfc6120-8.3.4-01]
    error.specific,
  );
}

/** Whether it has a scheme, RFC 3986 §3.1. Nobody here goes there, so what follows is for others to read. */
function isUri(text: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+.-]*:\S+$/.test(text);
}

/**
 * What the `<error/>` of a stanza of type error says. Anything may come from outside: a missing or unknown condition is
 * `undefined-condition`, a missing or unknown type is the usual one of the condition.
 */
export function readStanzaError(stanza: XmlElement): StanzaError {
  const error = stanza.child(stanza.ns, "error");
  // Neither the text nor what an application says decides anything. [rfc6120-8.3.2-11] [rfc6120-8.3.4-02]
  const defined = error?.elements().find((child) => child.ns === NS_STANZAS && child.name !== "text");
  // [rfc6120-8.3.2-06]
  const condition = defined !== undefined && isStanzaCondition(defined.name) ? defined.name : "undefined-condition";
  const type = error?.attr("type") ?? "";
  const text = error?.child(NS_STANZAS, "text");
  const by = error?.attr("by");
  const location = condition === "gone" || condition === "redirect" ? defined?.text : undefined;
  return new StanzaError(condition, {
    type: isStanzaErrorType(type) ? type : undefined,
    text: text?.text,
    language: text?.attr("xml:lang"),
    specific: error?.elements().find((child) => child.ns !== NS_STANZAS),
    by: by === undefined ? undefined : parseJid(by),
    location: location === undefined || !isUri(location) ? undefined : location,
  });
}
