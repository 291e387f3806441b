import { ShapeError } from "../xml/element-schema.ts";
import { StanzaError } from "./stanza-error.ts";

/**
 * The error of a request that holds a password, in a protocol of the days of numbers (XEP-0077, XEP-0078): it does not
 * repeat the request [xep0077-3.3-04] and has its number [xep0077-9-01]. Failures that are nobody's answer stay as they
 * are.
 */
export function asPasswordError(error: unknown): unknown {
  if (error instanceof ShapeError)
    return new StanzaError(error.condition, { text: error.message, confidential: true, numbered: true });
  if (!(error instanceof StanzaError)) return error;
  const { condition, type, text, language, specific, cause } = error;
  const details = { type, text, language, specific, confidential: true, numbered: true };
  return new StanzaError(condition, cause === undefined ? details : { ...details, cause });
}
