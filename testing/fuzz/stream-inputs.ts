import { initiatorProof } from "#protocol/sasl/ht-token.ts";
import { clientTokenMechanism, honestScram, honestTokenProof } from "./client-script.ts";

const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const tls = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";
const sm = "xmlns='urn:xmpp:sm:3'";
const bind = "xmlns='urn:ietf:params:xml:ns:xmpp-bind'";
const header = "<stream:stream to='im.example' version='1.0'>";
const fromServer = "<stream:stream from='im.example' id='1' version='1.0'>";
const plain = `<auth ${sasl} mechanism='PLAIN'>${btoa("\0juliet\0r0m30")}</auth>`;
const bindRequest = `<iq type='set' id='bind'><bind ${bind}><resource>x</resource></bind></iq>`;
const bound = `<stream:features><bind ${bind}/><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/><sm ${sm}/></stream:features>`;
const mechanisms = `<stream:features><mechanisms ${sasl}><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism></mechanisms></stream:features>`;
const starttls = `<stream:features><starttls ${tls}><required/></starttls></stream:features>`;
const legacy =
  "<iq type='set' id='l'><query xmlns='jabber:iq:auth'><username>juliet</username><password>r0m30</password><resource>x</resource></query></iq>";

/** Of the token that her device has, and what proves it without channel binding. */
export const tokenKey: Uint8Array = new Uint8Array(32).fill(4);
export const tokenMechanism = "HT-SHA-256-NONE";
export const tokenProof = Buffer.from(initiatorProof("SHA-256", tokenKey, new Uint8Array())).toString("latin1");

const sasl2 = "xmlns='urn:xmpp:sasl:2'";
const agent = "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'><software>Balcony</software></user-agent>";
const byToken = `<initial-response>${btoa(`juliet\0${tokenProof}`)}</initial-response>`;
const byPlain = `<initial-response>${btoa("\0juliet\0r0m30")}</initial-response>`;
const bind2 = `<bind xmlns='urn:xmpp:bind:0'><tag>Balcony</tag><enable ${sm} resume='true'/><enable xmlns='urn:xmpp:carbons:2'/></bind>`;
const resume2 = `<resume ${sm} previd='sm-1' h='1'/>`;
const wantsToken = `<request-token xmlns='urn:xmpp:fast:0' mechanism='${tokenMechanism}'/>`;
const upgrade = "<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade>";
const authenticate = (mechanism: string, inner: string): string =>
  `<authenticate ${sasl2} mechanism='${mechanism}'>${inner}</authenticate>`;
const taskHash = `<task-data ${sasl2}><hash xmlns='urn:xmpp:scram-upgrade:0'>${btoa("\0".repeat(32))}</hash></task-data>`;

const offersAll =
  `<stream:features><authentication ${sasl2}><mechanism>SCRAM-SHA-1</mechanism><mechanism>PLAIN</mechanism><inline>` +
  `<sm ${sm}/><bind xmlns='urn:xmpp:bind:0'><inline><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:sm:3'/></inline></bind>` +
  `<fast xmlns='urn:xmpp:fast:0'><mechanism>${clientTokenMechanism}</mechanism></fast></inline>` +
  "<upgrade xmlns='urn:xmpp:sasl:upgrade:0'>UPGR-SCRAM-SHA-256</upgrade></authentication></stream:features>";
const challenge2 = `<challenge ${sasl2}>${honestScram.challenge}</challenge>`;
const address = "<authorization-identifier>juliet@im.example/Balcony</authorization-identifier>";
const success2 = (proof: string, inner: string): string =>
  `<success ${sasl2}><additional-data>${proof}</additional-data>${address}${inner}</success>`;
const hasBound = `<bound xmlns='urn:xmpp:bind:0'><enabled ${sm} id='b' resume='true'/></bound>`;
const givesToken = "<token xmlns='urn:xmpp:fast:0' expiry='2030-01-01T00:00:00Z' token='n'/>";
const hasResumed = `<resumed ${sm} previd='a' h='1'/>`;
const hasNotResumed = `<failed ${sm} h='1'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`;
const wantsUpgrade = `<continue ${sasl2}><additional-data>${honestScram.signature}</additional-data><tasks><task>UPGR-SCRAM-SHA-256</task></tasks></continue>`;
const salt = `<task-data ${sasl2}><salt xmlns='urn:xmpp:scram-upgrade:0' iterations='4096'>${btoa("0123456789abcdef")}</salt></task-data>`;

