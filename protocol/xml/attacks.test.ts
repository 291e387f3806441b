import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { copyOut } from "./copy-out.ts";
import { type XmlElement, equalElements, withAttributes, xml } from "./element.ts";
import { XmlError } from "./fault.ts";
import { type XmlLimits, defaultXmlLimits, unboundedXmlLimits } from "./limits.ts";
import { parseElement } from "./read.ts";
import { type RecordedStream, decodeUtf8, eventsOf, header, recordedStream, toBytes } from "./recorded-stream.ts";
import { serialize, serializeBytes } from "./serialize.ts";
import { toXmlText } from "./utf8.ts";

function faultOf(input: Iterable<string>, limits: Partial<XmlLimits> = {}): string {
  const last = eventsOf(input, { limits }).at(-1);
  return last !== undefined && "failed" in last ? `${last.failed}: ${last.text}` : "none";
}

suite("A1, A2 entities and declarations", () => {
  const laughs = "<!DOCTYPE x [<!ENTITY a 'ha'><!ENTITY b '&a;&a;'>]>";
  test("A1 a billion laughs end with the first declaration", () => {
    assert.match(faultOf([laughs + header]), /^restricted-xml/);
    assert.match(faultOf([header + laughs]), /^restricted-xml/);
    assert.match(faultOf([`${header}<a>${laughs}`]), /^restricted-xml/);
  });
  test("A1 no entity expands", () => assert.match(faultOf([`${header}<a>&b;</a>`]), /^restricted-xml/));
  test("A1 a hundred thousand CDATA sections are one text, and bounded like any other", () => {
    const { reader, elements } = recordedStream({ limits: { elementBytesMax: 2_000_000 } });
    reader.write(`${header}<a>${"<![CDATA[x]]>".repeat(100_000)}</a>`);
    assert.equal(elements[0]?.text.length, 100_000);
    assert.match(faultOf([`${header}<a>${"<![CDATA[x]]>".repeat(100_000)}</a>`]), /elementBytesMax/);
  });
  test("A2 an external entity is neither declared nor fetched", () => {
    assert.match(faultOf([`<!DOCTYPE x SYSTEM "file:///etc/passwd">${header}`]), /^restricted-xml/);
    assert.match(faultOf([`${header}<a>&xxe;</a>`]), /^restricted-xml/);
  });
});

suite("A3 every bound has a name, holds at its value, and ends the stream one above", () => {
  const many = (count: number, make: (index: number) => string): string =>
    Array.from({ length: count }, (_, index) => make(index)).join("");
  const bounded: Readonly<Record<keyof XmlLimits, (size: number) => string>> = {
    elementBytesMax: (size) => `${header}<a>${"x".repeat(size - 7)}</a>`,
    headerBytesMax: (size) => header.replace("version='1.0'>", `x='${"x".repeat(size - header.length + 9)}'>`),
    depthMax: (size) => header + "<a>".repeat(size) + "</a>".repeat(size),
    attributesMax: (size) => `${header}<a${many(size, (index) => ` x${index}=''`)}/>`,
    namespacesMax: (size) => `${header}<a${many(size - 1, (index) => ` xmlns:x${index}='u'`)}/>`,
    nameLengthMax: (size) => `${header}<${"x".repeat(size)}/>`,
    childrenMax: (size) => `${header}<a>${"<b/>".repeat(size)}</a>`,
    elementsMax: (size) => `${header}<a>${"<b/>".repeat(size - 1)}</a>`,
  };
  const small: XmlLimits = {
    elementBytesMax: 1_000,
    headerBytesMax: 200,
    depthMax: 20,
    attributesMax: 12,
    namespacesMax: 6,
    nameLengthMax: 30,
    childrenMax: 40,
    elementsMax: 60,
  };
  for (const [name, make] of Object.entries(bounded)) {
    test(`A3 ${name}`, () => {
      const bound = small[name as keyof XmlLimits];
      const limits = { ...small, ...(name === "elementsMax" ? { childrenMax: 100 } : {}) };
      assert.equal(faultOf([make(bound)], limits), "none");
      assert.equal(faultOf([make(bound + 1)], limits), `policy-violation: ${name} exceeded`);
      assert.equal(faultOf(make(bound + 1), limits), `policy-violation: ${name} exceeded`, "in pieces of one byte");
    });
  }
  test("A3 bounds can be widened for a peer that has authenticated", () => {
    const { reader, elements, events } = recordedStream({ limits: small });
    const stanza = bounded.childrenMax(small.childrenMax + 1).slice(header.length);
    reader.write(header);
    reader.setLimits({ ...small, childrenMax: 41 });
    reader.write(stanza);
    assert.equal(elements.length, 1);
    reader.setLimits(small);
    reader.write(stanza);
    assert.deepEqual(events.at(-1), { failed: "policy-violation", text: "childrenMax exceeded" });
  });
  test("A3 attribute names and prefixed names are bounded too", () => {
    assert.match(faultOf([`${header}<a ${"x".repeat(31)}=''/>`], small), /nameLengthMax/);
    assert.match(faultOf([`${header}<p:${"x".repeat(29)} xmlns:p='u'/>`], small), /nameLengthMax/);
  });
  test("A3 an element costs its peer bytes before it costs us objects", () => {
    assert.ok(defaultXmlLimits.elementsMax * 4 < defaultXmlLimits.elementBytesMax);
  });
});

