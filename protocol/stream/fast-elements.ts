import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_FAST } from "#protocol/xml/namespaces.ts";
import type { TokenUse } from "./sasl2-elements.ts";

/** A token for later log-ins, as it is handed out. XEP-0484 §3.3 */
export interface IssuedToken {
  readonly token: string;
  /** When it stops to be good, in the form of XEP-0082. */
  readonly expiry: string;
}

/** The feature inside of SASL2's. No early data, so no `tls-0rtt`. [xep0484-3.1-02] [xep0484-3.1-05] */
export function fastFeature(mechanisms: readonly string[]): XmlElement {
  return xml(NS_FAST, "fast", {}, ...mechanisms.map((name) => xml(NS_FAST, "mechanism", {}, name)));
}

export function readFastFeature(inline: XmlElement | undefined): readonly string[] {
  const children = inline?.child(NS_FAST, "fast")?.elements() ?? [];
  return children.filter((child) => child.ns === NS_FAST && child.name === "mechanism").map((child) => child.text);
}

/** [xep0484-3.4-01] */
export function tokenUseElement({ count, invalidate }: TokenUse): XmlElement {
  return xml(NS_FAST, "fast", {
    count: count === undefined ? undefined : String(count),
    invalidate: invalidate ? "true" : undefined,
  });
}

/** [xep0484-3.2-03] */
export function tokenRequest(mechanism: string): XmlElement {
  return xml(NS_FAST, "request-token", { mechanism });
}

/** [xep0484-3.3-02] */
export function tokenElement({ token, expiry }: IssuedToken): XmlElement {
  return xml(NS_FAST, "token", { expiry, token });
}

/** `undefined` for none, or none that is whole. */
export function readToken(success: XmlElement): IssuedToken | undefined {
  const element = success.child(NS_FAST, "token");
  const token = element?.attr("token");
  const expiry = element?.attr("expiry");
  return token === undefined || expiry === undefined ? undefined : { token, expiry };
}
