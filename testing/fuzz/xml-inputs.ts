import { header } from "#protocol/xml/recorded-stream.ts";

/** Words of XML and of XMPP that inputs are made of. */
export const xmlWords: readonly string[] = [
  "<?xml version='1.0'?>",
  "<?xml version='1.0' encoding='UTF-8'?>",
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>",
  "</stream:stream>",
  "<message to='a@b/c' type='chat'>",
  "</message>",
  "<iq type='get' id='1'>",
  "</iq>",
  "<presence/>",
  "<body>",
  "</body>",
  "<a/>",
  " xmlns='u'",
  " xmlns=''",
  " xmlns:p='u'",
  " xmlns:p='u '",
  "&#xa0;",
  " xmlns:xml='http://www.w3.org/XML/1998/namespace'",
  " xml:lang='en'",
  " p:b='1'",
  "<p:a>",
  "</p:a>",
  "<![CDATA[",
  "]]>",
  "<!--",
  "-->",
  "<?",
  "?>",
  "<!DOCTYPE a [<!ENTITY b 'c'>]>",
  "&amp;",
  "&lt;",
  "&apos;",
  "&quot;",
  "&#10;",
  "&#x1F600;",
  "&#xD800;",
  "&b;",
  "\r\n",
  "\ufeff",
  "\ufffe",
  "é",
  "😀",
];

/** Documents that have a bit of everything, good and bad. */
export const documents: readonly string[] = [
  "<message to='a@b/c' type='chat' xml:lang='en'><body>Grüße &amp; 😀</body><x xmlns='u'/></message>",
  "<iq xmlns='jabber:client' type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
  "<iq type='result' id='1'><query xmlns='jabber:iq:roster' ver='7'><item jid='a@b' subscription='both'><group>x</group></item></query></iq>",
  "<a><![CDATA[<x/>]]]]><![CDATA[>]]>&#x1F600;&lt;</a>",
  "<p:a xmlns:p='u' p:b='1' c=\"'>'\"><p:d/></p:a >",
  "<имя été='ñ'>мир</имя>",
  "<a b = 'c'\n d='e&#10;\tf'>x\r\ny</a>",
  "<a><b><c><d><e xmlns='v'><f xmlns=''/></e></d></c></b></a>",
  "<a xmlns:p='u' xmlns:q='u' p:b='1' q:b='2'/>",
  "<a b='1' b='2'/>",
  "<a>]]></a>",
];

/** Marks an input that brings its own stream header. */
const wholeMark = "!";

/** The bytes of a stream: most inputs are only what comes behind its header. */
export function streamOf(input: string): string {
  return input.startsWith(wholeMark) ? input.slice(wholeMark.length) : header + input;
}

/** What {@link streamOf} makes streams of. */
export const streams: readonly string[] = [
  ...documents,
  `${documents[0] ?? ""} \n<presence/></stream:stream>`,
  "<a/>text",
  `${wholeMark}${header}<presence/>`,
  `${wholeMark}<stream:stream xmlns='jabber:server' xmlns:stream='http://etherx.jabber.org/streams' xmlns:db='jabber:server:dialback'><db:result/>`,
  `${wholeMark}<?xml version="1.0" encoding="utf-8" standalone='yes'?>\n<stream xmlns='http://etherx.jabber.org/streams'><message xmlns='jabber:client'/></stream>`,
  `${wholeMark}<open xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>`,
];
