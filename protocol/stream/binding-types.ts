import { type XmlElement, xml } from "#protocol/xml/element.ts";

const NS_SASL_CB = "urn:xmpp:sasl-cb:0";

/** The feature that lists the types of channel binding a server can check. XEP-0440. */
export function bindingTypesFeature(types: readonly string[]): XmlElement {
  return xml(
    NS_SASL_CB,
    "sasl-channel-binding",
    {},
    ...types.map((type) => xml(NS_SASL_CB, "channel-binding", { type })),
  );
}

/** The types in `<stream:features/>`; `undefined` when the server says nothing about them, which is not the same as none. */
export function readBindingTypes(features: XmlElement): readonly string[] | undefined {
  const feature = features.child(NS_SASL_CB, "sasl-channel-binding");
  return feature?.elements().flatMap((child) => {
    const type = child.attr("type");
    return child.ns === NS_SASL_CB && child.name === "channel-binding" && type !== undefined ? [type] : [];
  });
}
