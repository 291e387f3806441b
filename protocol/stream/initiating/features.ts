import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_BIND, NS_SASL, NS_SESSION, NS_SM, NS_TLS } from "#protocol/xml/namespaces.ts";
import { readBindingTypes } from "../binding-types.ts";

/** What a server offers, as far as the machine negotiates it. Features that nobody here knows are skipped. */
export interface ServerFeatures {
  readonly starttls: "required" | "optional" | "none";
  readonly mechanisms: readonly string[];
  readonly bindingTypes: readonly string[] | undefined;
  readonly bind: boolean;
  readonly sm: boolean;
  /** Whether a session must be asked for: RFC 3921 servers say nothing, later ones say that it is optional. */
  readonly session: boolean;
}

export function readFeatures(features: XmlElement): ServerFeatures {
  const starttls = features.child(NS_TLS, "starttls");
  const mechanisms = features.child(NS_SASL, "mechanisms");
  const session = features.child(NS_SESSION, "session");
  // Only what is looked for is found. [rfc3920-4.6-02]
  return {
    starttls: starttls === undefined ? "none" : isRequired(features, starttls) ? "required" : "optional",
    mechanisms: (mechanisms?.elements() ?? [])
      .filter((child) => child.ns === NS_SASL && child.name === "mechanism")
      .map((child) => child.text),
    bindingTypes: readBindingTypes(features),
    bind: features.child(NS_BIND, "bind") !== undefined,
    sm: features.child(NS_SM, "sm") !== undefined,
    session: session !== undefined && session.child(NS_SESSION, "optional") === undefined,
  };
}

/** Said so, or the only feature there is. */
function isRequired(features: XmlElement, starttls: XmlElement): boolean {
  // [rfc6120-5.3.1-01]
  return starttls.child(NS_TLS, "required") !== undefined || features.elements().length === 1;
}
