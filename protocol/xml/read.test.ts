import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { XmlError } from "./fault.ts";
import { type StreamContext, XmlStreamReader, parseElement } from "./read.ts";
import { type StreamEvent, decodeUtf8, eventsOf, header, plain, recordedStream, toBytes } from "./recorded-stream.ts";

const open = "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";

/** What the events are, without what is in them. */
function kinds(events: readonly StreamEvent[]): readonly string[] {
  return events.map((event) => ("failed" in event ? event.failed : (Object.keys(event)[0] ?? "")));
}

const openings: readonly { readonly name: string; readonly input: string; readonly events: readonly string[] }[] = [
  { name: "a header without XML declaration", input: open, events: ["opened"] },
  { name: "a declaration in double quotation marks", input: `<?xml version="1.0"?>${open}`, events: ["opened"] },
  { name: "a declaration with encoding", input: `<?xml version='1.0' encoding='utf-8'?>\n${open}`, events: ["opened"] },
  {
    name: "a standalone declaration is ignored [rfc6120-11.5-04]",
    input: `<?xml version='1.0' standalone='no'?>${open}`,
    events: ["opened"],
  },
  { name: "white space before the header", input: ` \r\n${open}`, events: ["opened"] },
  {
    name: "another encoding [rfc6120-11.6-02] [rfc6120-11.6-03]",
    input: `<?xml version='1.0' encoding='UTF-16'?>${open}`,
    events: ["unsupported-encoding"],
  },
  { name: "XML 1.1", input: `<?xml version='1.1'?>${open}`, events: ["not-well-formed"] },
  {
    name: "a declaration without version [rfc6120-11.5-02]",
    input: `<?xml encoding='UTF-8'?>${open}`,
    events: ["not-well-formed"],
  },
  {
    name: "a declaration with something else",
    input: `<?xml version='1.0' colour='red'?>${open}`,
    events: ["not-well-formed"],
  },
  {
    name: "a declaration whose parts are in another order",
    input: `<?xml encoding='UTF-8' version='1.0'?>${open}`,
    events: ["not-well-formed"],
  },
  {
    name: "white space before a declaration [rfc6120-11.1-03]",
    input: ` <?xml version='1.0'?>${open}`,
    events: ["restricted-xml"],
  },
  {
    name: "a second declaration",
    input: `<?xml version='1.0'?><?xml version='1.0'?>${open}`,
    events: ["restricted-xml"],
  },
  {
    name: "another instruction [rfc6120-11.1-01] [rfc6120-11.1-03]",
    input: `<?xml-stylesheet href='x'?>${open}`,
    events: ["restricted-xml"],
  },
  {
    name: "A1 a DTD before the header",
    input: `<!DOCTYPE stream [<!ENTITY a 'aaaa'>]>${open}`,
    events: ["restricted-xml"],
  },
  { name: "a byte order mark [rfc6120-11.6-05]", input: `\ufeff${open}`, events: ["not-well-formed"] },
  { name: "another protocol", input: "GET / HTTP/1.1\r\n", events: ["not-well-formed"] },
  { name: "an end tag first", input: "</stream:stream>", events: ["not-well-formed"] },
  { name: "a prefix that is not bound", input: "<stream:stream xmlns='jabber:client'>", events: ["not-well-formed"] },
  { name: "a stream that is empty", input: open.replace(">", "/>"), events: ["opened", "closed"] },
  { name: "a stream that closes", input: `${open}</stream:stream>`, events: ["opened", "closed"] },
  { name: "a stream that closes with white space", input: `${open} </stream:stream\n>`, events: ["opened", "closed"] },
  { name: "a stream that closes under another name", input: `${open}</stream>`, events: ["opened", "not-well-formed"] },
  {
    name: "what comes after the end is not read",
    input: `${open}</stream:stream><a/>\u0000`,
    events: ["opened", "closed"],
  },
  { name: "what comes after a fault is not read", input: `${open}<a></b><a/>`, events: ["opened", "not-well-formed"] },
];

suite("a stream opens and closes, however it is cut", () => {
  for (const { name, input, events } of openings) {
    test(name, () => {
      const bytes = toBytes(input);
      assert.deepEqual(kinds(eventsOf([bytes])), events);
      assert.deepEqual(kinds(eventsOf(bytes)), events, "in pieces of one byte");
      assert.deepEqual(kinds(eventsOf([input], { input: "utf16" })), events, "as UTF-16");
    });
  }
});

function contextOf(input: string): StreamContext | undefined {
  let found: StreamContext | undefined;
  const reader = new XmlStreamReader(
    {
      streamOpened: (_, context) => (found = context),
      elementRead: () => undefined,
      streamClosed: () => undefined,
      failed: () => undefined,
    },
    { input: "bytes", decodeUtf8 },
  );
  reader.write(input);
  return found;
}