suite("A4 what never ends costs what it is long, however it is cut", () => {
  const bytes = 8_388_608;
  const limits = { elementBytesMax: bytes * 2, nameLengthMax: bytes, headerBytesMax: bytes * 2 };
  const endless = {
    text: "<a>",
    attribute: "<a b='",
    tag: "<a ",
    name: "<",
    "end tag": "<a></a",
    CDATA: "<a><![CDATA[",
    "end of the stream": "</stream:stream ",
  };
  const filler = { tag: " ", "end of the stream": " ", "end tag": " " } as Readonly<Record<string, string>>;

  function write(start: string, fill: string, size: number): RecordedStream {
    const recorded = recordedStream({ limits });
    recorded.reader.write(header + start);
    const piece = fill.repeat(size);
    for (let written = 0; written < bytes; written += size) recorded.reader.write(piece);
    return recorded;
  }
  for (const [name, start] of Object.entries(endless)) {
    test(`A4 unclosed ${name} is linear`, () => {
      for (const size of ["text", "attribute", "tag"].includes(name) ? [1, 13, 4096] : [13, 4096]) {
        const { reader } = write(start, filler[name] ?? "x", size);
        assert.ok(reader.scanned < bytes * 1.1, `${reader.scanned} characters looked at in pieces of ${size}`);
        assert.ok(reader.bytesBuffered >= bytes && reader.bytesBuffered < bytes * 1.1);
      }
    });
  }
  test("A4 a stanza of many small tokens is linear in pieces of one byte", () => {
    const input = `${header}<a>${"<b c='d'>e</b>".repeat(10_000)}</a>`;
    const { reader, elements } = recordedStream({ limits: unboundedXmlLimits });
    for (const piece of input) reader.write(piece);
    assert.equal(elements[0]?.elements().length, 10_000);
    assert.ok(reader.scanned < input.length * 10, `${reader.scanned} of ${input.length}`);
  });
  test("A4 many elements in one chunk are linear", () => {
    const input = header + "<a/>".repeat(100_000);
    const { reader } = recordedStream();
    reader.write(input);
    assert.ok(reader.scanned <= input.length, `${reader.scanned} of ${input.length}`);
  });
  test("A4 by default the peer is told long before", () => {
    const { reader, events } = recordedStream();
    reader.write(`${header}<a b='`);
    const piece = "x".repeat(4096);
    for (let written = 0; written <= defaultXmlLimits.elementBytesMax; written += 4096) reader.write(piece);
    assert.deepEqual(events.at(-1), { failed: "policy-violation", text: "elementBytesMax exceeded" });
    assert.equal(reader.bytesBuffered, 0);
  });
  test("A4 a header that never ends is bounded", () => {
    for (const start of ["", "<?xml version='1.0' ", "<stream:stream ", "<stream:stream a='"]) {
      const { reader, events } = recordedStream();
      reader.write(start);
      for (let written = 0; written <= defaultXmlLimits.headerBytesMax; written += 64) reader.write(" ".repeat(64));
      assert.deepEqual(events, [{ failed: "policy-violation", text: "headerBytesMax exceeded" }], start);
    }
  });
});

