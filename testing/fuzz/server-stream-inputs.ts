const sasl = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const tls = "xmlns='urn:ietf:params:xml:ns:xmpp-tls'";
const sm = "xmlns='urn:xmpp:sm:3'";
const db = "xmlns:db='jabber:server:dialback'";
const stanzas = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
const header = "<stream:stream from='capulet.example' to='montague.example' version='1.0'>";
const fromMontague = "<stream:stream from='montague.example' to='capulet.example' id='1' version='1.0'>";
const external = `<mechanisms ${sasl}><mechanism>EXTERNAL</mechanism></mechanisms>`;
const dialback = "<dialback xmlns='urn:xmpp:features:dialback'><errors/></dialback>";
const bidi = "<bidi xmlns='urn:xmpp:features:bidi'/>";
const features = (...parts: readonly string[]): string => `<stream:features>${parts.join("")}</stream:features>`;
const key = (from: string, to: string): string => `<db:result ${db} from='${from}' to='${to}'>k</db:result>`;
const said = (from: string, to: string, type: string): string =>
  `<db:result ${db} from='${from}' to='${to}' type='${type}'/>`;
const askBidi = "<bidi xmlns='urn:xmpp:bidi'/>";
const auth = `<auth ${sasl} mechanism='EXTERNAL'>=</auth>`;

const capulet = "capulet.example";
const montague = "montague.example";
const chat = "chat.montague.example";
const rooms = "rooms.capulet.example";

/** Lines of which a script of a stream between servers is made. */
export const serverStreamLines: readonly string[] = [
  "server dialback",
  "server certificate direct",
  "server plain",
  "server plain direct bidi",
  "server dialback direct bidi sm",
  "peer dialback",
  "peer certificate direct",
  "peer plain bidi",
  "peer dialback direct bidi sm",
  "peer plain direct asker",
  "?",
  "?",
  "?",
  "distrust",
  "forbid",
  "invalid",
  "unreachable",
  "lost",
  "order rooms.capulet.example montague.example",
  "order capulet.example chat.montague.example",
  "order chat.montague.example capulet.example",
  "ask capulet.example montague.example 7",
  "ask montague.example capulet.example 7",
  "closed",
  "fault",
  "secured",
  "disconnected",
  "close",
  "shutdown",
  "negotiationTimeout",
  "closingTimeout",
  header,
  fromMontague,
  "<stream:stream from='capulet.example' to='montague.example'>",
  "<stream:stream version='1.0'>",
  "<stream:stream from='montague.example' to='gone.example' version='1.0'>",
  features(external, dialback, bidi, `<sm ${sm}/>`),
  features(dialback, bidi),
  features(`<starttls ${tls}><required/></starttls>`),
  features(external),
  auth,
  `<auth ${sasl} mechanism='EXTERNAL'/>`,
  `<auth ${sasl} mechanism='EXTERNAL'>${btoa(rooms)}</auth>`,
  `<response ${sasl}/>`,
  `<abort ${sasl}/>`,
  `<challenge ${sasl}/>`,
  `<success ${sasl}/>`,
  `<failure ${sasl}><not-authorized/></failure>`,
  `<starttls ${tls}/>`,
  `<proceed ${tls}/>`,
  `<failure ${tls}/>`,
  askBidi,
  ...[
    [capulet, montague],
    [montague, capulet],
    [rooms, montague],
    [chat, capulet],
  ].flatMap(([from = "", to = ""]) => [
    key(from, to),
    said(from, to, "valid"),
    said(from, to, "invalid"),
    `<db:result ${db} from='${from}' to='${to}' type='error'><error type='cancel'><item-not-found ${stanzas}/></error></db:result>`,
    `<db:verify ${db} from='${from}' to='${to}' id='1'>k</db:verify>`,
    `<db:verify ${db} from='${from}' to='${to}' id='7' type='valid'/>`,
  ]),
  `<message from='romeo@capulet.example' to='juliet@montague.example'/>`,
  "<x xmlns='y'/>",
  "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
  `<enable ${sm} resume='1'/>`,
  `<enabled ${sm} id='a' resume='1' max='9'/>`,
  `<resume ${sm} previd='a' h='1'/>`,
  `<resumed ${sm} previd='a' h='1'/>`,
  `<failed ${sm} h='1'><item-not-found ${stanzas}/></failed>`,
  `<r ${sm}/>`,
  `<a ${sm} h='1'/>`,
];

/** Streams in which all goes well. */
export const serverStreamScripts: readonly string[] = [
  `server dialback\n${header}\n<starttls ${tls}/>\n?\n${header}\n?\n${auth}\n${header}\n<message/>\nclosed\n?`,
  `server dialback direct bidi sm\n${header}\ndistrust\n${askBidi}\n${key(capulet, montague)}\n?\n<enable ${sm} resume='1'/>\n?\norder ${chat} ${capulet}\n${said(capulet, chat, "valid")}\n<r ${sm}/>`,
  `server dialback direct sm\n${header}\n?\n${key(capulet, montague)}\n${key(rooms, montague)}\n?\n<resume ${sm} previd='a' h='1'/>\n?\n<a ${sm} h='2'/>`,
  `server plain\n<stream:stream from='capulet.example' to='montague.example'>\n${key(capulet, montague)}\n?\n<db:verify ${db} from='capulet.example' to='montague.example' id='1'>k</db:verify>`,
  `peer dialback\n${fromMontague}\n${features(`<starttls ${tls}/>`)}\n<proceed ${tls}/>\n?\n?\n${fromMontague}\n${features(external, dialback)}\n<success ${sasl}/>\n${fromMontague}\n${features(dialback)}\norder ${rooms} ${montague}\n${said(montague, rooms, "valid")}`,
  `peer dialback direct bidi sm\n?\n${fromMontague}\n${features(dialback, bidi, `<sm ${sm}/>`)}\n${said(montague, capulet, "valid")}\n<resumed ${sm} previd='a' h='1'/>\n${key(chat, capulet)}\n?\n?\n<r ${sm}/>\nclosed\n?`,
  `peer plain direct asker\n?\nask capulet.example montague.example 7\n${fromMontague}\n${features(dialback)}\n<db:verify ${db} from='montague.example' to='capulet.example' id='7' type='valid'/>\nclose\nclosed`,
];
