import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_SASL, NS_SERVER, NS_STREAM } from "#protocol/xml/namespaces.ts";
import { bindFeature, sessionFeature } from "../bind-elements.ts";
import { bindingTypesFeature } from "../binding-types.ts";
import { legacyAuthFeature } from "../legacy-auth-elements.ts";
import { smFeature } from "../sm/elements.ts";
import { starttlsFeature } from "../tls-elements.ts";
import type { SecureChannel } from "../secure-channel.ts";
import type { StreamHost } from "./config.ts";
import { offersLegacyAuth } from "./legacy-auth.ts";
import { offeredBindingTypes, offeredMechanisms } from "./mechanisms.ts";
import type { Choice } from "./state.ts";

/** Features before authentication, and the choice they leave to the peer: what is not announced is not accepted. */
export function featuresBeforeAuthentication(
  host: StreamHost,
  channel: SecureChannel | undefined,
): { readonly element: XmlElement; readonly choice: Choice } {
  // [rfc6120-5.4.1-03] [rfc6120-5.4.3.3-06]
  const starttls = channel === undefined && host.startTls !== "none";
  // While TLS is due nothing else is offered, so nothing else can be used to walk past it (A22).
  // [rfc6120-5.2-02] [rfc6120-5.3.1-01] [rfc6120-5.3.1-02] [rfc6120-5.4.1-04] [rfc6120-13.3-01] [rfc3920-4.6-03]
  if (starttls && host.startTls === "required")
    return { element: features([starttlsFeature(true)]), choice: { starttls, mechanisms: [] } };
  const mechanisms = offeredMechanisms(host, channel);
  const children = [
    starttls ? starttlsFeature(false) : undefined,
    // [rfc3920-6.1-03] [rfc6120-6.4.1-03]
    mechanisms.length === 0 ? undefined : mechanismsFeature(mechanisms),
    channelBindingFeature(mechanisms, offeredBindingTypes(host, channel)),
    offersLegacyAuth(host, channel) ? legacyAuthFeature() : undefined,
    ...host.features("unauthenticated", channel),
  ];
  return { element: features(children), choice: { starttls, mechanisms } };
}

/** Features after authentication. */
export function featuresAfterAuthentication(
  host: StreamHost,
  channel: SecureChannel | undefined,
  contentNamespace: string,
): XmlElement {
  // Servers have no resources to bind. [rfc6120-7.4-01]
  // [rfc3921-3-04]
  const binding = contentNamespace === NS_SERVER ? [] : [bindFeature(), sessionFeature()];
  return features([
    ...binding,
    host.streamManagement ? smFeature() : undefined,
    ...host.features("authenticated", channel),
  ]);
}

function features(children: readonly (XmlElement | undefined)[]): XmlElement {
  return xml(NS_STREAM, "features", {}, ...children);
}

/** [rfc6120-6.4.1-04] */
function mechanismsFeature(mechanisms: readonly string[]): XmlElement {
  return xml(NS_SASL, "mechanisms", {}, ...mechanisms.map((name) => xml(NS_SASL, "mechanism", {}, name)));
}

/** Only where a mechanism of this stream can make use of it. XEP-0440 */
function channelBindingFeature(mechanisms: readonly string[], types: readonly string[]): XmlElement | undefined {
  if (types.length === 0 || !mechanisms.some((name) => name.endsWith("-PLUS"))) return undefined;
  return bindingTypesFeature(types);
}