suite("A5 depth is no recursion", () => {
  const depth = 200_000;
  const text = "<a>".repeat(depth) + "</a>".repeat(depth);
  const limits = unboundedXmlLimits;
  test("A5 deep trees are read, compared, written and copied out", () => {
    const deep = parseElement(text, "", { limits });
    const other = parseElement(text.replaceAll(">", " >"), "", { limits });
    assert.ok(equalElements(deep, other));
    assert.equal(serialize(deep, ""), text);
    assert.equal(other.canonical, false);
    assert.equal(serializeBytes(other, "").length, text.length - 3);
    assert.ok(equalElements(copyOut(deep), other));
  });
  test("A5 deep trees that were built are written and compared", () => {
    const build = (): XmlElement => {
      let element = xml("", "a");
      for (let level = 1; level < depth; level++) element = xml("", "a", {}, element);
      return element;
    };
    assert.equal(serialize(build(), "").length, text.length - 3);
    assert.ok(equalElements(build(), build()));
  });
  test("A5 by default the peer is told at depth 65", () => {
    assert.match(faultOf([header + "<a>".repeat(65)]), /depthMax/);
  });
});

test("A17 a stream that ends in mid-character has no element, and goes on when the rest comes", () => {
  const { reader, elements } = recordedStream();
  const bytes = toBytes("<a b='😀'>😀</a>");
  reader.write(header);
  for (const byte of bytes) {
    assert.equal(elements.length, 0);
    reader.write(byte);
  }
  assert.equal(elements[0]?.text, "😀");
  assert.equal(elements[0]?.attr("b"), "😀");
});

suite("A18 what one parser reads differently from another is never passed on", () => {
  /** Not in our own form: allowed, but written anew. */
  const rewritten: readonly (readonly [string, string])[] = [
    ["<a><![CDATA[<b/>]]></a>", "<a>&lt;b/&gt;</a>"],
    ["<a>&#60;b/></a>", "<a>&lt;b/&gt;</a>"],
    ["<a><b c='>'/></a>", "<a><b c='&gt;'/></a>"],
    ["<a><b c='&#39;'/></a>", "<a><b c='&apos;'/></a>"],
    ["<a><b\nc='d'/></a>", "<a><b c='d'/></a>"],
    ["<a><b  c='d'/></a>", "<a><b c='d'/></a>"],
    ["<a><b c ='d'/></a>", "<a><b c='d'/></a>"],
    ["<a><b c= 'd'/></a>", "<a><b c='d'/></a>"],
    ["<a><b></b ></a>", "<a><b/></a>"],
    ["<a><b c='d' ></b></a>", "<a><b c='d'/></a>"],
    ["<a><b c='d\te'/></a>", "<a><b c='d e'/></a>"],
    ["<a>b\rc</a>", "<a>b\nc</a>"],
    ["<a><p:b xmlns:p='u'/></a>", "<a><b xmlns='u'/></a>"],
    ["<a><b xmlns:p='u' p:c='d'/></a>", "<a><b xmlns:ns1='u' ns1:c='d'/></a>"],
    ["<a><b xmlns:p='u'/></a>", "<a><b/></a>"],
    ["<a><stream:b/></a>", "<a><stream:b/></a>"],
    ["<a><b xmlns='jabber:client'/></a>", "<a><b/></a>"],
    [
      "<a><b xmlns='u'><c xmlns='jabber:client'><d xmlns='jabber:client'/></c></b></a>",
      "<a><b xmlns='u'><c xmlns='jabber:client'><d/></c></b></a>",
    ],
  ];
  for (const [read, written] of rewritten) {
    test(`A18 ${JSON.stringify(read)} is written anew`, () => {
      const element = parseElement(read);
      assert.equal(element.canonical, false);
      assert.equal(serialize(element), written);
      assert.equal(serializeBytes(withAttributes(element, { from: "x" })), written.replace("<a", "<a from='x'"));
    });
  }
  const passed = [
    "<a>b &lt;c&gt; &amp; &apos;d&quot; > e</a>",
    "<a b='c' d=\"e'f\"><g/><h /> <i xmlns='u'>j</i></a>",
    "<a xml:lang='de'><b xmlns='u'><c xmlns='jabber:client'/></b></a>",
    "<a>\n\t<b></b>\n</a>",
  ];
  for (const text of passed) {
    test(`A18 ${JSON.stringify(text)} is in our own form and is passed on`, () => {
      const element = parseElement(text);
      assert.equal(element.canonical, true);
      assert.equal(serialize(element), text);
      assert.equal(serializeBytes(withAttributes(element, { from: "x" })).replace(" from='x'", ""), text);
    });
  }
  test("A18 the expat namespace separator is only a character (CVE-2022-25236)", () => {
    assert.match(faultOf([`${header}<a xmlns='u\u000cv'/>`]), /^not-well-formed/);
    assert.equal(parseElement("<a xmlns='u\nv'/>").ns, "u v");
  });
  test("A18 a sequence that is no UTF-8 cannot swallow markup", () => {
    assert.match(faultOf([`${header}<a>\xe0</a><b>`]), /^unsupported-encoding/);
    assert.match(faultOf([`${header}<a b='\xf0'>'/></a>`]), /^unsupported-encoding/);
  });
});

