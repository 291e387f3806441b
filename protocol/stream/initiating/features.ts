import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_BIND, NS_SASL, NS_SASL2, NS_SESSION, NS_SM, NS_TLS } from "#protocol/xml/namespaces.ts";
import { readBind2Feature } from "../bind2-elements.ts";
import { readBindingTypes } from "../binding-types.ts";
import { readFastFeature } from "../fast-elements.ts";
import { readUpgrades } from "../upgrade-elements.ts";

/** What a server offers, as far as the machine negotiates it. Features that nobody here knows are skipped. */
export interface ServerFeatures {
  readonly starttls: "required" | "optional" | "none";
  readonly mechanisms: readonly string[];
  readonly bindingTypes: readonly string[] | undefined;
  /** XEP-0388; undefined where it is not offered. */
  readonly sasl2: OfferedSasl2 | undefined;
  readonly bind: boolean;
  readonly sm: boolean;
  /** Whether a session must be asked for: RFC 3921 servers say nothing, later ones say that it is optional. */
  readonly session: boolean;
}

export interface OfferedSasl2 {
  readonly mechanisms: readonly string[];
  readonly tokenMechanisms: readonly string[];
  /** Whether a stream can be resumed inline. */
  readonly sm: boolean;
  /** What can be switched on while binding; undefined where binding comes later. */
  readonly bind2: readonly string[] | undefined;
  /** Names of tasks. */
  readonly upgrades: readonly string[];
}

export function readFeatures(features: XmlElement): ServerFeatures {
  const starttls = features.child(NS_TLS, "starttls");
  const mechanisms = features.child(NS_SASL, "mechanisms");
  const session = features.child(NS_SESSION, "session");
  // Only what is looked for is found. [rfc3920-4.6-02]
  return {
    starttls: starttls === undefined ? "none" : isRequired(features, starttls) ? "required" : "optional",
    mechanisms: readMechanisms(mechanisms, NS_SASL),
    bindingTypes: readBindingTypes(features),
    sasl2: readSasl2(features.child(NS_SASL2, "authentication")),
    bind: features.child(NS_BIND, "bind") !== undefined,
    sm: features.child(NS_SM, "sm") !== undefined,
    session: session !== undefined && session.child(NS_SESSION, "optional") === undefined,
  };
}

function readMechanisms(list: XmlElement | undefined, ns: string): readonly string[] {
  const children = list?.elements() ?? [];
  return children.filter((child) => child.ns === ns && child.name === "mechanism").map((child) => child.text);
}

function readSasl2(authentication: XmlElement | undefined): OfferedSasl2 | undefined {
  if (authentication === undefined) return undefined;
  const inline = authentication.child(NS_SASL2, "inline");
  return {
    mechanisms: readMechanisms(authentication, NS_SASL2),
    tokenMechanisms: readFastFeature(inline),
    sm: inline?.child(NS_SM, "sm") !== undefined,
    bind2: readBind2Feature(inline),
    upgrades: readUpgrades(authentication),
  };
}

/** Said so, or the only feature there is. */
function isRequired(features: XmlElement, starttls: XmlElement): boolean {
  // [rfc6120-5.3.1-01]
  return starttls.child(NS_TLS, "required") !== undefined || features.elements().length === 1;
}
