const streams = "xmlns:stream='http://etherx.jabber.org/streams'";
const header = (to: string, more = ""): string =>
  `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' ${streams} to='${to}'${more}>`;
const answer = `<?xml version='1.0'?><stream:stream xmlns='jabber:component:accept' ${streams} from='plays.shakespeare.example' id='id1'>`;
const plays = "plays.shakespeare.example";
const message = (from: string, to = "romeo@montague.example", inside = "<body>x</body>"): string =>
  `<message from='${from}' to='${to}'>${inside}</message>`;

/** Lines of which a script of a component's stream is made: what comes over the wire, or a word for what happens else. */
export const componentLines: readonly string[] = [
  "server",
  "server conflict",
  "server subdomains",
  "peer",
  "proof",
  "proof",
  "close",
  "shutdown",
  "disconnected",
  "negotiationTimeout",
  "closingTimeout",
  header(plays),
  header(plays, " xml:lang='en'"),
  header(plays, " version='1.0'"),
  header("busy.shakespeare.example"),
  header("sonnets.shakespeare.example"),
  header("romeo@plays.shakespeare.example/x"),
  `<stream:stream xmlns='jabber:client' ${streams} to='${plays}'>`,
  `<stream xmlns='jabber:component:accept' to='${plays}'>`,
  answer,
  "<handshake/>",
  "<handshake>a0b1</handshake>",
  `<handshake xmlns='jabber:component:accept'>a0b1</handshake>`,
  message(plays),
  message(`x@${plays}/y`),
  message(`x.${plays}`),
  message(`evil${plays}`),
  message("romeo@montague.example"),
  message(plays, "@"),
  message(plays, "romeo@montague.example", "<x xmlns='y'><a/></x>"),
  `<iq type='get' id='1' from='${plays}' to='montague.example'><ping xmlns='urn:xmpp:ping'/></iq>`,
  `<iq type='get' id='1' from='${plays}' to='montague.example'/>`,
  `<iq type='error' id='1' from='${plays}' to='montague.example'><error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'>xmpp:a@b</gone></error></iq>`,
  `<presence from='${plays}' to='romeo@montague.example' type='probe'/>`,
  "<x xmlns='y'/>",
  "<stream:features/>",
  "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>",
  "<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>a.example:1</see-other-host></stream:error>",
  "</stream:stream>",
  "<!DOCTYPE x>",
  "<!-- -->",
  "&#0;",
];

/** Streams in which all goes well, and some in which it does not. */
export const componentScripts: readonly string[] = [
  ["server", header(plays), "proof", message(plays), message(`x@${plays}/y`), "</stream:stream>"].join("\n"),
  ["server subdomains", header(plays, " xml:lang='en'"), "proof", message(`x.${plays}`), "shutdown"].join("\n"),
  ["server conflict", header(plays), "proof", "</stream:stream>"].join("\n"),
  ["server", header(plays), "<handshake>a0b1</handshake>", "proof"].join("\n"),
  ["server", header(plays), "proof", message("romeo@montague.example"), message(`evil${plays}`)].join("\n"),
  ["server", header("busy.shakespeare.example"), "proof"].join("\n"),
  ["server", "negotiationTimeout", "closingTimeout"].join("\n"),
  ["peer", answer, "<handshake/>", message("romeo@montague.example", plays), "close", "</stream:stream>"].join("\n"),
  ["peer", answer, "<stream:error><conflict xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>"].join("\n"),
];
