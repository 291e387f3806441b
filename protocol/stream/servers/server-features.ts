import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_BIDI_FEATURE, NS_DIALBACK_FEATURE, NS_SASL, NS_SM, NS_STREAM, NS_TLS } from "#protocol/xml/namespaces.ts";
import { smFeature } from "../sm/elements.ts";
import { starttlsFeature } from "../tls-elements.ts";
import { bidiFeature } from "./bidi-elements.ts";
import { dialbackFeature } from "./dialback-elements.ts";
import type { ServerHost } from "./server-config.ts";
import { type ServerFacts, type ServerOffer, noOffer } from "./server-state.ts";

/** What a stream to this host is offered, after the peer's certificate was checked. */
export function offerOf(facts: ServerFacts, host: ServerHost): ServerOffer {
  if (facts.channel === undefined) {
    // While TLS is due nothing else is offered, so nothing else can be used to walk past it (A22).
    // [rfc6120-5.2-02] [rfc6120-5.3.1-01] [rfc6120-5.3.1-02] [rfc6120-5.4.1-04] [rfc6120-13.3-01]
    if (host.security !== "plain") return { ...noOffer, starttls: host.certified ? "required" : "none" };
    const starttls = host.certified ? "optional" : "none";
    return { ...noOffer, starttls, ...dialback, bidi: host.bidirectional, sm: host.streamManagement };
  }
  return {
    starttls: "none",
    // Only where it would succeed. [rfc6120-6.3.4-02] [xep0178-3-02]
    external: !facts.external && facts.verdict?.trusted === true,
    ...dialback,
    bidi: host.bidirectional && !facts.bidirectional,
    sm: host.streamManagement,
  };
}

const dialback = { dialback: true, dialbackErrors: true } as const;

/** Also for a peer that is not authenticated yet: by dialback it may be without another header. */
export function buildServerFeatures(offer: ServerOffer): XmlElement {
  return xml(
    NS_STREAM,
    "features",
    {},
    offer.starttls === "none" ? undefined : starttlsFeature(offer.starttls === "required"),
    offer.external ? xml(NS_SASL, "mechanisms", {}, xml(NS_SASL, "mechanism", {}, "EXTERNAL")) : undefined,
    offer.dialback ? dialbackFeature() : undefined,
    offer.bidi ? bidiFeature() : undefined,
    offer.sm ? smFeature() : undefined,
  );
}

/** What a server offers, as far as the machine negotiates it. Features that nobody here knows are skipped. */
export function readServerFeatures(features: XmlElement): ServerOffer {
  const starttls = features.child(NS_TLS, "starttls");
  const mechanisms = features.child(NS_SASL, "mechanisms")?.elements() ?? [];
  const found = features.child(NS_DIALBACK_FEATURE, "dialback");
  const required = starttls?.child(NS_TLS, "required") !== undefined || features.elements().length === 1;
  return {
    starttls: starttls === undefined ? "none" : required ? "required" : "optional",
    external: mechanisms.some(
      (child) => child.ns === NS_SASL && child.name === "mechanism" && child.text === "EXTERNAL",
    ),
    dialback: found !== undefined,
    dialbackErrors: found?.child(NS_DIALBACK_FEATURE, "errors") !== undefined,
    bidi: features.child(NS_BIDI_FEATURE, "bidi") !== undefined,
    sm: features.child(NS_SM, "sm") !== undefined,
  };
}
