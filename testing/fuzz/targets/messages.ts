import assert from "node:assert/strict";
import { bareOf, domainOf, parseJid, type BareJid } from "#protocol/jid/jid.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import { equalElements, xml, type XmlElement } from "#protocol/xml/element.ts";
import { XmlError } from "#protocol/xml/fault.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { defaultXmlLimits } from "#protocol/xml/limits.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { hasPhrases, phrasesOf, searchedWordsMax } from "#kit/search-words.ts";
import type { Stanza } from "#kit/stanza.ts";
import { hasDelayBy, withoutForgedDelay } from "#im/messages/own-delay.ts";
import { isWorthKeeping } from "#im/messages/worth-keeping.ts";
import { DataForm } from "#xep/0004-data-forms/elements.ts";
import { isEligible, isForOccupant } from "#xep/0280-carbons/eligible.ts";
import { carbonOf, isCarbonPayload } from "#xep/0280-carbons/elements.ts";
import { forwardedStanza } from "#xep/0297-forwarding/elements.ts";
import { isArchivable } from "#xep/0313-archive/archivable.ts";
import { forbidsArchive, forbidsCopies } from "#xep/0334-hints/elements.ts";
import { mayWait } from "#xep/0352-client-state/may-wait.ts";
import { newsIn } from "#xep/0357-push/importance.ts";
import { excerptOf, summaryOf } from "#xep/0357-push/summary.ts";
import { stanzaIdBy, withoutStanzaIds, withStanzaId } from "#xep/0359-stanza-ids/elements.ts";
import { admitRemote } from "#server/s2s/admit-remote.ts";
import { searchableWords } from "#server/storage/text-terms.ts";
import { decodeUtf8 } from "../engine/byte-strings.ts";
import { xmlMutations } from "../engine/mutate-xml.ts";
import { fuzzTarget } from "../engine/target.ts";

const account = bareJidOf("romeo@montague.example");
const host = domainOf(account);
const body = "<body>x</body>";
const from = "from='juliet@capulet.example/balcony' to='romeo@montague.example'";
const chat = (payload: string): string => `<message type='chat' id='1' ${from}>${payload}</message>`;
/** What is put around a message makes it deeper; it was within the bounds by itself. */
const envelopeLimits = { ...defaultXmlLimits, depthMax: defaultXmlLimits.depthMax + 3 };
/** Code units of a word by which it is known. */
const wordLengthMax = 64;
const excerptLengthMax = 256;

export const target = fuzzTarget({
  summary:
    "what a stranger writes is judged without harm: kept, copied, searched, told and made to wait by one rule each, and no id or stamp is believed that is ours to give",
  bytesMax: 4_096,
  roundExecutions: 350_000,
  words: [
    body,
    "<body>",
    "</body>",
    " type='chat'",
    " type='normal'",
    " type='headline'",
    " type='groupchat'",
    " type='error'",
    " by='romeo@montague.example'",
    " by='ROMEO@montague.example.'",
    " from='montague.example'",
    " from='romeo@montague.example'",
    "<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@montague.example' id='1'/>",
    "<delay xmlns='urn:xmpp:delay' from='montague.example' stamp='2026-01-02T03:04:05Z'/>",
    "<x xmlns='jabber:x:delay' from='montague.example' stamp='20260102T03:04:05'/>",
    "<no-store xmlns='urn:xmpp:hints'/>",
    "<no-permanent-store xmlns='urn:xmpp:hints'/>",
    "<no-copy xmlns='urn:xmpp:hints'/>",
    "<store xmlns='urn:xmpp:hints'/>",
    "<private xmlns='urn:xmpp:carbons:2'/>",
    "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'/></forwarded></received>",
    "<sent xmlns='urn:xmpp:carbons:2'/>",
    "<composing xmlns='http://jabber.org/protocol/chatstates'/>",
    "<thread>t</thread>",
    "<x xmlns='http://jabber.org/protocol/muc#user'><invite/></x>",
    "<x xmlns='jabber:x:conference'/>",
    "<encrypted xmlns='urn:xmpp:omemo:2'><payload/></encrypted>",
    "<replace xmlns='urn:xmpp:message-correct:0' id='1'/>",
    "<event xmlns='http://jabber.org/protocol/pubsub#event'/>",
    "<received xmlns='urn:xmpp:receipts' id='1'/>",
    "é",
    "東京",
    "ﬁ",
    "İ",
    "😀",
  ],
  seeds: [
    chat(`<body>Rosé, e-mail 東京 "ﬁn" 😀</body>`),
    chat("<composing xmlns='http://jabber.org/protocol/chatstates'/><thread>t</thread>"),
    chat(`${body}<stanza-id xmlns='urn:xmpp:sid:0' by='romeo@montague.example' id='1'/>`),
    chat(`${body}<delay xmlns='urn:xmpp:delay' from='montague.example' stamp='2026-01-02T03:04:05Z'/>`),
    chat(`${body}<no-copy xmlns='urn:xmpp:hints'/><no-store xmlns='urn:xmpp:hints'/>`),
    chat("<encrypted xmlns='urn:xmpp:omemo:2'><payload/></encrypted><store xmlns='urn:xmpp:hints'/>"),
    chat(
      "<received xmlns='urn:xmpp:carbons:2'><forwarded xmlns='urn:xmpp:forward:0'><message xmlns='jabber:client'><body>x</body></message></forwarded></received>",
    ),
    `<message ${from}><x xmlns='http://jabber.org/protocol/muc#user'><invite/></x></message>`,
    `<message type='headline' ${from}><event xmlns='http://jabber.org/protocol/pubsub#event'/></message>`,
    `<presence type='subscribe' ${from}/>`,
    `<iq type='set' id='1' ${from}/>`,
  ],
  mutations: xmlMutations,
  run: (input) => {
    const stanza = admitted(input);
    if (stanza === undefined) return;
    checkNews(stanza);
    mayWait(stanza, { presence: true, chatStates: true, events: true, sentCopies: true });
    if (stanza.kind !== "message") return;
    checkKeeping(stanza);
    checkWaiting(stanza);
    checkIds(stanza.element);
    assert.equal(hasDelayBy(host, withoutForgedDelay(host, stanza).element), false, "a stamp of ours is forged");
    for (const direction of ["sent", "received"] as const)
      if (isEligible(stanza, direction)) checkCarbon(stanza, direction);
    checkWords(stanza.element);
  },
});

