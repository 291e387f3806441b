import { isPreparable, withinPartLength } from "./part-length.ts";
import { usernameCaseMapped } from "./precis.ts";

/**
 * The canonical localpart, `undefined` if it cannot be one. RFC 7622 §3.3: the UsernameCaseMapped profile of PRECIS
 * without eight characters of ASCII that mean something in addresses or in XML.
 */
export function prepareLocalpart(input: string): string | undefined {
  if (!isPreparable(input)) return undefined;
  const username = usernameCaseMapped(input); // [rfc7622-3.3-02] [rfc7622-5-01]
  // Asked last: a fullwidth ＠ is an @ by now. RFC 7622 §3.3.1 [rfc6122-2.1-02] [rfc6122-A.7-01]
  // Without the colon no address can have a scheme in front. [rfc6121-9-01]
  if (username === undefined || /["&'/:<>@]/.test(username)) return undefined;
  return withinPartLength(username); // [rfc7622-3.3-01] [rfc6122-2.1-01]
}
