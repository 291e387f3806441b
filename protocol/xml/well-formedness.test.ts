import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { eventsOf, header, toBytes } from "./recorded-stream.ts";

interface Refusal {
  readonly rule: string;
  /** What follows the stream header; `bytes` is a byte string, `text` is encoded. */
  readonly text?: string;
  readonly bytes?: string;
  readonly condition: string;
}

const NWF = "not-well-formed";
const ENC = "unsupported-encoding";

const refusals: readonly Refusal[] = [
  // RFC 6120 §11.1
  {
    rule: "comments are refused [rfc6120-11.1-01] [rfc6120-11.1-03]",
    text: "<a><!-- x --></a>",
    condition: "restricted-xml",
  },
  {
    rule: "comments between stanzas are refused [rfc6120-11.1-01] [rfc6120-11.1-03]",
    text: "<!-- x -->",
    condition: "restricted-xml",
  },
  {
    rule: "a comment is refused before it is complete [rfc6120-11.1-01] [rfc6120-11.1-03]",
    text: "<a><!-",
    condition: "restricted-xml",
  },
  {
    rule: "processing instructions are refused [rfc6120-11.1-01] [rfc6120-11.1-03]",
    text: "<a><?php x ?></a>",
    condition: "restricted-xml",
  },
  {
    rule: "a second XML declaration is refused [rfc6120-11.1-01] [rfc6120-11.1-03]",
    text: "<?xml version='1.0'?><a/>",
    condition: "restricted-xml",
  },
  {
    rule: "a DTD is refused [rfc6120-11.1-01] [rfc6120-11.1-03]",
    text: "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>",
    condition: "restricted-xml",
  },
  {
    rule: "an entity declaration is refused [rfc6120-11.1-01] [rfc6120-11.1-03]",
    text: "<a><!ENTITY b 'c'></a>",
    condition: "restricted-xml",
  },
  {
    rule: "entities of HTML are refused [rfc6120-11.1-01] [rfc6120-11.1-03]",
    text: "<a>&nbsp;</a>",
    condition: "restricted-xml",
  },
  {
    rule: "entities in attributes are refused [rfc6120-11.1-01] [rfc6120-11.1-03]",
    text: "<a b='&c;'/>",
    condition: "restricted-xml",
  },
  {
    rule: "predefined entities have one spelling [rfc6120-11.1-01] [rfc6120-11.1-03]",
    text: "<a>&LT;</a>",
    condition: "restricted-xml",
  },
  // XML 1.0 well-formedness
  { rule: "end tags name the start tag [rfc6120-11.3-02]", text: "<a></b>", condition: NWF },
  { rule: "end tags name all of the start tag [rfc6120-11.3-02]", text: "<aa></a>", condition: NWF },
  { rule: "end tags name no more than the start tag [rfc6120-11.3-02]", text: "<a></aa>", condition: NWF },
  { rule: "end tags have no attributes [rfc6120-11.3-02]", text: "<a></a b='c'>", condition: NWF },
  { rule: "end tags begin with the name [rfc6120-11.3-02]", text: "<a></ a>", condition: NWF },
  {
    rule: "end tags repeat the prefix, not only its meaning [rfc6120-11.3-02]",
    text: "<p:a xmlns:p='u' xmlns:q='u'></q:a>",
    condition: NWF,
  },
  { rule: "elements nest [rfc6120-11.3-02]", text: "<a><b></a></b>", condition: NWF },
  { rule: "a tag begins with a name [rfc6120-11.3-02]", text: "< a/>", condition: NWF },
  { rule: "a name begins with a letter [rfc6120-11.3-02]", text: "<1a/>", condition: NWF },
  { rule: "a name does not begin with a hyphen [rfc6120-11.3-02]", text: "<-a/>", condition: NWF },
  { rule: "a name has no other punctuation [rfc6120-11.3-02]", text: "<a$b/>", condition: NWF },
  { rule: "a name does not begin with a combining character [rfc6120-11.3-02]", text: "<\u0301a/>", condition: NWF },
  { rule: "U+00D7 is not in names [rfc6120-11.3-02]", text: "<a\u00d7/>", condition: NWF },
  { rule: "U+037E is not in names [rfc6120-11.3-02]", text: "<a\u037e/>", condition: NWF },
  { rule: "U+F0000 is not in names [rfc6120-11.3-02]", text: "<a\u{f0000}/>", condition: NWF },
  { rule: "< is not in tags [rfc6120-11.3-02]", text: "<a <b/>", condition: NWF },
  { rule: "/ ends a tag [rfc6120-11.3-02]", text: "<a / b='c'>", condition: NWF },
  { rule: "> follows / at once [rfc6120-11.3-02]", text: "<a/ >", condition: NWF },
  { rule: "attributes have values [rfc6120-11.3-02]", text: "<a b/>", condition: NWF },
  { rule: "attributes have values behind the sign [rfc6120-11.3-02]", text: "<a b=/>", condition: NWF },
  { rule: "values are quoted [rfc6120-11.3-02]", text: "<a b=c/>", condition: NWF },
  { rule: "quotation marks match [rfc6120-11.3-02]", text: "<a b='c\">d</a>'/>", condition: NWF },
  { rule: "attributes are separated by white space [rfc6120-11.3-02]", text: "<a b='c'd='e'/>", condition: NWF },
  { rule: "< is not in attribute values [rfc6120-11.3-02]", text: "<a b='<'/>", condition: NWF },
  { rule: "& begins a reference in attribute values [rfc6120-11.3-02]", text: "<a b='a & b'/>", condition: NWF },
  { rule: "& begins a reference in text [rfc6120-11.3-02]", text: "<a>a & b</a>", condition: NWF },
  { rule: "references end with a semicolon [rfc6120-11.3-02]", text: "<a>&amp</a>", condition: NWF },
  { rule: "references have a name [rfc6120-11.3-02]", text: "<a>&;</a>", condition: NWF },
  { rule: "character references have digits [rfc6120-11.3-02]", text: "<a>&#;</a>", condition: NWF },
  { rule: "character references have hexadecimal digits [rfc6120-11.3-02]", text: "<a>&#x;</a>", condition: NWF },
  { rule: "decimal references have decimal digits [rfc6120-11.3-02]", text: "<a>&#1a;</a>", condition: NWF },
  { rule: "the x of a reference is small [rfc6120-11.3-02]", text: "<a>&#X20;</a>", condition: NWF },
  { rule: "character references refer to no control character [rfc6120-11.3-02]", text: "<a>&#1;</a>", condition: NWF },
  { rule: "character references do not refer to U+0000 [rfc6120-11.3-02]", text: "<a>&#0;</a>", condition: NWF },
  { rule: "character references refer to no surrogate [rfc6120-11.3-02]", text: "<a>&#xD800;</a>", condition: NWF },
  { rule: "character references do not refer to U+FFFE [rfc6120-11.3-02]", text: "<a>&#xFFFE;</a>", condition: NWF },
  { rule: "character references end at U+10FFFF [rfc6120-11.3-02]", text: "<a>&#x110000;</a>", condition: NWF },
  { rule: "character references do not wrap around [rfc6120-11.3-02]", text: "<a>&#x100000041;</a>", condition: NWF },
  { rule: "attributes are unique [rfc6120-11.3-02]", text: "<a b='1' b='2'/>", condition: NWF },
  {
    rule: "attributes are unique among many [rfc6120-11.3-02]",
    text: `<a ${"x".repeat(9)}='' b='' c='' d='' b=''/>`,
    condition: NWF,
  },
  { rule: "]]> is not in text [rfc6120-11.3-02]", text: "<a>x]]>y</a>", condition: NWF },
  { rule: "CDATA has one spelling [rfc6120-11.1-03]", text: "<a><![cdata[x]]></a>", condition: "restricted-xml" },
  { rule: "A20 control characters are not in text [rfc6120-11.3-02]", text: "<a>\u0001</a>", condition: NWF },
  { rule: "A20 U+0000 is not in text [rfc6120-11.3-02]", text: "<a>\u0000</a>", condition: NWF },
  { rule: "A20 control characters are not in attributes [rfc6120-11.3-02]", text: "<a b='\u001f'/>", condition: NWF },
  {
    rule: "A20 control characters are not in CDATA [rfc6120-11.3-02]",
    text: "<a><![CDATA[\u0002]]></a>",
    condition: NWF,
  },
  { rule: "A20 U+FFFE is not in text [rfc6120-11.3-02]", text: "<a>\ufffe</a>", condition: NWF },
  { rule: "A20 U+FFFF is not in attributes [rfc6120-11.3-02]", text: "<a b='\uffff'/>", condition: NWF },
  // Namespaces in XML 1.0
  { rule: "element prefixes are bound [rfc6120-11.3-04]", text: "<p:a/>", condition: NWF },
  { rule: "attribute prefixes are bound [rfc6120-11.3-04]", text: "<a p:b='c'/>", condition: NWF },
  { rule: "bindings end with their element [rfc6120-11.3-04]", text: "<a><b xmlns:p='u'/><p:c/></a>", condition: NWF },
  { rule: "names have one colon [rfc6120-11.3-04]", text: "<a:b:c xmlns:a='u'/>", condition: NWF },
  { rule: "names do not begin with a colon [rfc6120-11.3-04]", text: "<:a/>", condition: NWF },
  { rule: "names do not end with a colon [rfc6120-11.3-04]", text: "<p: xmlns:p='u'/>", condition: NWF },
  { rule: "local names begin like names [rfc6120-11.3-04]", text: "<p:1 xmlns:p='u'/>", condition: NWF },
  { rule: "attribute names do not end with a colon [rfc6120-11.3-04]", text: "<a xmlns:='u'/>", condition: NWF },
  {
    rule: "attributes are unique by expanded name [rfc6120-11.3-04]",
    text: "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
    condition: NWF,
  },
  {
    rule: "prefixes are declared once in a tag [rfc6120-11.3-04]",
    text: "<a xmlns:p='u' xmlns:p='v'/>",
    condition: NWF,
  },
  {
    rule: "the default namespace is declared once in a tag [rfc6120-11.3-04]",
    text: "<a xmlns='u' xmlns='v'/>",
    condition: NWF,
  },
  { rule: "prefixes are not undeclared [rfc6120-11.3-04]", text: "<a xmlns:p=''/>", condition: NWF },
  { rule: "the prefix xml keeps its namespace [rfc6120-11.3-04]", text: "<a xmlns:xml='u'/>", condition: NWF },
  {
    rule: "the namespace of xml keeps its prefix [rfc6120-11.3-04]",
    text: "<a xmlns:p='http://www.w3.org/XML/1998/namespace'/>",
    condition: NWF,
  },
  {
    rule: "the namespace of xml is no default [rfc6120-11.3-04]",
    text: "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
    condition: NWF,
  },
  { rule: "the prefix xmlns is not declared [rfc6120-11.3-04]", text: "<a xmlns:xmlns='u'/>", condition: NWF },
  {
    rule: "the namespace of xmlns is not declared [rfc6120-11.3-04]",
    text: "<a xmlns:p='http://www.w3.org/2000/xmlns/'/>",
    condition: NWF,
  },
  {
    rule: "the namespace of xmlns is no default [rfc6120-11.3-04]",
    text: "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
    condition: NWF,
  },
  { rule: "elements do not have the prefix xmlns [rfc6120-11.3-04]", text: "<xmlns:a/>", condition: NWF },
  // RFC 6120 §4.8.5, §11.7
  {
    rule: "stanzas have no prefix [rfc6120-4.8.5-04]",
    text: "<c:message xmlns:c='jabber:client'/>",
    condition: "bad-namespace-prefix",
  },
  {
    rule: "what is in stanzas has no prefix of their namespace",
    text: "<a xmlns:c='jabber:client'><c:body/></a>",
    condition: "bad-namespace-prefix",
  },
  { rule: "there is no text between stanzas", text: "<a/>x<a/>", condition: "bad-format" },
  { rule: "there is no CDATA between stanzas", text: "<a/><![CDATA[ ]]><a/>", condition: "bad-format" },
  { rule: "there are no references between stanzas", text: "<a/>&#32;<a/>", condition: "bad-format" },
  {
    rule: "a no-break space between stanzas is text [rfc6120-11.6-05]",
    text: "<a/>\ufeff<a/>",
    condition: "bad-format",
  },
  // UTF-8, RFC 3629
  { rule: "A17 a stray continuation byte is refused [rfc6120-11.6-03]", bytes: "<a>\x80</a>", condition: ENC },
  { rule: "A17 a sequence without its end is refused [rfc6120-11.6-03]", bytes: "<a>\xc3</a>", condition: ENC },
  {
    rule: "A17 a long sequence without its end is refused [rfc6120-11.6-03]",
    bytes: "<a>\xf0\x9f\x98</a>",
    condition: ENC,
  },
  { rule: "A17 an overlong / is refused [rfc6120-11.6-03]", bytes: "<a>\xc0\xaf</a>", condition: ENC },
  { rule: "A17 an overlong < is refused [rfc6120-11.6-03]", bytes: "<a>\xe0\x80\xbc</a>", condition: ENC },
  {
    rule: "A17 an overlong sequence of four is refused [rfc6120-11.6-03]",
    bytes: "<a>\xf0\x8f\xbf\xbf</a>",
    condition: ENC,
  },
  { rule: "A17 surrogates are refused [rfc6120-11.6-03]", bytes: "<a>\xed\xa0\x80\xed\xb0\x80</a>", condition: ENC },
  {
    rule: "A17 code points over U+10FFFF are refused [rfc6120-11.6-03]",
    bytes: "<a>\xf4\x90\x80\x80</a>",
    condition: ENC,
  },
  { rule: "A17 sequences of five are refused [rfc6120-11.6-03]", bytes: "<a>\xf8\x88\x80\x80\x80</a>", condition: ENC },
  { rule: "A17 0xFF is refused [rfc6120-11.6-03]", bytes: "<a>\xff</a>", condition: ENC },
  { rule: "A17 attributes are UTF-8 [rfc6120-11.6-03]", bytes: "<a b='\xc3'/>", condition: ENC },
  { rule: "A17 attribute names are UTF-8 [rfc6120-11.6-03]", bytes: "<a \xc3='b'/>", condition: ENC },
  { rule: "A17 element names are UTF-8 [rfc6120-11.6-03]", bytes: "<a\xc3/>", condition: ENC },
  { rule: "A17 CDATA is UTF-8 [rfc6120-11.6-03]", bytes: "<a><![CDATA[\xc3]]></a>", condition: ENC },
  {
    rule: "A17 Latin-1 is refused [rfc6120-11.6-02] [rfc6120-11.6-03] [rfc6120-12-01]",
    bytes: "<a>f\xfcr</a>",
    condition: ENC,
  },
];

