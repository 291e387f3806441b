import { type XmlElement, xml } from "#protocol/xml/element.ts";
import { NS_SASL, NS_SASL2, NS_SERVER, NS_SM, NS_STREAM, NS_UPGRADE } from "#protocol/xml/namespaces.ts";
import { isPlus } from "#protocol/sasl/mechanism.ts";
import { hashesOf } from "#protocol/sasl/server-policy.ts";
import { bindFeature, sessionFeature } from "../bind-elements.ts";
import { bind2Feature } from "../bind2-elements.ts";
import { bindingTypesFeature } from "../binding-types.ts";
import { fastFeature } from "../fast-elements.ts";
import { upgradeTaskOf } from "../upgrade-elements.ts";
import { legacyAuthFeature } from "../legacy-auth-elements.ts";
import { smFeature } from "../sm/elements.ts";
import { starttlsFeature } from "../tls-elements.ts";
import type { SecureChannel } from "../secure-channel.ts";
import type { StreamHost } from "./config.ts";
import { offersLegacyAuth } from "./legacy-auth.ts";
import { offeredBindingTypes, offeredMechanisms, offeredTokenMechanisms } from "./mechanisms.ts";
import type { Choice, Sasl2Choice } from "./state.ts";

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
    return { element: features([starttlsFeature(true)]), choice: { ...nothing, starttls } };
  // [xep0388-2.1-01] [xep0388-3-01] [xep0474-7-05]
  const mechanisms = offeredMechanisms(host, channel);
  const bindingTypes = announcedTypes(mechanisms, offeredBindingTypes(host, channel));
  const sasl2 = sasl2Choice(host, channel, mechanisms);
  const children = [
    starttls ? starttlsFeature(false) : undefined,
    // [rfc3920-6.1-03] [rfc6120-6.4.1-03]
    mechanisms.length === 0 ? undefined : mechanismsFeature(mechanisms),
    sasl2 === undefined ? undefined : sasl2Feature(host, mechanisms, sasl2),
    bindingTypes === undefined ? undefined : bindingTypesFeature(bindingTypes),
    offersLegacyAuth(host, channel) ? legacyAuthFeature() : undefined,
    ...host.features("unauthenticated", channel),
  ];
  return { element: features(children), choice: { starttls, mechanisms, bindingTypes, sasl2 } };
}

/** What is left to a peer that is announced nothing. */
export const nothing: Choice = { starttls: false, mechanisms: [], bindingTypes: undefined, sasl2: undefined };

/** Over TLS only, and not for nothing. [xep0388-3-04] [xep0388-2.1-05] */
function sasl2Choice(
  host: StreamHost,
  channel: SecureChannel | undefined,
  mechanisms: readonly string[],
): Sasl2Choice | undefined {
  if (host.sasl2 === undefined || channel === undefined || mechanisms.length === 0) return undefined;
  const { policy } = host.sasl;
  return {
    tokenMechanisms: offeredTokenMechanisms(host, channel),
    // The same for everybody: who has which keys is nobody else's business. [xep0388-3-02]
    upgrades: host.sasl2.upgrades ? hashesOf(policy).filter((hash) => policy.scramOffered.includes(hash)) : [],
  };
}

/** [xep0388-2.1-02] [xep0388-2.1-04] [xep0386-3.1-01] [xep0484-3.1-01] [xep0480-2.1-01] */
function sasl2Feature(host: StreamHost, mechanisms: readonly string[], choice: Sasl2Choice): XmlElement {
  const { bind2 } = host.sasl2 ?? {};
  const sm = host.streamManagement;
  const names = sm ? [...(bind2 ?? []), NS_SM] : (bind2 ?? []);
  const inline = [
    sm ? smFeature() : undefined,
    bind2 === undefined ? undefined : bind2Feature(names),
    choice.tokenMechanisms.length === 0 ? undefined : fastFeature(choice.tokenMechanisms),
  ];
  return xml(
    NS_SASL2,
    "authentication",
    {},
    ...mechanisms.map((name) => xml(NS_SASL2, "mechanism", {}, name)),
    inline.some((feature) => feature !== undefined) ? xml(NS_SASL2, "inline", {}, ...inline) : undefined,
    ...choice.upgrades.map((hash) => xml(NS_UPGRADE, "upgrade", {}, upgradeTaskOf(hash))),
  );
}

/** Features of a stream that was bound in one with authentication: what is left to ask for. */
export function featuresWhenBound(host: StreamHost, channel: SecureChannel | undefined, managed: boolean): XmlElement {
  const sm = host.streamManagement && !managed ? smFeature() : undefined;
  return features([sm, ...host.features("authenticated", channel)]);
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

/** Only where a mechanism of this stream can make use of it. XEP-0440 [xep0388-2.1-06] [xep0440-2-01] */
function announcedTypes(mechanisms: readonly string[], types: readonly string[]): readonly string[] | undefined {
  return types.length === 0 || !mechanisms.some(isPlus) ? undefined : types;
}
