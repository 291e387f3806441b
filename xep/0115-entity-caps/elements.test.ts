import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseElement } from "#protocol/xml/read.ts";
import { assertRoundTrip } from "#testing/round-trip.ts";
import { formTypeField, valueField, type DataForm } from "../0004-data-forms/elements.ts";
import { Info } from "../0030-disco/elements.ts";
import { Caps, verificationInput, verificationString, verifyCaps, type CapsVerdict } from "./elements.ts";
import examples from "./vectors/caps-examples.json" with { type: "json" };
import vectors from "./vectors/entity-caps.json" with { type: "json" };

type Vector = (typeof vectors.vectors)[number];

/** The vectors of XEP-0115; those of XEP-0390 have another algorithm and give only a disco#info. */
const sha1Vectors = vectors.vectors.flatMap((vector) =>
  vector.hash === "sha-1" ? [{ ...vector, info: infoOf(vector) }] : [],
);

describe("verification strings of XEP-0115", () => {
  for (const { id, S, ver, info } of sha1Vectors)
    test(id, () => {
      assert.equal(verificationInput(info), S);
      assert.equal(verificationString(info), ver);
    });

  test("there are two of them", () => assert.equal(sha1Vectors.length, 2));
});

describe("disco#info of XEP-0390 is sorted by octets too", () => {
  for (const vector of vectors.vectors) {
    const { id, disco_info_xml: text } = vector;
    if (text === undefined) continue;
    test(id, () => {
      const info = Info.parse(parseElement(text));
      const input = verificationInput(info);
      const features = info.features.map((feature) => feature.var).toSorted();
      assert.ok(input.includes(`<${features.join("<")}<`));
      for (const { category, type, lang = "", name = "" } of info.identities)
        assert.ok(input.includes(`${category}/${type}/${lang}/${name}<`));
    });
  }
});

describe("capabilities of the specification are read and written without loss", () => {
  for (const { source, xml } of examples) test(source, () => void assertRoundTrip(Caps, xml));
});

const psi = sha1Vectors.find(({ id }) => id === "xep0115-5.3")!;

test("S27: the language of an identity is part of what is hashed", () => {
  const english = {
    ...psi.info,
    identities: psi.info.identities.map(({ category, type, name }) => ({
      category,
      type,
      ...(name === undefined ? {} : { name }),
    })),
  };
  assert.notEqual(verificationString(english), psi.ver);
});

test("the order in which things come does not matter", () => {
  const reversed: Info = {
    identities: psi.info.identities.toReversed(),
    features: psi.info.features.toReversed(),
    forms: psi.info.forms.map((form) => ({
      ...form,
      fields: form.fields.toReversed().map((field) => ({ ...field, values: field.values.toReversed() })),
    })),
  };
  assert.equal(verificationString(reversed), psi.ver);
});

test("sorting is by octets of UTF-8, not by UTF-16", () => {
  const features = ["\u{10000}", "\u{ffff0}", "\u{ffee}", "a", "é"].map((name) => ({ var: name }));
  assert.equal(verificationInput({ identities: [], features, forms: [] }), "a<é<\u{ffee}<\u{10000}<\u{ffff0}<");
});

test("so are the fields of forms and their values", () => {
  const names = ["\u{10000}", "\u{ffee}", "a"];
  const fields = [formTypeField("hidden"), ...names.map((name) => valueField(name, names))];
  const forms = [{ type: "result" as const, instructions: [], fields, items: [] }];
  const sorted = names.toReversed().join("<");
  assert.equal(
    verificationInput({ identities: [], features: [], forms }),
    `hidden<${names
      .toReversed()
      .map((name) => `${name}<${sorted}<`)
      .join("")}`,
  );
});

test("identities are sorted part by part", () => {
  const identities = [
    { category: "client-x", type: "a" },
    { category: "client", type: "pc" },
  ];
  assert.equal(verificationInput({ identities, features: [], forms: [] }), "client/pc//<client-x/a//<");
});

test("a form counts only when a hidden field says what it is", () => {
  const form = (fields: DataForm["fields"]): DataForm => ({ type: "result", instructions: [], fields, items: [] });
  const os = valueField("os", ["Mac"]);
  const forms = [form([os]), form([valueField("FORM_TYPE", ["shown"]), os]), form([formTypeField("hidden"), os])];
  assert.equal(verificationInput({ identities: [], features: [], forms }), "hidden<os<Mac<");
});

describe("A40 capabilities that are not what they promise are not believed", () => {
  const promised = { hash: "sha-1", node: "http://psi-im.example", ver: psi.ver };
  const other = { var: "urn:example:other" };
  const [identity] = psi.info.identities;
  const [form] = psi.info.forms;
  const cases: Readonly<
    Record<
      string,
      readonly [
        caps: typeof Caps extends { parse: (element: never) => infer T } ? T : never,
        info: Info,
        verdict: CapsVerdict,
      ]
    >
  > = {
    "what was promised": [promised, psi.info, "verified"],
    "one feature more": [promised, { ...psi.info, features: [...psi.info.features, other] }, "mismatch"],
    "the legacy format, which has no hash": [{ node: promised.node, ver: "0.11" }, psi.info, "unverifiable"],
    "a hash that we do not know": [{ ...promised, hash: "md5" }, psi.info, "unverifiable"],
    "a feature twice": [
      promised,
      { ...psi.info, features: [...psi.info.features, psi.info.features[0]!] },
      "ill-formed",
    ],
    "an identity twice": [promised, { ...psi.info, identities: [identity!, identity!] }, "ill-formed"],
    "two forms of one kind": [promised, { ...psi.info, forms: [form!, form!] }, "ill-formed"],
    "a form of two kinds": [
      promised,
      { ...psi.info, forms: [{ ...form!, fields: [{ ...formTypeField("a"), values: ["a", "b"] }] }] },
      "ill-formed",
    ],
  };
  for (const [name, [caps, info, verdict]] of Object.entries(cases))
    test(name, () => assert.equal(verifyCaps(caps, info), verdict));

  test("a separator in a name cannot make one list pass for another", () => {
    const honest: Info = {
      identities: [{ category: "client", type: "pc", name: "Exodus" }],
      features: [{ var: "http://jabber.org/protocol/muc" }],
      forms: [],
    };
    const forged: Info = {
      identities: [{ category: "client", type: "pc", name: "Exodus<http://jabber.org/protocol/muc" }],
      features: [],
      forms: [],
    };
    const caps = { hash: "sha-1", node: "http://exodus.example", ver: verificationString(honest) };
    assert.equal(verificationString(forged), caps.ver);
    assert.equal(verifyCaps(caps, honest), "verified");
    assert.equal(verifyCaps(caps, forged), "ill-formed");
  });

  test("a slash in a category cannot either", () => {
    const info: Info = { identities: [{ category: "client/pc/", type: "", name: "x" }], features: [], forms: [] };
    const caps = { hash: "sha-1", node: "http://exodus.example", ver: verificationString(info) };
    assert.equal(verifyCaps(caps, info), "ill-formed");
  });
});

function infoOf(vector: Vector): Info {
  const { identities = [], features = [], forms = [] } = vector;
  return {
    identities: identities.map(({ lang, ...rest }) => (lang === "" ? rest : { ...rest, lang })),
    features: features.map((name) => ({ var: name })),
    forms: forms.map(({ FORM_TYPE: formType, fields }) => ({
      type: "result",
      instructions: [],
      items: [],
      fields: [formTypeField(formType), ...Object.entries(fields).map(([name, values]) => valueField(name, values))],
    })),
  };
}
