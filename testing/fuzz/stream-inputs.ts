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

/** Lines of which a script of a stream is made. */
export const streamLines: readonly string[] = [
  "server required",
  "server optional",
  "server none direct",
  "client required",
  "client optional",
  "client none direct",
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
  `server required\n${header}\n<starttls ${tls}/>\n?\n${header}\n${plain}\n?\n?\n?\n${header}\n${bindRequest}\n?\n<enable ${sm} resume='1'/>\n?\n<r ${sm}/>\nclosed\n?`,
  `server none direct\n${header}\n${plain}\n?\n?\n?\n${header}\n<resume ${sm} previd='sm-1' h='1'/>\n?\n<a ${sm} h='2'/>\nclose\nclosed`,
  `server none direct\n${header}\n<auth ${sasl} mechanism='ANONYMOUS'/>\n?\n${header}\n${bindRequest}\nconflict\n${bindRequest}\n?`,
  `server none direct\n<stream:stream to='im.example'>\n<iq type='get' id='l'><query xmlns='jabber:iq:auth'/></iq>\n${legacy}\n?\n?\n?\n?`,
  `server optional direct\n${header}\n<auth ${sasl} mechanism='SCRAM-SHA-1'>${btoa("n,,n=juliet,r=abc")}</auth>\n?\n<response ${sasl}/>\n<abort ${sasl}/>`,
  `client required\n${fromServer}\n${starttls}\n<proceed ${tls}/>\n?\n${fromServer}\n${mechanisms}\n<challenge ${sasl}/>`,
  `client none direct\n${fromServer}\n<stream:features><mechanisms ${sasl}><mechanism>PLAIN</mechanism></mechanisms></stream:features>\n<success ${sasl}/>\n${fromServer}\n${bound}\n<failed ${sm}/>\n<iq type='result' id='bind'><bind ${bind}><jid>juliet@im.example/x</jid></bind></iq>\n<iq type='result' id='session'/>\n<enabled ${sm} id='a'/>\n<r ${sm}/>\nclosed`,
];
