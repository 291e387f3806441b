import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { copyOut } from "./copy-out.ts";
import { type XmlElement, equalElements, withAppended, withAttributes, withChildren, xml } from "./element.ts";
import { NS_CLIENT, NS_STREAM, NS_STREAMS, NS_XML } from "./namespaces.ts";
import { parseElement } from "./read.ts";
import { decodeUtf8, eventsOf, recordedStream, toBytes } from "./recorded-stream.ts";
import { escapeAttribute, escapeText } from "./escape.ts";
import { serialize, serializeBytes } from "./serialize.ts";
import { encodeUtf8, isXmlText } from "./utf8.ts";

const shapes: readonly {
  readonly name: string;
  readonly element: XmlElement;
  readonly inherited?: string;
  readonly text: string;
}[] = [
  {
    name: "a stanza in its stream [rfc6120-4.8.5-03]",
    element: xml(NS_CLIENT, "message", { to: "a@b" }, xml(NS_CLIENT, "body", {}, "c")),
    text: "<message to='a@b'><body>c</body></message>",
  },
  {
    name: "a stanza in a WebSocket frame",
    element: xml(NS_CLIENT, "presence"),
    inherited: "",
    text: "<presence xmlns='jabber:client'/>",
  },
  {
    name: "an extension, without prefix [rfc3920-11.2.2-06]",
    element: xml(NS_CLIENT, "iq", { type: "get" }, xml("urn:xmpp:ping", "ping")),
    text: "<iq type='get'><ping xmlns='urn:xmpp:ping'/></iq>",
  },
  {
    name: "a stanza within an extension",
    element: xml("urn:xmpp:forward:0", "forwarded", {}, xml(NS_CLIENT, "message")),
    text: "<forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'/></forwarded>",
  },
  {
    name: "no namespace",
    element: xml("u", "a", {}, xml("", "b", {}, xml("", "c"))),
    text: "<a xmlns='u'><b xmlns=''><c/></b></a>",
  },
  {
    name: "stream features [rfc3920-11.2.1-03] [rfc3920-11.2.1-04]",
    element: xml(NS_STREAM, "features", {}, xml("u", "a")),
    text: "<stream:features><a xmlns='u'/></stream:features>",
  },
  {
    name: "a stream error [rfc3920-11.2.1-03] [rfc3920-11.2.1-04]",
    element: xml(NS_STREAM, "error", {}, xml(NS_STREAMS, "reset")),
    text: `<stream:error><reset xmlns='${NS_STREAMS}'/></stream:error>`,
  },
  {
    name: "extensions of several namespaces [rfc6120-4.8.5-08] [rfc6120-8.4-02] [rfc6120-11.3-03]",
    element: xml(NS_CLIENT, "message", {}, xml("urn:a", "a", {}, xml("urn:b", "a"), xml("urn:a", "c"))),
    text: "<message><a xmlns='urn:a'><a xmlns='urn:b'/><c/></a></message>",
  },
  {
    name: "stream features in a WebSocket frame",
    element: xml(NS_STREAM, "features", {}, xml("u", "a")),
    inherited: "",
    text: `<stream:features xmlns:stream='${NS_STREAM}'><a xmlns='u'/></stream:features>`,
  },
  {
    name: "stream features where their namespace is the default",
    element: xml(NS_STREAM, "features"),
    inherited: NS_STREAM,
    text: "<features/>",
  },
  {
    name: "xml:lang",
    element: xml(NS_CLIENT, "a", { "xml:lang": "de", "{http://www.w3.org/XML/1998/namespace}id": "b" }),
    text: "<a xml:lang='de' xml:id='b'/>",
  },
  {
    name: "attributes of other namespaces [rfc6120-8.4-05]",
    element: xml(NS_CLIENT, "a", { "{u}b": "c", "{v}b": "'" }),
    text: "<a xmlns:ns1='u' ns1:b='c' xmlns:ns2='v' ns2:b='&apos;'/>",
  },
  { name: "attributes that are absent", element: xml(NS_CLIENT, "a", { b: undefined, c: "" }), text: "<a c=''/>" },
  {
    name: "children that are absent",
    element: xml(NS_CLIENT, "a", {}, undefined, "", "b", "c", undefined, xml(NS_CLIENT, "d")),
    text: "<a>bc<d/></a>",
  },
  {
    name: "what has to be escaped [rfc3920-11.1-02]",
    element: xml(NS_CLIENT, "a", { b: "<>&'\"\t\n\r" }, "<>&'\"\t\n\r]]>"),
    text: "<a b='&lt;&gt;&amp;&apos;&quot;&#9;&#10;&#13;'>&lt;&gt;&amp;'\"\t\n&#13;]]&gt;</a>",
  },
  {
    name: "elements of the namespace of xml",
    element: xml("http://www.w3.org/XML/1998/namespace", "a"),
    text: "<xml:a/>",
  },
  { name: "names beyond ASCII", element: xml("ü", "é", { ñ: "я" }), text: "<é xmlns='ü' ñ='я'/>" },
];

