import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { asPasswordError } from "#protocol/stanza/password-error.ts";
import { chooseChild, isLanguageTag } from "#protocol/stanza/language.ts";
import { readIq } from "#protocol/stanza/iq.ts";
import { messageTypeOf } from "#protocol/stanza/message-type.ts";
import { presenceTypeOf } from "#protocol/stanza/presence-type.ts";
import { StanzaError, buildStanzaError, errorReply, readStanzaError } from "#protocol/stanza/stanza-error.ts";
import { isStanza } from "#protocol/stanza/stanza-kind.ts";
import { readSaslReply, readSaslRequest } from "#protocol/stream/sasl-elements.ts";
import { buildSm, readSm } from "#protocol/stream/sm/elements.ts";
import { buildStreamError, isStreamError, readStreamError } from "#protocol/stream/stream-error.ts";
import { LegacyAuth } from "#protocol/stream/legacy-auth-elements.ts";
import { type ElementDefinition, ShapeError } from "#protocol/xml/element-schema.ts";
import { type XmlElement, equalElements } from "#protocol/xml/element.ts";
import { XmlError } from "#protocol/xml/fault.ts";
import { NS_SASL, NS_SM } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { phrasesOf, searchWordsMax } from "#kit/search-words.ts";
import { Info } from "#xep/0030-disco/elements.ts";
import { Query as RegistrationQuery } from "#xep/0077-registration/elements.ts";
import { applicantOf } from "#xep/0077-registration/registration-form.ts";
import { Caps, verificationString, verifyCaps } from "#xep/0115-entity-caps/elements.ts";
import { Query as ArchiveQuery } from "#xep/0313-archive/elements.ts";
import { readFilter } from "#xep/0313-archive/query-form.ts";
import { readsOn } from "#xep/0313-archive/reading.ts";
import { decodeUtf8 } from "../engine/byte-strings.ts";
import { root } from "../engine/instrumented-imports.ts";
import { xmlMutations } from "../engine/mutate-xml.ts";
import { fuzzTarget } from "../engine/target.ts";
import { documents } from "../xml-inputs.ts";

/** Every element that a feature declares, and those of streams. */
const definitions: readonly ElementDefinition<unknown>[] = [LegacyAuth, ...(await declaredElements())];

export const target = fuzzTarget({
  summary:
    "every declared element is read or refused as it may be, and what was read is written and read again as the same",
  bytesMax: 4_096,
  roundExecutions: 600_000,
  words: [
    "urn:ietf:params:xml:ns:xmpp-stanzas",
    "urn:ietf:params:xml:ns:xmpp-streams",
    "<text xml:lang='en'>t</text>",
    "<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>",
    "<error type='cancel'>",
    "</error>",
    " type='error'",
    "2026-01-02T03:04:05Z",
    "2026-01-02T03:04:05.678+02:00",
    " code='404'",
    " jid='a@b/c'",
    " h='4294967295'",
    " order='1'",
    "<field var='start'><value>2026-01-02T03:04:05Z</value></field>",
    "<field var='end'><value>2026-01-02T03:04:05Z</value></field>",
    "<field var='with'><value>a@b/c</value></field>",
    "<field var='ids'><value>1</value><value>2</value></field>",
    "<field var='before-id'><value>1</value></field>",
    "<field var='include-groupchat'><value>true</value></field>",
    "<field var='{urn:xmpp:fulltext:0}fulltext'><value>rose &quot;by any&quot; 東京</value></field>",
    "<field var='username'><value>juliet</value></field>",
    "<field var='password'><value>r0m30</value></field>",
    "true",
    "1",
    ...definitions.map(({ name, ns }) => `<${name} xmlns='${ns}'/>`),
  ],
  seeds: [
    ...documents.slice(0, 3),
    ...definitions.map(({ name, ns }) => `<${name} xmlns='${ns}'/>`),
    ...[
      "enable",
      "enabled id='a' resume='true'",
      "resume previd='a' h='1'",
      "resumed previd='a' h='1'",
      "failed h='1'",
      "r",
      "a h='1'",
    ].map((tag) => `<${tag.replace(/ |$/u, " xmlns='urn:xmpp:sm:3' ")}/>`),
    "<iq type='error' id='1' from='a@b' to='c@d'><error type='cancel' code='404'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>t</text></error></iq>",
    "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/><text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>t</text></stream:error>",
    "<query xmlns='http://jabber.org/protocol/disco#info' node='n'><identity category='client' type='pc' name='x' xml:lang='en'/><feature var='a'/><x xmlns='jabber:x:data' type='result'><field var='FORM_TYPE' type='hidden'><value>f</value></field><field var='b'><value>c</value></field></x></query>",
    "<query xmlns='jabber:iq:roster'><item jid='a@b' name='n' subscription='both' ask='subscribe'><group>g</group></item></query>",
    "<query xmlns='jabber:iq:privacy'><list name='l'><item type='jid' value='a@b' action='deny' order='1'><message/><iq/></item></list></query>",
    "<query xmlns='urn:xmpp:mam:2' queryid='q'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>urn:xmpp:mam:2</value></field><field var='with'><value>a@b</value></field></x><set xmlns='http://jabber.org/protocol/rsm'><max>10</max><after>1</after></set><flip-page/></query>",
    "<query xmlns='jabber:iq:register'><x xmlns='jabber:x:data' type='submit'><field var='FORM_TYPE' type='hidden'><value>jabber:iq:register</value></field><field var='username'><value>juliet</value></field><field var='password'><value>r0m30</value></field></x></query>",
    "<delay xmlns='urn:xmpp:delay' from='a' stamp='2026-01-02T03:04:05Z'>why</delay>",
    "<failure xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><not-authorized/><text>t</text></failure>",
  ],
  mutations: xmlMutations,
  run: (input) => {
    const element = elementOf(input);
    if (element === undefined) return;
    for (const definition of definitions) if (definition.is(element)) checkDefinition(definition, element);
    if (isStanza(element)) checkStanza(element);
    if (isStreamError(element)) checkStreamError(element);
    if (element.ns === NS_SM) checkSm(element);
    if (element.ns === NS_SASL) {
      readSaslReply(element);
      readSaslRequest(element);
    }
    if (Info.is(element)) checkCaps(element);
    if (ArchiveQuery.is(element)) checkArchiveQuery(element);
    if (RegistrationQuery.is(element)) orRefused(() => applicantOf(RegistrationQuery.parse(element)));
  },
});

