import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { XmlError } from "./fault.ts";
import { parseElement } from "./read.ts";
import { decodeUtf8 } from "./recorded-stream.ts";
import { TagPool, unpooled } from "./tag-pool.ts";

test("a pool gives what stands in the text, whatever it holds", () => {
  const text = Array.from({ length: 3000 }, (_, index) => `name-${index * 7919}`).join("");
  for (const pool of [new TagPool(0), new TagPool(4), unpooled]) {
    for (let start = 0; start < text.length; start += 3) {
      for (const length of [0, 1, 2, 7, 12, 13, 30, 128, 129, 200]) {
        const end = Math.min(start + length, text.length);
        assert.equal(pool.take(text, start, end), text.slice(start, end));
      }
    }
  }
});

suite("a head that has been met before", () => {
  // One slot: what is added last is what is found.
  const pool = new TagPool(0);
  const read = (text: string): readonly [string, string, ...unknown[]] => {
    const element = parseElement(text, "", { pool });
    return [element.ns, element.name, ...element.attributes];
  };
  test("is read as it was the first time", () => {
    for (let time = 0; time < 3; time++) {
      assert.deepEqual(read("<active xmlns='urn:example:1'/>"), ["urn:example:1", "active"]);
      assert.deepEqual(read("<active xmlns='urn:example:1' a='b'></active>"), ["urn:example:1", "active", ["a", "b"]]);
      assert.deepEqual(read('<active xmlns="urn:example:1" a="b"/>'), ["urn:example:1", "active", ["a", "b"]]);
      assert.deepEqual(read("<active xmlns='urn:example:2'/>"), ["urn:example:2", "active"]);
      assert.deepEqual(read("<actife xmlns='urn:example:1'/>"), ["urn:example:1", "actife"]);
      assert.deepEqual(read("<active xmlns=''/>"), ["", "active"]);
    }
  });
  test("does not excuse what comes after it", () => {
    read("<active xmlns='urn:example:1'/>");
    for (const rest of [" xmlns='u'/>", "a='b'/>", " a='b' a='c'/>", " a/>", "x"]) {
      assert.throws(() => read(`<active xmlns='urn:example:1'${rest}`), XmlError, rest);
    }
  });
  test("counts as an attribute", () => {
    for (let time = 0; time < 2; time++) {
      const limits = { attributesMax: 1 };
      assert.equal(parseElement("<a xmlns='urn:example:1'/>", "", { pool, limits }).ns, "urn:example:1");
      assert.throws(() => parseElement("<a xmlns='urn:example:1' b=''/>", "", { pool, limits }), /attributesMax/);
    }
  });
  test("obeys the bound on names of the stream that reads it", () => {
    read("<activeactive xmlns='urn:example:1'/>");
    const limits = { nameLengthMax: 11 };
    assert.throws(() => parseElement("<activeactive xmlns='urn:example:1'/>", "", { pool, limits }), /nameLengthMax/);
  });
  test("keeps its references, white space and > from being taken for what they are not", () => {
    for (let time = 0; time < 2; time++) {
      assert.deepEqual(read("<active xmlns='urn:&lt;:1'/>"), ["urn:<:1", "active"]);
      assert.deepEqual(read("<active xmlns='urn:\t:1'/>"), ["urn: :1", "active"]);
      assert.equal(parseElement("<active xmlns='urn:>:1'/>", "", { pool }).canonical, false);
      assert.equal(parseElement("<active xmlns='urn:?:1'/>", "", { pool }).canonical, true);
    }
  });
  test("A17 of a UTF-16 stream is no way round the checks of a byte stream", () => {
    assert.equal(parseElement("<active xmlns='urn:example:\u00e9'/>", "", { pool }).ns, "urn:example:\u00e9");
    assert.throws(() => parseElement("<active xmlns='urn:example:\xe9'/>", "", { pool, decodeUtf8 }), XmlError);
    assert.equal(parseElement("<active xmlns='urn:example:\xc3\xa9'/>", "", { pool, decodeUtf8 }).ns, "urn:example:é");
    assert.equal(parseElement("<active xmlns='urn:example:\u00c3\u00a9'/>", "", { pool }).ns, "urn:example:Ã©");
  });
});