suite("what is not well-formed ends the stream, however it is cut", () => {
  for (const { rule, text = "", bytes = toBytes(text), condition } of refusals) {
    test(rule, () => {
      const input = header + bytes;
      const whole = eventsOf([input]);
      const last = whole.at(-1);
      assert.ok(last !== undefined && "failed" in last, `accepted: ${JSON.stringify(whole)}`);
      assert.equal(last.failed, condition, last.text);
      assert.deepEqual(eventsOf(input), whole, "in pieces of one byte");
      if (text !== "") assert.deepEqual(eventsOf([header + text], { input: "utf16" }), whole, "as UTF-16");
    });
  }
});

test("a surrogate without its other half is refused in UTF-16", () => {
  for (const text of ["<a>\ud800</a>", "<a>\udc00</a>", "<a b='\ud83dx'/>", "<a\ud800/>"]) {
    const last = eventsOf([header + text], { input: "utf16" }).at(-1);
    assert.ok(last !== undefined && "failed" in last && last.failed === NWF);
  }
});

const client = "{jabber:client}";

/** `inside` is what the element `a` contains, or all of it. */
const accepted: readonly { readonly rule: string; readonly text: string; readonly tree: unknown }[] = [
  { rule: "an element in the content namespace", text: "<a/>", tree: [`${client}a`, {}] },
  { rule: "white space in tags", text: "<a\n b = 'c'\td\r\n=\"e\" ></a\n>", tree: [`${client}a`, { b: "c", d: "e" }] },
  { rule: "the other kind of quotation mark", text: `<a b='"' c="'"/>`, tree: [`${client}a`, { b: '"', c: "'" }] },
  { rule: "> in values and text", text: "<a b='>'>]>]] ></a>", tree: [`${client}a`, { b: ">" }, "]>]] >"] },
  {
    rule: "the five entities",
    text: "<a b='&lt;&gt;&amp;&apos;&quot;'>&lt;&gt;&amp;&apos;&quot;</a>",
    tree: [`${client}a`, { b: `<>&'"` }, `<>&'"`],
  },
  { rule: "an entity is not read twice", text: "<a>&amp;lt;</a>", tree: [`${client}a`, {}, "&lt;"] },
  {
    rule: "character references",
    text: "<a>&#65;&#x42;&#x1F600;&#xd;&#0067;</a>",
    tree: [`${client}a`, {}, "AB\u{1f600}\rC"],
  },
  {
    rule: "characters that look like markup by reference",
    text: "<a>&#60;b/>&#38;amp;</a>",
    tree: [`${client}a`, {}, "<b/>&amp;"],
  },
  {
    rule: "CDATA is text",
    text: "<a>x<![CDATA[<&]]]]><![CDATA[>&lt;]]>y</a>",
    tree: [`${client}a`, {}, "x<&]]>&lt;y"],
  },
  { rule: "CDATA that begins in CDATA", text: "<a><![CDATA[<![CDATA[ ]]></a>", tree: [`${client}a`, {}, "<![CDATA[ "] },
  { rule: "empty CDATA is nothing", text: "<a><![CDATA[]]></a>", tree: [`${client}a`, {}] },
  {
    rule: "line ends are normalised",
    text: "<a>1\r\n2\r3\n4<![CDATA[\r\n]]></a>",
    tree: [`${client}a`, {}, "1\n2\n3\n4\n"],
  },
  {
    rule: "white space in values is normalised",
    text: "<a b='1\r\n2\t3\n4\r5&#10;6&#9;7&#13;'/>",
    tree: [`${client}a`, { b: "1 2 3 4 5\n6\t7\r" }],
  },
  {
    rule: "tabs and DEL and C1 controls are characters",
    text: "<a>\t\u007f\u0085\u009f</a>",
    tree: [`${client}a`, {}, "\t\u007f\u0085\u009f"],
  },
  { rule: "U+FEFF is a character [rfc6120-11.6-05]", text: "<a>\ufeff</a>", tree: [`${client}a`, {}, "\ufeff"] },
  {
    rule: "all planes [rfc6120-11.6-01] [rfc6120-12-01]",
    text: "<a b='\u{10ffff}'>ü€\u{1f600}\ufffd\ud7ff\ue000</a>",
    tree: [`${client}a`, { b: "\u{10ffff}" }, "ü€\u{1f600}\ufffd\ud7ff\ue000"],
  },
  {
    rule: "names beyond ASCII",
    text: "<имя été='1' \u{10400}='2'/>",
    tree: [`${client}имя`, { été: "1", "\u{10400}": "2" }],
  },
  { rule: "names with every kind of character", text: "<_a-b.c1·/>", tree: [`${client}_a-b.c1·`, {}] },
  { rule: "prefixed names beyond ASCII", text: "<é:ü xmlns:é='ö'/>", tree: ["{ö}ü", {}] },
  {
    rule: "namespaces are inherited and overridden",
    text: "<a xmlns='u'><b/><c xmlns='v'/><d xmlns=''><e/></d></a>",
    tree: ["{u}a", {}, ["{u}b", {}], ["{v}c", {}], ["{}d", {}, ["{}e", {}]]],
  },
  {
    rule: "prefixes are for names, not for children",
    text: "<p:a xmlns:p='u'><b p:c='1' c='2'/></p:a>",
    tree: ["{u}a", {}, [`${client}b`, { c: "2", "{u}c": "1" }]],
  },
  {
    rule: "prefixes are declared after their use",
    text: "<p:a p:b='1' xmlns:p='u'/>",
    tree: ["{u}a", { "{u}b": "1" }],
  },
  {
    rule: "prefixes are overridden [rfc6120-8.4-06]",
    text: "<p:a xmlns:p='u'><p:b xmlns:p='v'/><p:c/></p:a>",
    tree: ["{u}a", {}, ["{v}b", {}], ["{u}c", {}]],
  },
  { rule: "namespaces may hold references", text: "<a xmlns='u&amp;v'/>", tree: ["{u&v}a", {}] },
  {
    rule: "xml:lang needs no declaration",
    text: "<a xml:lang='de' lang='en'/>",
    tree: [`${client}a`, { lang: "en", "xml:lang": "de" }],
  },
  {
    rule: "the prefix xml may be declared as what it is",
    text: "<a xmlns:xml='http://www.w3.org/XML/1998/namespace' xml:id='b'/>",
    tree: [`${client}a`, { "xml:id": "b" }],
  },
  { rule: "elements of the namespace of xml", text: "<xml:a/>", tree: ["{http://www.w3.org/XML/1998/namespace}a", {}] },
  {
    rule: "the same local name in several namespaces [rfc6120-8.4-06]",
    text: "<a xmlns:p='u' xmlns:q='v' b='0' p:b='1' q:b='2'/>",
    tree: [`${client}a`, { b: "0", "{u}b": "1", "{v}b": "2" }],
  },
  {
    rule: "a default namespace says nothing about attributes",
    text: "<a xmlns='u' xmlns:p='u' b='0' p:b='1'/>",
    tree: ["{u}a", { b: "0", "{u}b": "1" }],
  },
  {
    rule: "prefixes of the header",
    text: "<stream:error><b/></stream:error>",
    tree: ["{http://etherx.jabber.org/streams}error", {}, [`${client}b`, {}]],
  },
  { rule: "white space is kept", text: "<a> <b/>\n</a>", tree: [`${client}a`, {}, " ", [`${client}b`, {}], "\n"] },
];

function compact(tree: unknown): unknown {
  if (typeof tree !== "object" || tree === null || !("name" in tree && "attributes" in tree && "children" in tree))
    return tree;
  const children: readonly unknown[] = Array.isArray(tree.children) ? tree.children : [];
  return [tree.name, tree.attributes, ...children.map(compact)];
}

suite("what is well-formed is read, however it is cut", () => {
  for (const { rule, text, tree } of accepted) {
    test(rule, () => {
      const input = header + toBytes(text);
      const whole = eventsOf([input]);
      const last = whole.at(-1);
      assert.ok(last !== undefined && "element" in last, `refused: ${JSON.stringify(last)}`);
      assert.deepEqual(compact(last.element), tree);
      assert.deepEqual(eventsOf(input), whole, "in pieces of one byte");
      assert.deepEqual(eventsOf([header + text], { input: "utf16" }), whole, "as UTF-16");
      assert.deepEqual(eventsOf((header + text).split(""), { input: "utf16" }), whole, "as single code units");
    });
  }
});