async function declaredElements(): Promise<readonly ElementDefinition<unknown>[]> {
  const found: ElementDefinition<unknown>[] = [];
  for (const room of ["im", "xep"])
    for (const folder of readdirSync(join(root, room)).toSorted()) {
      if (!readdirSync(join(root, room, folder)).includes("elements.ts")) continue;
      const exported: Readonly<Record<string, unknown>> = await import(`#${room}/${folder}/elements.ts`);
      found.push(...Object.values(exported).filter(isDefinition));
    }
  return found;
}

function isDefinition(value: unknown): value is ElementDefinition<unknown> {
  return typeof value === "object" && value !== null && "parse" in value && "build" in value && "within" in value;
}

function checkDefinition(definition: ElementDefinition<unknown>, element: XmlElement): void {
  const value = orRefused(() => definition.parse(element));
  if (value === undefined) return;
  const built = definition.build(value);
  assert.deepEqual(plainly(definition.parse(built)), plainly(value));
  checkWritten(built);
}

/** Elements within a value are compared by what they say. */
function plainly(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, part: unknown) => {
      const isElement = typeof part === "object" && part !== null && "ns" in part && "children" in part;
      return isElement ? "an element" : part;
    }),
  );
}

function checkWritten(element: XmlElement): void {
  assert.ok(equalElements(parseElement(serialize(element)), element), "written and read again it is another element");
}

function checkStanza(element: XmlElement): void {
  const iq = orRefused(() => readIq(element));
  if (iq !== undefined) assert.equal(typeof iq, "object");
  messageTypeOf(element);
  presenceTypeOf(element);
  const error = readStanzaError(element);
  asPasswordError(error);
  // Who writes an error has to say what went wrong; who reads one takes what comes.
  if (error.condition !== "undefined-condition" || error.specific !== undefined) checkWritten(buildStanzaError(error));
  const reply = errorReply(element, new StanzaError("conflict"));
  if (reply !== undefined) checkWritten(reply);
  const language = element.attr("xml:lang");
  if (language !== undefined) isLanguageTag(language);
  chooseChild(element, "jabber:client", "body", "en");
}

function checkStreamError(element: XmlElement): void {
  const error = readStreamError(element);
  if (error.condition !== "undefined-condition" || error.specific !== undefined) checkWritten(buildStreamError(error));
}

function checkSm(element: XmlElement): void {
  const read = readSm(element);
  if (read.type === "malformed") return;
  const built = buildSm(read);
  assert.deepEqual(plainly(readSm(built)), plainly(read));
  checkWritten(built);
}

function checkCaps(element: XmlElement): void {
  const info = orRefused(() => Info.parse(element));
  if (info === undefined) return;
  const ver = verificationString(info);
  const verdict = verifyCaps(Caps.parse(Caps.build({ hash: "sha-1", node: "n", ver })), info);
  assert.ok(verdict === "verified" || verdict === "ill-formed", verdict);
}

/** What is asked of an archive is read within bounds, or refused. */
function checkArchiveQuery(element: XmlElement): void {
  const query = orRefused(() => ArchiveQuery.parse(element));
  const filter = query === undefined ? undefined : orRefused(() => readFilter(query.form));
  if (query === undefined || filter === undefined) return;
  assert.equal(typeof readsOn(query), "boolean");
  for (const time of [filter.start, filter.end]) assert.ok(time === undefined || Number.isSafeInteger(time));
  assert.equal(new Set(filter.ids).size, filter.ids?.length ?? 0);
  const words = (phrasesOf(filter.text ?? "") ?? assert.fail("a search beyond the bounds")).flat();
  assert.ok(words.length <= searchWordsMax);
}

function elementOf(input: string): XmlElement | undefined {
  try {
    return parseElement(input, "jabber:client", { decodeUtf8 });
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
}

function orRefused<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof ShapeError || error instanceof StanzaError) return undefined;
    throw error;
  }
}
