/* What reading and writing XML costs, beside saxes without a tree. Prints microseconds an element; asserts nothing. */
import { SaxesParser } from "saxes";
import { copyOut } from "#protocol/xml/copy-out.ts";
import { type XmlElement, withAttributes } from "#protocol/xml/element.ts";
import { XmlStreamReader } from "#protocol/xml/read.ts";
import { serialize, serializeBytes } from "#protocol/xml/serialize.ts";

const roundMsMin = 400;

const header =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='example.org' version='1.0'>";

const stanzas = {
  simple:
    "<message to='juliet@example.org/balcony' type='chat' id='purple81ab2c'><body>Art thou not Romeo, and a Montague?</body></message>",
  chat:
    "<message to='juliet@capulet.example/balcony' type='chat' id='b3ac7e42-31f8-4c5d-9c1e-1f2a9d0c77e1' xml:lang='en'>" +
    "<body>Neither, fair saint, if either thee dislike.</body><active xmlns='http://jabber.org/protocol/chatstates'/>" +
    "<request xmlns='urn:xmpp:receipts'/><markable xmlns='urn:xmpp:chat-markers:0'/>" +
    "<origin-id xmlns='urn:xmpp:sid:0' id='b3ac7e42-31f8-4c5d-9c1e-1f2a9d0c77e1'/></message>",
  cyrillic:
    "<message to='juliet@example.org/balcony' type='chat' id='purple81ab2c'><body>О, говори ещё, светлый ангел, ибо ты сияешь над моей головой</body></message>",
  avatar: `<iq type='result' id='a1'><data xmlns='urn:xmpp:avatar:data'>${"iVBORw0KGgoAAAANSUhEUgAAAGAAAABg".repeat(1000)}</data></iq>`,
};

const decodeUtf8 = (bytes: string): string => Buffer.from(bytes, "latin1").toString("utf8");

function microseconds(each: number, round: () => void): number {
  for (let warm = 0; warm < 3; warm++) round();
  let best = Infinity;
  for (let attempt = 0; attempt < 3; attempt++) {
    let rounds = 0;
    const start = performance.now();
    while (performance.now() - start < roundMsMin) {
      round();
      rounds++;
    }
    best = Math.min(best, ((performance.now() - start) * 1000) / (rounds * each));
  }
  return best;
}

function reader(input: "bytes" | "utf16", elementRead: (element: XmlElement) => void): XmlStreamReader {
  const ignore = (): void => undefined;
  const failed = (fault: { readonly text: string }): void => {
    throw new Error(fault.text);
  };
  return new XmlStreamReader(
    { streamOpened: ignore, elementRead, streamClosed: ignore, failed },
    { input, decodeUtf8 },
  );
}

function measure(stanza: string): Record<string, number> {
  const bytes = Buffer.from(stanza).toString("latin1");
  const perChunk = Math.max(1, Math.floor(16_384 / bytes.length));
  const chunk = bytes.repeat(perChunk);
  const units = stanza.repeat(perChunk);
  let last: XmlElement | undefined;
  const fromBytes = reader("bytes", (element) => (last = element));
  fromBytes.write(header);
  const fromUnits = reader("utf16", (element) => (last = element));
  fromUnits.write(header);
  const saxes = new SaxesParser({ xmlns: true });
  saxes.write(header);
  // The adapter makes a new string of every read.
  const buffer = Buffer.from(chunk, "latin1");
  const result: Record<string, number> = {
    bytes: bytes.length,
    read: microseconds(perChunk, () => fromBytes.write(buffer.toString("latin1"))),
    "read utf16": microseconds(perChunk, () => fromUnits.write(units)),
    saxes: microseconds(perChunk, () => void saxes.write(units)),
  };
  fromBytes.write(bytes);
  const element = last;
  if (element === undefined) throw new Error("nothing was read");
  const out = Buffer.alloc(65_536);
  const each = 1000;
  const times = (work: () => void) => (): void => {
    for (let index = 0; index < each; index++) work();
  };
  const from = { from: "romeo@montague.example/orchard" };
  result["stamp+bytes"] = microseconds(
    each,
    times(() => out.write(serializeBytes(withAttributes(element, from)), "latin1")),
  );
  result["bytes again"] = microseconds(
    each,
    times(() => out.write(serializeBytes(element), "latin1")),
  );
  result["utf16"] = microseconds(
    each,
    times(() => out.write(serialize(element), "utf8")),
  );
  result["copyOut"] = microseconds(
    each,
    times(() => void copyOut(element)),
  );
  return result;
}

console.table(
  Object.fromEntries(
    Object.entries(stanzas).map(([name, stanza]) => [
      name,
      Object.fromEntries(Object.entries(measure(stanza)).map(([key, value]) => [key, Number(value.toFixed(3))])),
    ]),
  ),
);
