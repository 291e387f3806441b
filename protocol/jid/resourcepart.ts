import { isPreparable, withinPartLength } from "./part-length.ts";
import { opaqueString } from "./precis.ts";

/** The canonical resourcepart, `undefined` if it cannot be one. RFC 7622 §3.4: the OpaqueString profile of PRECIS. */
export function prepareResourcepart(input: string): string | undefined {
  if (!isPreparable(input)) return undefined;
  const text = opaqueString(input); // [rfc7622-3.4-03] [rfc7622-5-01]
  return text === undefined ? undefined : withinPartLength(text); // [rfc7622-3.4-02] [rfc6122-2.1-01]
}