test("the header tells its content namespace, its prefix and the prefixes it declares", () => {
  assert.deepEqual(
    contextOf(
      "<s:stream xmlns='jabber:server' xmlns:s='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback'>",
    ),
    {
      contentNamespace: "jabber:server",
      prefix: "s",
      prefixes: new Map([
        ["db", "jabber:server:dialback"],
        ["s", "http://etherx.jabber.org/streams"],
      ]),
    },
  );
  assert.deepEqual(contextOf("<stream xmlns='http://etherx.jabber.org/streams'>"), {
    contentNamespace: "http://etherx.jabber.org/streams",
    prefix: "",
    prefixes: new Map(),
  });
});

test("another element than a stream opens it as well: what to answer is not ours to know [rfc6120-4.8.1-02]", () => {
  const events = eventsOf(["<stream xmlns='urn:x'>"]);
  assert.deepEqual(events, [{ opened: { name: "{urn:x}stream", attributes: {}, children: [] } }]);
});

suite("the content namespace of the wire", () => {
  const server = open.replace("jabber:client", "jabber:server");
  const options = { contentNamespace: "jabber:server" } as const;
  const read = (text: string): readonly StreamEvent[] => eventsOf([server + text], options).slice(1);
  const leaf = (name: string): unknown => ({ name, attributes: {}, children: [] });

  test("is read as jabber:client", () => {
    assert.deepEqual(read("<message><body/></message>"), [
      { element: { name: "{jabber:client}message", attributes: {}, children: [leaf("{jabber:client}body")] } },
    ]);
  });
  test("is read as jabber:client where a stanza declares it", () => {
    assert.deepEqual(read("<message xmlns='jabber:server'><body xmlns='jabber:server'/></message>"), [
      { element: { name: "{jabber:client}message", attributes: {}, children: [leaf("{jabber:client}body")] } },
    ]);
  });
  test("stays what it is inside of an extension (RFC 6120 §4.8.3)", () => {
    assert.deepEqual(
      read("<message><x xmlns='u'><message xmlns='jabber:server'/><iq xmlns='jabber:client'/></x></message>"),
      [
        {
          element: {
            name: "{jabber:client}message",
            attributes: {},
            children: [
              { name: "{u}x", attributes: {}, children: [leaf("{jabber:server}message"), leaf("{jabber:client}iq")] },
            ],
          },
        },
      ],
    );
  });
  test("cannot be jabber:client between servers [rfc6120-4.8.3-04]", () => {
    assert.deepEqual(kinds(read("<message xmlns='jabber:client'/>")), ["invalid-namespace"]);
  });
  test("and what a user of theirs declares so in a stanza does not end the stream that many share", () => {
    assert.deepEqual(read("<message><body xmlns='jabber:client'/></message>"), [
      { element: { name: "{jabber:client}message", attributes: {}, children: [leaf("{jabber:client}body")] } },
    ]);
  });
  test("has no prefix [rfc6120-4.8.5-04]", () => {
    assert.deepEqual(kinds(read("<s:message xmlns:s='jabber:server'/>")), ["bad-namespace-prefix"]);
  });
  test("of another stream is left alone", () => {
    assert.deepEqual(eventsOf([`${open}<message xmlns='jabber:server'/>`]).slice(1), [
      { element: leaf("{jabber:server}message") },
    ]);
  });
});

test("white space between stanzas keeps the stream alive, and is told once a chunk [rfc6120-11.7-01]", () => {
  let told = 0;
  const ignore = (): void => undefined;
  const reader = new XmlStreamReader(
    { streamOpened: ignore, elementRead: ignore, streamClosed: ignore, failed: ignore, keepAlive: () => told++ },
    { input: "bytes", decodeUtf8 },
  );
  reader.write(header);
  assert.equal(told, 0);
  reader.write(" ");
  assert.equal(told, 1);
  reader.write(" \n\t\r ");
  assert.equal(told, 2);
  reader.write("<a> </a>");
  assert.equal(told, 2, "white space in a stanza is its own");
  assert.equal(reader.bytesBuffered, 0);
});

