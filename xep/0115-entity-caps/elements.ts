import { sha1 } from "@noble/hashes/legacy.js";
import { base64Encode } from "#protocol/xml/base64.ts";
import { text } from "#protocol/xml/codec.ts";
import { element, type Infer } from "#protocol/xml/element-schema.ts";
import { attr, optional } from "#protocol/xml/schema-fields.ts";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { formTypeOf, type DataForm } from "../0004-data-forms/elements.ts";
import type { Info } from "../0030-disco/elements.ts";

export const NS_CAPS = "http://jabber.org/protocol/caps";

/** A short name for what somebody's disco#info says. Without `hash` it is the legacy format, which proves nothing. */
export const Caps = element(NS_CAPS, "c", {
  hash: optional(attr("hash", text)),
  node: attr("node", text),
  ver: attr("ver", text),
});

/** The verification string of a disco#info, by SHA-1 (XEP-0115 §5.1). */
export function verificationString(info: Info): string {
  return base64Encode(sha1(encodeUtf8(verificationInput(info))));
}

/** What is hashed: identities, features, forms, each sorted by the bytes of UTF-8. [xep0115-5.1-02] */
export function verificationInput({ identities, features, forms }: Info): string {
  const parts = [
    ...identities
      .toSorted(
        (a, b) => byOctets(a.category, b.category) || byOctets(a.type, b.type) || byOctets(langOf(a), langOf(b)),
      )
      .map(nameOfIdentity),
    ...features.map((feature) => feature.var).toSorted(byOctets),
    ...forms
      .flatMap((form) => typedForm(form))
      .toSorted((a, b) => byOctets(a.formType, b.formType))
      .flatMap(({ formType, fields }) => [
        formType,
        ...fields
          .toSorted((a, b) => byOctets(varOf(a), varOf(b)))
          .flatMap((field) => [varOf(field), ...field.values.toSorted(byOctets)]),
      ]),
  ];
  return parts.map((part) => `${part}<`).join("");
}

/**
 * - `verified`: this is what the string stands for, whoever sent it
 * - `mismatch`: it is not
 * - `ill-formed`: nothing that says something twice, or smuggles in separators, stands for anything (A40)
 * - `unverifiable`: the legacy format, or a hash that we do not compute: true of its sender at most
 */
export type CapsVerdict = "verified" | "mismatch" | "ill-formed" | "unverifiable";

/** Whether a disco#info is what the entity capabilities promise (XEP-0115 §5.4). */
export function verifyCaps(caps: Infer<typeof Caps>, info: Info): CapsVerdict {
  if (caps.hash !== "sha-1") return "unverifiable";
  if (!isWellFormed(info)) return "ill-formed";
  return verificationString(info) === caps.ver ? "verified" : "mismatch";
}

function isWellFormed(info: Info): boolean {
  const identities = info.identities.map(nameOfIdentity);
  const features = info.features.map((feature) => feature.var);
  const formTypes = info.forms.flatMap(({ fields }) => fields.filter((field) => field.var === "FORM_TYPE"));
  const everyFormType = formTypes.flatMap(({ values }) => [...new Set(values)]);
  return (
    [identities, features, everyFormType].every(isUnique) &&
    formTypes.every(({ values }) => new Set(values).size <= 1) &&
    // The separator within a part would let one list pass for another. [xep0115-5.4-05]
    !verificationParts(info).some((part) => part.includes("<")) &&
    !info.identities.some((identity) => [identity.category, identity.type, langOf(identity)].join("").includes("/"))
  );
}

function verificationParts({ identities, features, forms }: Info): readonly string[] {
  return [
    ...identities.map(nameOfIdentity),
    ...features.map((feature) => feature.var),
    ...forms.flatMap(({ fields }) => fields.flatMap((field) => [varOf(field), ...field.values])),
  ];
}

/** A form counts when a hidden field says what it is. (XEP-0115 §5.4, step 3.6) */
function typedForm(form: DataForm): readonly { readonly formType: string; readonly fields: DataForm["fields"] }[] {
  const formType = formTypeOf(form);
  const type = form.fields.find((field) => field.var === "FORM_TYPE")?.type;
  if (formType === undefined || type !== "hidden") return [];
  return [{ formType, fields: form.fields.filter((field) => field.var !== "FORM_TYPE") }];
}

type Identity = Info["identities"][number];

function nameOfIdentity(identity: Identity): string {
  return `${identity.category}/${identity.type}/${langOf(identity)}/${identity.name ?? ""}`;
}

function langOf(identity: Identity): string {
  return identity.lang ?? "";
}

function varOf(field: DataForm["fields"][number]): string {
  return field.var ?? "";
}

function isUnique(values: readonly string[]): boolean {
  return new Set(values).size === values.length;
}

/** The order of the bytes of UTF-8, which is that of code points: UTF-16 has its surrogates before U+E000. */
function byOctets(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at += 1) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return rank(left) - rank(right);
  }
  return a.length - b.length;
}

function rank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x1_0000 : unit;
}