function bareJidOf(text: string): BareJid {
  return bareOf(parseJid(text) ?? assert.fail("an address"));
}

/** As it comes from another server. */
function admitted(input: string): Stanza | undefined {
  let element: XmlElement;
  try {
    element = parseElement(input, NS_CLIENT, { decodeUtf8 });
  } catch (error) {
    if (error instanceof XmlError) return undefined;
    throw error;
  }
  const rules = {
    parseJid,
    mayBring: (remote: string) => remote !== host,
    isFor: (local: string) => local === host,
    language: undefined,
  };
  const stanza = admitRemote(element, rules, undefined);
  return stanza instanceof StreamError || "refused" in stanza ? undefined : stanza;
}

function checkKeeping(stanza: Stanza): void {
  const { element } = stanza;
  const [archived, kept] = [isArchivable(element), isWorthKeeping(stanza)];
  if (forbidsArchive(element)) assert.equal(archived, false, "kept against its sender's wish");
  if (stanza.type === "error" || stanza.type === "groupchat") assert.ok(!archived && !kept);
  isForOccupant(stanza);
}

function checkIds(element: XmlElement): void {
  const honest = withoutStanzaIds(element, account);
  assert.equal(stanzaIdBy(honest, account), undefined, "an id of ours is forged");
  assert.equal(withoutStanzaIds(honest, account), honest);
  assert.equal(stanzaIdBy(withStanzaId(honest, account, "7"), account), "7");
}

/** What people should see does not wait. */
function checkWaiting(stanza: Stanza): void {
  const waits = mayWait(stanza, { presence: false, chatStates: true, events: false, sentCopies: false });
  if (waits !== undefined && stanza.element.child(NS_CLIENT, "body") !== undefined)
    assert.ok(stanza.element.elements().some(isCarbonPayload), "a message with a body waits");
}

function checkCarbon({ element }: Stanza, direction: "sent" | "received"): void {
  assert.equal(forbidsCopies(element), false, "copied against its sender's wish");
  const copy = xml(NS_CLIENT, "message", { from: account, to: `${account}/x` }, carbonOf(direction, element));
  const again = parseElement(serialize(copy), NS_CLIENT, { limits: envelopeLimits });
  const [payload] = again.elements();
  assert.ok(payload !== undefined && isCarbonPayload(payload));
  const inner = payload.firstElement === undefined ? undefined : forwardedStanza(payload.firstElement);
  assert.ok(inner !== undefined && equalElements(inner, element), "a copy is another message");
}

function checkNews(stanza: Stanza): void {
  const news = newsIn(stanza, account);
  if (news === undefined) return;
  const disclosure = {
    messageCount: true,
    pendingSubscriptionCount: true,
    placeholder: true,
    onRequest: new Set(["sender", "body"] as const),
  };
  const last = excerptOf(news.message, ["sender", "body"], disclosure);
  assert.ok((last?.body ?? "").length <= excerptLengthMax);
  const told = summaryOf({ importance: news.importance, messages: 1, pendingSubscriptions: 0, last }, disclosure);
  if (told !== undefined) DataForm.parse(parseElement(serialize(told)));
}

/** What a text has is found by it. */
function checkWords(element: XmlElement): void {
  const words = searchableWords(serialize(element), [{ ns: NS_CLIENT, name: "body" }]);
  assert.ok(words.length <= searchedWordsMax);
  for (const word of words) {
    assert.ok(word.length <= wordLengthMax && word.isWellFormed(), JSON.stringify(word));
    const phrases = phrasesOf(word);
    assert.ok(phrases !== undefined && hasPhrases(words, phrases), `${JSON.stringify(word)} is not found by itself`);
  }
}