suite("pause, resume, restart and drop", () => {
  test("a paused reader keeps what it has, and goes on when resumed", () => {
    const { reader, events } = recordedStream();
    reader.write(header);
    reader.pause();
    reader.write("<a/>");
    reader.write("<b/><c");
    assert.deepEqual(kinds(events), ["opened"]);
    assert.equal(reader.bytesBuffered, 10);
    reader.resume();
    assert.deepEqual(kinds(events), ["opened", "element", "element"]);
    reader.write("/>");
    assert.deepEqual(kinds(events), ["opened", "element", "element", "element"]);
  });

  /** Writes the input with a handler that does something at the first element of that name. */
  function during(name: string, act: (reader: XmlStreamReader) => void, pieces: readonly string[]): readonly string[] {
    const events: string[] = [];
    const reader: XmlStreamReader = new XmlStreamReader(
      {
        streamOpened: () => events.push("opened"),
        elementRead: (element) => {
          events.push(element.name);
          if (element.name === name) act(reader);
        },
        streamClosed: () => events.push("closed"),
        failed: ({ condition }) => events.push(condition),
      },
      { input: "bytes", decodeUtf8 },
    );
    for (const piece of pieces) reader.write(piece);
    return events;
  }

  const pipelined = `${header}<auth/>${header}<iq/>`;
  const cuts = [[pipelined], pipelined.split("")];

  for (const pieces of cuts) {
    const how = pieces.length === 1 ? "in one piece" : "in pieces of one byte";
    test(`pause in a callback holds the next element back, ${how}`, () => {
      assert.deepEqual(
        during("auth", (reader) => reader.pause(), pieces),
        ["opened", "auth"],
      );
    });
    test(`pause and resume in a callback change nothing, ${how}`, () => {
      const act = (reader: XmlStreamReader): void => {
        reader.pause();
        reader.resume();
      };
      assert.deepEqual(during("a", act, `${header}<a/><b/>`.split("")), ["opened", "a", "b"]);
    });
    test(`restart expects a header and keeps the input [rfc6120-4.3.3-02], ${how}`, () => {
      assert.deepEqual(
        during("auth", (reader) => reader.restart(), pieces),
        ["opened", "auth", "opened", "iq"],
      );
    });
    test(`without restart a second declaration is refused, ${how}`, () => {
      assert.deepEqual(
        during("auth", () => undefined, pieces),
        ["opened", "auth", "restricted-xml"],
      );
    });
  }
  test("A21 drop throws the rest of the input away", () => {
    const act = (reader: XmlStreamReader): void => reader.drop();
    assert.deepEqual(during("starttls", act, [`${header}<starttls/><smuggled/>`, `${header}<a/>`]), [
      "opened",
      "starttls",
      "opened",
      "a",
    ]);
  });
  test("A21 drop throws away what waits while paused", () => {
    const { reader, events } = recordedStream();
    reader.write(header);
    reader.pause();
    reader.write("<smuggled/><smug");
    reader.drop();
    assert.equal(reader.bytesBuffered, 0);
    reader.resume();
    reader.write(`${header}<a/>`);
    assert.deepEqual(kinds(events), ["opened", "opened", "element"]);
  });
  test("white space after the last element of a stream may precede the next declaration", () => {
    assert.deepEqual(
      during("auth", (reader) => reader.restart(), [`${header}<auth/>\n${header}<a/>`]),
      ["opened", "auth", "opened", "a"],
    );
  });
  test("a header that has begun when the reader restarts is that of the new stream", () => {
    for (let cut = 1; cut < open.length; cut++) {
      const { reader, events } = recordedStream();
      reader.write(`${header}<auth/>`);
      reader.write(open.slice(0, cut));
      reader.restart();
      reader.write(open.slice(cut));
      reader.write("<a/>");
      assert.deepEqual(kinds(events), ["opened", "element", "opened", "element"], `cut at ${cut}`);
    }
  });
  test("writing in a callback comes after what is being read", () => {
    assert.deepEqual(
      during("a", (reader) => reader.write("<c/>"), [`${header}<a/><b/>`]),
      ["opened", "a", "b", "c"],
    );
  });
  test("prefixes of a header end with its stream [rfc6120-4.8.5-05]", () => {
    const first = open.replace(">", " xmlns:p='u'>");
    assert.deepEqual(
      during("auth", (reader) => reader.restart(), [`${first}<p:auth/>${open}<p:a/>`]),
      ["opened", "auth", "opened", "not-well-formed"],
    );
  });
  test("an exception of the handler passes, and the reader is as if it had returned", () => {
    const { reader, events } = recordedStream();
    let angry = true;
    const failing = new XmlStreamReader(
      {
        streamOpened: () => undefined,
        elementRead: (element) => {
          if (angry) throw new RangeError("no");
          events.push({ element: plain(element) });
        },
        streamClosed: () => undefined,
        failed: () => undefined,
      },
      { input: "bytes", decodeUtf8 },
    );
    assert.equal(reader.bytesBuffered, 0);
    assert.throws(() => failing.write(`${header}<a/><b/>`), RangeError);
    angry = false;
    failing.resume();
    assert.deepEqual(kinds(events), ["element"]);
  });
});

suite("parseElement", () => {
  test("reads one element with white space and a declaration around it", () => {
    assert.equal(parseElement("<?xml version='1.0'?>\n<a xmlns='u'>b</a>\n").ns, "u");
  });
  test("knows the default namespace of its place, and the prefix of streams", () => {
    assert.equal(parseElement("<a/>").ns, "jabber:client");
    assert.equal(parseElement("<a/>", "").ns, "");
    assert.equal(parseElement("<stream:a/>").ns, "http://etherx.jabber.org/streams");
    assert.throws(() => parseElement("<stream:a/>", ""), XmlError);
  });
  test("reads bytes", () => {
    assert.equal(parseElement("<a>\xc3\xbc</a>", "", { decodeUtf8 }).text, "ü");
  });
  for (const text of [
    "",
    " ",
    "a",
    "<a>",
    "<a/><b/>",
    "<a/>b",
    "<?xml version='1.0'?>",
    "<a/><!-- -->",
    "<a",
    "</a>",
  ]) {
    test(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseElement(text), XmlError));
  }
});