/** Lines of which a script of a stream is made. */
export const streamLines: readonly string[] = [
  "server required",
  "server optional",
  "server none direct",
  "server none direct sasl2",
  "server required sasl2 old",
  "scram",
  "scram2",
  `scram2 ${upgrade}${bind2}`,
  `scram2 ${resume2}${bind2}${agent}${wantsToken}`,
  "answer",
  "answer",
  "answer2",
  "answer2",
  authenticate("PLAIN", byPlain),
  authenticate("PLAIN", byPlain + agent + bind2 + wantsToken),
  authenticate("PLAIN", byPlain + resume2 + bind2),
  authenticate(tokenMechanism, `${byToken}${agent}<fast xmlns='urn:xmpp:fast:0' count='1'/>${bind2}`),
  authenticate(
    tokenMechanism,
    `${byToken}${agent}<fast xmlns='urn:xmpp:fast:0' count='2' invalidate='true'/>${resume2}`,
  ),
  authenticate("ANONYMOUS", bind2),
  `<next ${sasl2} task='UPGR-SCRAM-SHA-256'/>`,
  taskHash,
  `<response ${sasl2}/>`,
  `<abort ${sasl2}/>`,
  "tokens",
  "noTokens",
  "credentialsKept",
  "tokenIssued",
  "noToken",
  "client required",
  "client optional",
  "client none direct",
  "client none direct sasl2",
  "client none direct sasl2 token anew",
  "client required sasl2 unbound anew",
  offersAll,
  challenge2,
  success2(honestScram.signature, hasBound + givesToken),
  success2(honestScram.signature, hasResumed),
  success2(honestTokenProof, hasNotResumed + hasBound),
  `<challenge ${sasl}>${honestScram.challenge}</challenge>`,
  `<success ${sasl}>${honestScram.signature}</success>`,
  wantsUpgrade,
  salt,
  `<failure ${sasl2}><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>`,
  "?",
  "?",
  "?",
  "closed",
  "fault",
  "secured",
  "disconnected",
  "credentials",
  "nobody",
  "derived",
  "authorized",
  "refused",
  "earlyReply",
  "bound",
  "conflict",
  "smEnabled",
  "smResumed",
  "smFailed",
  "close",
  "shutdown",
  "negotiationTimeout",
  "closingTimeout",
  header,
  fromServer,
  "<stream:stream to='im.example'>",
  "<stream:stream to='other.example' version='1.0' from='juliet@im.example' xml:lang='de'>",
  plain,
  bindRequest,
  bound,
  mechanisms,
  starttls,
  legacy,
  `<auth ${sasl} mechanism='PLAIN'/>`,
  `<auth ${sasl} mechanism='PLAIN'>${btoa("\0juliet\0wrong")}</auth>`,
  `<auth ${sasl} mechanism='ANONYMOUS'/>`,
  `<auth ${sasl} mechanism='SCRAM-SHA-1'>${btoa("n,,n=juliet,r=abc")}</auth>`,
  `<auth ${sasl} mechanism='DIGEST-MD5'/>`,
  `<auth ${sasl} mechanism='EXTERNAL'>=</auth>`,
  `<response ${sasl}>${btoa("c=biws,r=abc,p=AAAA")}</response>`,
  `<response ${sasl}/>`,
  `<abort ${sasl}/>`,
  `<challenge ${sasl}>${btoa("r=abcdef,s=AAAA,i=4096")}</challenge>`,
  `<success ${sasl}/>`,
  `<failure ${sasl}><not-authorized/></failure>`,
  `<starttls ${tls}/>`,
  `<proceed ${tls}/>`,
  `<failure ${tls}/>`,
  "<stream:features/>",
  `<iq type='get' id='bind'><bind ${bind}/></iq>`,
  `<iq type='result' id='bind'><bind ${bind}><jid>juliet@im.example/x</jid></bind></iq>`,
  "<iq type='error' id='bind'><error type='cancel'><conflict xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>",
  "<iq type='result' id='session'/>",
  "<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>",
  "<iq type='get' id='l'><query xmlns='jabber:iq:auth'/></iq>",
  "<iq type='set' id='s'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
  "<message to='romeo@im.example'/>",
  "<presence/>",
  "<x xmlns='y'/>",
  "<active xmlns='urn:xmpp:csi:0'/>",
  "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
  `<enable ${sm} resume='1'/>`,
  `<enabled ${sm} id='a' resume='1' max='9'/>`,
  `<resume ${sm} previd='a' h='1'/>`,
  `<resumed ${sm} previd='a' h='1'/>`,
  `<failed ${sm} h='1'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
  `<r ${sm}/>`,
  `<a ${sm} h='1'/>`,
];

/** Streams in which all goes well. */
export const streamScripts: readonly string[] = [
  `server none direct sasl2\n${header}\n${authenticate("PLAIN", byPlain + agent + bind2 + wantsToken)}\n?\n?\n?\n?\n?\n?\n<r ${sm}/>`,
  `server none direct sasl2\n${header}\n${authenticate("PLAIN", byPlain + resume2)}\n?\n?\n?\n?\n<a ${sm} h='5'/>`,
  `server none direct sasl2\n${header}\n${authenticate(tokenMechanism, `${byToken}${agent}<fast xmlns='urn:xmpp:fast:0' count='1'/>${bind2}`)}\n?\n?\n?\n?\n?`,
  `server none direct sasl2 old\n${header}\nscram2 ${upgrade}${bind2}\n?\nanswer2\n?\n?\n<next ${sasl2} task='UPGR-SCRAM-SHA-256'/>\n${taskHash}\n?\n?\n?\n?`,
  `server none direct\n${header}\nscram\n?\nanswer\n?\n?\n${header}\n${bindRequest}\n?`,
  `server required\n${header}\n<starttls ${tls}/>\n?\n${header}\n${plain}\n?\n?\n?\n${header}\n${bindRequest}\n?\n<enable ${sm} resume='1'/>\n?\n<r ${sm}/>\nclosed\n?`,
  `server none direct\n${header}\n${plain}\n?\n?\n?\n${header}\n<resume ${sm} previd='sm-1' h='1'/>\n?\n<a ${sm} h='2'/>\nclose\nclosed`,
  `server none direct\n${header}\n<auth ${sasl} mechanism='ANONYMOUS'/>\n?\n${header}\n${bindRequest}\nconflict\n${bindRequest}\n?`,
  `server none direct\n<stream:stream to='im.example'>\n<iq type='get' id='l'><query xmlns='jabber:iq:auth'/></iq>\n${legacy}\n?\n?\n?\n?`,
  `server optional direct\n${header}\n<auth ${sasl} mechanism='SCRAM-SHA-1'>${btoa("n,,n=juliet,r=abc")}</auth>\n?\n<response ${sasl}/>\n<abort ${sasl}/>`,
  `client required\n${fromServer}\n${starttls}\n<proceed ${tls}/>\n?\n${fromServer}\n${mechanisms}\n<challenge ${sasl}/>`,
  `client none direct\n${fromServer}\n<stream:features><mechanisms ${sasl}><mechanism>PLAIN</mechanism></mechanisms></stream:features>\n<success ${sasl}/>\n${fromServer}\n${bound}\n<failed ${sm}/>\n<iq type='result' id='bind'><bind ${bind}><jid>juliet@im.example/x</jid></bind></iq>\n<iq type='result' id='session'/>\n<enabled ${sm} id='a'/>\n<r ${sm}/>\nclosed`,
  `client none direct sasl2 anew\n${fromServer}\n${offersAll}\n${challenge2}\n?\n${success2(honestScram.signature, hasBound + givesToken)}\n<stream:features/>\n<r ${sm}/>`,
  `client none direct sasl2\n${fromServer}\n${offersAll}\n${challenge2}\n?\n${success2(honestScram.signature, hasResumed)}\n<a ${sm} h='1'/>`,
  `client none direct sasl2 token\n${fromServer}\n${offersAll}\n${success2(honestTokenProof, hasNotResumed + hasBound)}\n${bound}\n<r ${sm}/>`,
  `client none direct sasl2 anew\n${fromServer}\n${offersAll}\n${challenge2}\n?\n${wantsUpgrade}\n${salt}\n?\n${success2("", hasBound)}\n<stream:features/>`,
  `client none direct sasl2 unbound token anew\n${fromServer}\n${offersAll}\n<failure ${sasl2}><not-authorized xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/></failure>\n${challenge2}\n?\n${success2(honestScram.signature, "")}\n${bound}`,
  `client none direct\n${fromServer}\n<stream:features><mechanisms ${sasl}><mechanism>SCRAM-SHA-1</mechanism></mechanisms></stream:features>\n<challenge ${sasl}>${honestScram.challenge}</challenge>\n?\n<success ${sasl}>${honestScram.signature}</success>\n${fromServer}\n${bound}`,
];