suite("an element is written", () => {
  for (const { name, element, inherited, text } of shapes) {
    test(name, () => {
      assert.equal(serialize(element, inherited), text);
      assert.equal(serializeBytes(element, inherited), toBytes(text));
      assert.ok(equalElements(parseElement(text, inherited), element));
    });
  }
});

const ncName = fc.constantFrom("a", "b", "message", "body", "x-y.z", "é", "_");
const namespace = fc.constantFrom(NS_CLIENT, "", "u", "urn:x:&'<", "ü", NS_STREAM);
const text = fc.oneof(
  fc.constantFrom("", "x", "<&>'\"", "]]>", "\r\n\t", "é", "я😀", "\u0085\ufeff", "<![CDATA[", "&amp;"),
  fc.string({ unit: "grapheme" }).filter(isXmlText),
);
const attributeName = fc.oneof(ncName, fc.constantFrom("xml:lang", "{u}a", "{u}b", "{v}a"));
const { tree } = fc.letrec<{ tree: XmlElement; node: XmlElement | string }>((tie) => ({
  node: fc.oneof({ depthSize: "small" }, text, tie("tree")),
  tree: fc
    .tuple(
      namespace,
      ncName,
      fc.dictionary(attributeName, text, { maxKeys: 4 }),
      fc.array(tie("node"), { maxLength: 4 }),
    )
    .map(([ns, name, attributes, nodes]) => xml(ns, name, attributes, ...nodes)),
}));

const seed = 6121;

test("what is written is read as what it was, in text and bytes, under any default namespace", () => {
  fc.assert(
    fc.property(tree, namespace, (element, inherited) => {
      const written = serialize(element, inherited);
      const bytes = serializeBytes(element, inherited);
      assert.equal(bytes, toBytes(written));
      const read = parseElement(written, inherited);
      assert.ok(equalElements(read, element), written);
      // Attributes with prefixes come last when they have been read.
      const again = serialize(read, inherited);
      assert.ok(equalElements(parseElement(again, inherited), element), again);
      const readBytes = parseElement(bytes, inherited, { decodeUtf8 });
      assert.ok(equalElements(readBytes, element), written);
      assert.equal(serialize(readBytes, inherited), again);
      assert.equal(serializeBytes(readBytes, inherited), toBytes(again));
      assert.equal(serializeBytes(read, inherited), toBytes(again));
      assert.ok(equalElements(copyOut(element), element), "copied out");
      assert.ok(equalElements(copyOut(readBytes), element), "copied out of bytes");
      for (const place of ["", NS_CLIENT, "u", NS_STREAM]) {
        assert.ok(equalElements(parseElement(serialize(readBytes, place), place), element), `put under ${place}`);
      }
    }),
    { seed, numRuns: 1500 },
  );
});

test("a part of what was read may stand anywhere else", () => {
  fc.assert(
    fc.property(tree, tree, (host, guest) => {
      const read = parseElement(serializeBytes(guest), NS_CLIENT, { decodeUtf8 });
      for (const part of [read, ...read.elements()]) {
        const moved = withChildren(host, [part, "x", withAttributes(part, { to: "я" })]);
        const again = parseElement(serialize(moved));
        assert.ok(equalElements(again, moved));
        assert.ok(equalElements(parseElement(serializeBytes(moved), NS_CLIENT, { decodeUtf8 }), moved));
      }
    }),
    { seed, numRuns: 300 },
  );
});

test("with a child more at its end it is as it would be with all of its children and that one", () => {
  fc.assert(
    fc.property(tree, tree, (host, guest) => {
      const readHost = parseElement(serialize(host));
      const readBytes = parseElement(serializeBytes(host), NS_CLIENT, { decodeUtf8 });
      const last = parseElement(serializeBytes(guest), NS_CLIENT, { decodeUtf8 });
      for (const element of [host, readHost, readBytes]) {
        const expected = withChildren(element, [...element.children, last]);
        const longer = withAppended(element, last);
        const twice = withAppended(longer, guest);
        const stamped = withAttributes(longer, { to: "я" });
        assert.ok(equalElements(longer, expected));
        assert.equal(longer.text, expected.text);
        assert.ok(equalElements(stamped, withAttributes(expected, { to: "я" })));
        assert.ok(equalElements(twice, withChildren(element, [...element.children, last, guest])));
        for (const made of [longer, twice, stamped]) {
          for (const place of ["", NS_CLIENT, "u", NS_STREAM])
            assert.ok(equalElements(parseElement(serialize(made, place), place), made), `put under ${place}`);
          assert.ok(equalElements(parseElement(serializeBytes(made), NS_CLIENT, { decodeUtf8 }), made));
          assert.ok(equalElements(copyOut(made), made));
        }
        assert.equal(element.elements().length, expected.elements().length - 1, "what was read has not changed");
      }
    }),
    { seed, numRuns: 500 },
  );
});