suite("A20 what XML does not allow is never written", () => {
  const forbidden = ["\u0000", "\u0008", "\u000b", "\u001f", "\ufffe", "\uffff", "\ud800", "\udc00x"];
  for (const text of forbidden) {
    test(`A20 ${JSON.stringify(text)} [rfc6120-11.3-01]`, () => {
      assert.throws(() => serialize(xml("u", "a", {}, text)), XmlError);
      assert.throws(() => serializeBytes(xml("u", "a", { b: text })), XmlError);
      assert.throws(() => serialize(xml(text, "a")), XmlError);
      assert.throws(() => serialize(xml("u", "a", { [`{${text}}b`]: "c" })), XmlError);
      assert.equal(parseElement(serialize(xml("u", "a", {}, toXmlText(text)))).text, text.replace(/^./s, "\ufffd"));
    });
  }
  for (const name of [
    "!--x--",
    "?x",
    "!DOCTYPE",
    "",
    "a b",
    "a>",
    "a/",
    "1",
    "-a",
    "a:b",
    ":a",
    "a'",
    "á\u0000",
    "\ud800",
    "a=",
  ]) {
    test(`A20 the name ${JSON.stringify(name)} [rfc6120-11.1-02] [rfc6120-11.3-01]`, () => {
      assert.throws(() => serialize(xml("u", name)), XmlError);
      assert.throws(() => serialize(xml("u", "a", { [name]: "b" })), XmlError);
      assert.throws(() => serialize(xml("u", "a", { [`{u}${name}`]: "b" })), XmlError);
    });
  }
  test("A20 namespaces that cannot be declared [rfc6120-11.3-03]", () => {
    assert.throws(() => serialize(xml("http://www.w3.org/2000/xmlns/", "a")), XmlError);
    assert.throws(() => serialize(xml("u", "a", { xmlns: "v" })), XmlError);
    assert.throws(() => serialize(xml("u", "a", { "xmlns:p": "v" })), XmlError);
    assert.throws(() => serialize(xml("u", "a", { "{}b": "c" })), XmlError);
    assert.throws(() => serialize(xml("u", "a", { "{http://www.w3.org/2000/xmlns/}b": "c" })), XmlError);
  });
});

test("nothing is decoded until it is asked for", () => {
  const asked: string[] = [];
  const element = parseElement(toBytes("<a b='ü'>ü&amp;ß</a>"), "", {
    decodeUtf8: (bytes) => {
      asked.push(bytes);
      return decodeUtf8(bytes);
    },
  });
  assert.deepEqual(asked, []);
  assert.equal(element.text, "ü&ß");
  assert.deepEqual(asked, [toBytes("ü&amp;ß")]);
});