test("what was read passes on as it stands behind a new start tag and ahead of a new child", () => {
  const inner = "<body>ü &lt;</body><x xmlns='u'/>";
  const element = parseElement(`<message to='a@b'>${inner}</message>`);
  const longer = withAppended(withAttributes(element, { from: "c@d" }), xml("urn:sid", "id", { by: "a@b" }));
  assert.equal(serialize(longer), `<message to='a@b' from='c@d'>${inner}<id xmlns='urn:sid' by='a@b'/></message>`);
  assert.equal(serialize(withAppended(parseElement("<message/>"), xml(NS_CLIENT, "x"))), "<message><x/></message>");
});

suite("a stanza that was read is stamped and passed on", () => {
  const source =
    "<message to='a@b' id='é' xmlns='jabber:client' from='c' xml:lang='en'><body>ü &amp; </body></message>";
  const element = parseElement(toBytes(source), NS_CLIENT, { decodeUtf8 });

  test("with attributes added, changed and removed", () => {
    const stamped = withAttributes(element, { from: "d@e/ñ", to: undefined, type: "chat" });
    const text = "<message id='é' xml:lang='en' from='d@e/ñ' type='chat'><body>ü &amp; </body></message>";
    assert.equal(serialize(stamped), text);
    assert.equal(serializeBytes(stamped), toBytes(text));
    assert.equal(stamped.attr("from"), "d@e/ñ");
    assert.equal(stamped.attr("to"), undefined);
    assert.equal(stamped.canonical, false);
    assert.equal(element.attr("from"), "c", "what was read has not changed");
  });
  test("twice", () => {
    const twice = withAttributes(withAttributes(element, { from: "x", a: "1" }), { from: "y", a: undefined });
    assert.equal(serialize(twice), "<message to='a@b' id='é' xml:lang='en' from='y'><body>ü &amp; </body></message>");
  });
  test("into a forwarded element, with its namespace", () => {
    const forwarded = xml("urn:xmpp:forward:0", "forwarded", {}, element);
    assert.equal(
      serialize(forwarded),
      "<forwarded xmlns='urn:xmpp:forward:0'>" +
        "<message to='a@b' id='é' xmlns='jabber:client' from='c' xml:lang='en'><body>ü &amp; </body></message></forwarded>",
    );
  });
  test("from the stream of a server into that of a client, without its content namespace", () => {
    const { reader, elements } = recordedStream({ contentNamespace: "jabber:server" });
    reader.write("<s:stream xmlns='jabber:server' xmlns:s='http://etherx.jabber.org/streams'>");
    reader.write(
      "<message xmlns='jabber:server' to='a'><body/></message><message><body xmlns='jabber:server'/></message>",
    );
    reader.write("<s:error><a/></s:error>");
    assert.deepEqual(
      elements.map((read) => serializeBytes(read)),
      ["<message to='a'><body/></message>", "<message><body/></message>", "<stream:error><a/></stream:error>"],
    );
    const [first] = elements;
    assert.ok(first !== undefined);
    assert.equal(
      serialize(xml("u", "x", {}, first)),
      "<x xmlns='u'><message xmlns='jabber:client' to='a'><body/></message></x>",
    );
  });
});

test("the reader accepts what the serialiser writes for every character", () => {
  for (let code = 0; code < 0x10000; code += code < 0x300 || code > 0xd700 ? 1 : 97) {
    const character = String.fromCharCode(code);
    const element = xml("u", "a", { b: character }, character);
    let written: string;
    try {
      written = serializeBytes(element);
    } catch {
      continue;
    }
    assert.ok(equalElements(parseElement(written, NS_CLIENT, { decodeUtf8 }), element), `U+${code.toString(16)}`);
  }
});

test("escaping for those who write tags themselves", () => {
  assert.equal(escapeText("a<b>&'\"\r\n"), "a&lt;b&gt;&amp;'\"&#13;\n");
  assert.equal(escapeAttribute("a<b>&'\"\r\n\t"), "a&lt;b&gt;&amp;&apos;&quot;&#13;&#10;&#9;");
  assert.equal(escapeText("plain"), "plain");
});

test("UTF-8 is what TextEncoder makes of it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (value) => assert.equal(encodeUtf8(value), toBytes(value))),
    { seed, numRuns: 500 },
  );
});

test("no element holds the prefix of another stream", () => {
  const events = eventsOf(["<stream xmlns='http://etherx.jabber.org/streams'><features><a xmlns='u'/></features>"]);
  assert.equal(events.length, 2);
});

const braced = ["}", "{}", "u}v", `${NS_XML}}`, `${NS_XML}}v`];
for (const ns of braced) {
  test(`an attribute of the namespace ${ns} is written and found`, () => {
    const read = parseElement(`<a xmlns:p='${ns}' p:b='1'/>`);
    assert.equal(read.attr(`{${ns}}b`), "1");
    for (const element of [read, xml(NS_CLIENT, "a", { [`{${ns}}b`]: "1" })]) {
      assert.equal(serialize(element), `<a xmlns:ns1='${ns}' ns1:b='1'/>`);
      assert.ok(equalElements(parseElement(serialize(element)), element));
    }
  });
}
