import { describe } from "node:test";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { domain } from "../testing/server.ts";
import { StreamError } from "../stream-error.ts";
import { dialbackKeys } from "./dialback-key.ts";
import {
  answered,
  askBidi,
  auth,
  authorizePair,
  askVerify,
  bidi,
  bye,
  dialback,
  dialbackError,
  error,
  external,
  failure,
  features,
  header,
  keyVerified,
  ours,
  proceed,
  result,
  runTable,
  serve,
  sm,
  smNs,
  startTlsRequired,
  starttls,
  success,
  theirs,
  tlsNs,
  verdict,
  verify,
} from "./testing/script.ts";
import { hostOf } from "./testing/sides.ts";

const makeKey = dialbackKeys(encodeUtf8("s3cr3tf0rd14lb4ck"));
const capulet = "capulet.example";
const montague = "montague.example";
const chat = "<message from='romeo@capulet.example' to='juliet@montague.example'/>";
const trusts = (): boolean => true;
const open = answered("id1") + features(dialback);
const openExternal = answered("id1") + features(external, dialback);
const valid = ours(verdict("result", montague, capulet, "valid"));

describe("the header of a server that connects", () => {
  runTable(
    [
      {
        name: "is answered from the host that it names to the domain that it comes from [rfc6120-4.7.1-03] [rfc6120-4.7.2-04] [rfc6120-4.3.2-01]",
        script: [[theirs, open]],
        phase: "negotiating",
      },
      {
        name: "may leave out where from [rfc6120-4.7.1-05]",
        script: [
          [header("to='montague.example' version='1.0'"), answered("id1", "version='1.0'") + features(dialback)],
        ],
      },
      {
        name: "may leave out where to, and then nothing but dialback lets the peer in [rfc6120-4.7.2-06]",
        setting: { trusts },
        script: [[header("from='capulet.example' version='1.0'"), open]],
      },
      {
        name: "to a domain that is not served",
        script: [
          [header("from='capulet.example' to='verona.example' version='1.0'"), answered("id1") + error("host-unknown")],
        ],
        phase: "closing",
      },
      {
        name: "to a domain that is served no more",
        script: [
          [header("from='capulet.example' to='gone.example' version='1.0'"), answered("id1") + error("host-gone")],
        ],
      },
      {
        name: "to what is no domain",
        script: [
          [
            header("from='capulet.example' to='juliet@montague.example' version='1.0'"),
            answered("id1") + error("host-unknown"),
          ],
        ],
      },
      {
        name: "to what is no address",
        script: [
          [header("from='capulet.example' to='@@' version='1.0'"), answered("id1") + error("improper-addressing")],
        ],
      },
      {
        name: "from a person",
        script: [
          [
            header("from='romeo@capulet.example' to='montague.example' version='1.0'"),
            answered("id1", "version='1.0'") + error("improper-addressing"),
          ],
        ],
      },
      {
        name: "from one of ours",
        script: [
          [
            header("from='montague.example' to='montague.example' version='1.0'"),
            answered("id1", "to='montague.example' version='1.0'") + error("invalid-from", "that is a domain of ours"),
          ],
        ],
      },
      {
        name: "from a domain that the host does not talk to",
        setting: { host: { admits: (remote) => remote !== capulet } },
        script: [[theirs, answered("id1") + error("policy-violation", "this domain is not talked to")]],
      },
      {
        name: "of a version that is none",
        script: [[theirs.replace("1.0", "x"), answered("id1") + error("unsupported-version")]],
      },
      {
        name: "of clients",
        script: [
          [
            theirs.replace("jabber:server'", "jabber:client'"),
            answered("id1") + error("invalid-namespace", "not the content namespace of this port"),
          ],
        ],
      },
      {
        name: "of a host whose streams go elsewhere, told once TLS is there [rfc6120-4.9.3.19-06]",
        setting: { host: { otherHost: "home.montague.example" } },
        script: [
          [
            theirs,
            answered("id1") +
              error("see-other-host").replace(
                "<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>",
                "<see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>home.montague.example</see-other-host>",
              ),
          ],
        ],
      },
      {
        name: "of a host whose streams go elsewhere, not told before TLS [rfc6120-4.9.3.19-06]",
        setting: { clear: true, host: { otherHost: "home.montague.example" } },
        script: [[theirs, answered("id1") + features(startTlsRequired)]],
      },
      {
        name: "twice",
        script: [
          [theirs, open],
          [theirs + bye, error("bad-format", "stream is not for you to send")],
        ],
      },
      {
        name: "behind anything else",
        script: [["<message xmlns='jabber:server'/>", `${answered("id1", "")}${error("invalid-namespace")}`]],
      },
    ],
    serve,
  );
});

describe("TLS that a server is offered", () => {
  const clear = { clear: true } as const;
  runTable(
    [
      {
        name: "A22 is the only feature where it is required [rfc6120-5.3.1-01] [rfc6120-5.4.1-04]",
        setting: { ...clear, host: { bidirectional: true, streamManagement: true } },
        script: [[theirs, answered("id1") + features(startTlsRequired)]],
      },
      {
        name: "stands beside the others where it is not",
        setting: { ...clear, host: { security: "plain", bidirectional: true, streamManagement: true } },
        script: [[theirs, answered("id1") + features(`<starttls ${tlsNs}/>`, dialback, bidi, sm)]],
      },
      {
        name: "is not offered by a host without a certificate",
        setting: { ...clear, host: { security: "plain", certified: false } },
        script: [
          [theirs, open],
          [starttls, `<failure ${tlsNs}/>${bye}`],
        ],
        phase: "ended",
        news: ["ended failed tlsUnavailable"],
      },
      {
        name: "is required by a host that has none to offer: nobody can come in",
        setting: { ...clear, host: { certified: false } },
        script: [[theirs, answered("id1") + error("policy-violation", "TLS is required, and not to be had here")]],
      },
      {
        name: "A22 dialback before it is refused, and the stream stays [xep0220-2.5-01]",
        setting: clear,
        script: [
          [theirs, answered("id1") + features(startTlsRequired)],
          [
            result(capulet, montague, "x"),
            ours(dialbackError("result", montague, capulet, ["modify", "policy-violation"])),
          ],
          [
            verify(capulet, montague, "1", "x"),
            ours(dialbackError("verify", montague, capulet, ["modify", "policy-violation"], "1")),
          ],
          [starttls, proceed],
        ],
        phase: "securing",
      },
      {
        name: "A22 neither EXTERNAL nor both ways nor stanzas come before it",
        setting: clear,
        script: [
          [theirs, answered("id1") + features(startTlsRequired)],
          [auth("="), failure("invalid-mechanism")],
          [askBidi, error("not-authorized", "two directions are not offered")],
        ],
      },
      {
        name: "begins a stream of which nothing before is true [rfc6120-5.4.3.3-03] [xep0288-2.1-01]",
        setting: { ...clear, host: { security: "plain", bidirectional: true } },
        script: [
          [theirs, answered("id1") + features(`<starttls ${tlsNs}/>`, dialback, bidi)],
          [askBidi, ""],
          [starttls, proceed],
          [{ type: "secured", channel: { bindings: { announced: [], tolerated: [] } } }, ""],
          [theirs, answered("id2") + features(dialback, bidi)],
        ],
      },
      {
        name: "A25 does not move a stream to another host",
        setting: { ...clear, hosts: [hostOf("verona.example")] },
        script: [
          [theirs, answered("id1") + features(startTlsRequired)],
          [starttls, proceed],
          [{ type: "secured", channel: { bindings: { announced: [], tolerated: [] } } }, ""],
          [
            header("from='capulet.example' to='verona.example' version='1.0'"),
            answered("id2") + error("not-authorized", "the domain of a stream cannot change"),
          ],
        ],
      },
      {
        name: "once it is there is not there again",
        script: [
          [theirs, open],
          [starttls, `<failure ${tlsNs}/>${bye}`],
        ],
      },
    ],
    serve,
  );
});

describe("EXTERNAL of a server", () => {
  const again = header("from='capulet.example' to='montague.example' version='1.0'");
  runTable(
    [
      {
        name: "with its domain [xep0178-3-02] [xep0178-3-05] [rfc6120-6.3.4-02]",
        setting: { trusts },
        script: [
          [theirs, openExternal],
          [auth(btoa(capulet)), success],
          [again, answered("id2") + features(dialback)],
        ],
        phase: "established",
        news: [`authorized ${montague} ${capulet} in by external`, "established new"],
      },
      {
        name: "with nothing: the header says who [xep0178-3-06]",
        setting: { trusts },
        script: [
          [theirs, openExternal],
          [auth("=") + again, `${success}${answered("id2")}${features(dialback)}`],
          [chat, ""],
        ],
        news: [`authorized ${montague} ${capulet} in by external`, "established new", "stanza"],
      },
      {
        name: "without a first message is asked for it",
        setting: { trusts },
        script: [
          [theirs, openExternal],
          [auth(""), "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"],
          ["<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", success],
        ],
        phase: "opening",
      },
      {
        name: "as somebody else is refused, and dialback still possible [xep0178-3-07]",
        setting: { trusts: (remote) => remote === capulet },
        script: [
          [theirs, openExternal],
          [auth(btoa("verona.example")), failure("invalid-authzid")],
          [auth(btoa("romeo@capulet.example")), failure("invalid-authzid")],
          [result(capulet, montague, "k"), valid],
        ],
        phase: "established",
        news: [
          "log authentication-failed",
          "log authentication-failed",
          `authorized ${montague} ${capulet} in by certificate`,
          "established new",
        ],
      },
      {
        name: "without a good certificate is not offered, and refused [xep0178-3-02] [xep0178-3-03]",
        script: [
          [theirs, open],
          [auth("="), failure("invalid-mechanism")],
        ],
        phase: "negotiating",
      },
      {
        name: "has its bound [rfc6120-6.4.5-02]",
        setting: { trusts, limits: { saslFailuresMax: 2 } },
        script: [
          [theirs, openExternal],
          ["<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'/>", failure("invalid-mechanism")],
          [auth("?"), failure("incorrect-encoding") + error("policy-violation", "too many failed authentications")],
        ],
        phase: "closing",
      },
      {
        name: "is broken off by the peer, or begun twice, or spoken over",
        setting: { trusts },
        script: [
          [theirs, openExternal],
          [auth(""), "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"],
          ["<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", failure("aborted")],
          [auth(""), "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"],
          [auth("="), failure("malformed-request")],
          [auth(""), "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"],
          [result(capulet, montague, "k"), error("not-authorized", "authentication is under way")],
        ],
      },
      {
        name: "then a header from another domain",
        setting: { trusts },
        script: [
          [theirs, openExternal],
          [auth("="), success],
          [
            header("from='verona.example' to='montague.example' version='1.0'"),
            answered("id2", "to='verona.example' version='1.0'") + error("invalid-from"),
          ],
        ],
      },
      {
        name: "then a header that says no more where from",
        setting: { trusts },
        script: [
          [theirs, openExternal],
          [auth("="), success],
          [header("to='montague.example' version='1.0'"), answered("id2") + features(dialback)],
        ],
        phase: "established",
      },
      {
        name: "is all there is where certificates are insisted on: who has none leaves [xep0178-3-03] [rfc6120-13.7.2-05]",
        setting: { host: { security: "certificate" } },
        script: [[theirs, answered("id1") + error("not-authorized", "self-signed")]],
        news: ["log peer-not-trusted"],
      },
    ],
    serve,
  );
});

describe("dialback with a server that wants to send", () => {
  const asked = [theirs, open] as const;
  const key = result(capulet, montague, "k");
  const first = `authorized ${montague} ${capulet} in by dialback`;
  runTable(
    [
      {
        name: "a key that is valid lets it in, and nothing comes in before [xep0220-2.2.1-01] [xep0220-2.2.1-04] [xep0220-2.2.1-05]",
        script: [asked, [key, ""], [keyVerified({ type: "valid" }), valid], [chat, ""]],
        phase: "established",
        news: ["verifyKey", first, "established new", "stanza"],
      },
      {
        name: "a stanza before it is let in [xep0220-2.2.1-01]",
        script: [asked, [key, ""], [chat, error("not-authorized")]],
      },
      {
        name: "a key that is invalid ends a stream on which nobody else talks [xep0220-2.2.1-06] [xep0220-2.2.1-07]",
        script: [
          asked,
          [key, ""],
          [keyVerified({ type: "invalid" }), ours(verdict("result", montague, capulet, "invalid")) + bye],
        ],
        phase: "closing",
        news: ["verifyKey", "log key-invalid", `refused ${montague} ${capulet} in: invalid`],
      },
      {
        name: "a key that is invalid is an error where others talk [xep0220-2.2.1-02] [xep0220-2.2.1-08] [xep0220-2.1.2-07]",
        script: [
          asked,
          [key, ""],
          [keyVerified({ type: "valid" }), valid],
          [result("rooms.capulet.example", montague, "k2"), ""],
          [
            keyVerified({ type: "invalid" }, { remote: "rooms.capulet.example" }),
            ours(dialbackError("result", montague, "rooms.capulet.example", ["auth", "forbidden"])),
          ],
          [chat, ""],
        ],
        phase: "established",
        news: [
          "verifyKey",
          first,
          "established new",
          "verifyKey",
          "log key-invalid",
          `refused ${montague} rooms.capulet.example in: forbidden`,
          "stanza",
        ],
      },
      {
        name: "an error is told within dialback, and another try is possible [xep0220-2.5-01] [xep0220-2.5-04]",
        script: [
          asked,
          [key, ""],
          [
            keyVerified({ type: "error", condition: "remote-connection-failed" }),
            ours(dialbackError("result", montague, capulet, ["wait", "remote-connection-failed"])),
          ],
          [key, ""],
          [keyVerified({ type: "valid" }), valid],
        ],
        phase: "established",
      },
      {
        name: "a server that knows nothing of the domain is one that was not found [xep0220-2.5-03]",
        script: [
          asked,
          [key, ""],
          [
            keyVerified({ type: "error", condition: "item-not-found" }),
            ours(dialbackError("result", montague, capulet, ["cancel", "remote-server-not-found"])),
          ],
        ],
      },
      {
        name: "a domain that is not served is an error and no end of the stream [xep0220-2.2.1-03]",
        script: [
          asked,
          [
            result(capulet, "verona.example", "k"),
            ours(dialbackError("result", "verona.example", capulet, ["cancel", "item-not-found"])),
          ],
        ],
        phase: "negotiating",
      },
      {
        name: "one of ours, or a domain that the host does not talk to",
        setting: { host: { admits: (remote) => remote !== "verona.example" } },
        script: [
          asked,
          [
            result(montague, montague, "k"),
            ours(dialbackError("result", montague, montague, ["modify", "not-acceptable"])),
          ],
          [
            result("verona.example", montague, "k"),
            ours(dialbackError("result", montague, "verona.example", ["modify", "policy-violation"])),
          ],
        ],
        news: [],
      },
      {
        name: "several pairs on one stream, of either end, each for itself [xep0220-2.6.1-01] [xep0220-2.2.1-02]",
        setting: { hosts: [hostOf("chat.montague.example")] },
        script: [
          asked,
          [key + result(capulet, "chat.montague.example", "k2") + result("rooms.capulet.example", montague, "k3"), ""],
          [
            keyVerified({ type: "valid" }, { local: "chat.montague.example" }),
            ours(verdict("result", "chat.montague.example", capulet, "valid")),
          ],
          [
            keyVerified({ type: "valid" }, { remote: "rooms.capulet.example" }),
            ours(verdict("result", montague, "rooms.capulet.example", "valid")),
          ],
          [keyVerified({ type: "valid" }), valid],
        ],
        news: [
          "verifyKey",
          "verifyKey",
          "verifyKey",
          `authorized chat.montague.example ${capulet} in by dialback`,
          "established new",
          `authorized ${montague} rooms.capulet.example in by dialback`,
          first,
        ],
      },
      {
        name: "asked twice is verified once; asked again later it holds",
        script: [asked, [key + key, ""], [keyVerified({ type: "valid" }), valid], [key, valid]],
        news: ["verifyKey", first, "established new"],
      },
      {
        name: "has its bounds: pairs, and keys that are being verified",
        setting: { limits: { pairsMax: 2, openVerificationsMax: 1 } },
        script: [
          asked,
          [key, ""],
          [
            result("a.example", montague, "k"),
            ours(dialbackError("result", montague, "a.example", ["wait", "resource-constraint"])),
          ],
          [keyVerified({ type: "valid" }), valid],
          [result("a.example", montague, "k"), ""],
          [
            keyVerified({ type: "valid" }, { remote: "a.example" }),
            ours(verdict("result", montague, "a.example", "valid")),
          ],
          [
            result("b.example", montague, "k"),
            ours(dialbackError("result", montague, "b.example", ["wait", "resource-constraint"])),
          ],
        ],
      },
      {
        name: "a good certificate needs no key [xep0220-2.1.1-02]",
        setting: { trusts: (remote) => remote.endsWith(capulet) },
        script: [
          [theirs, openExternal],
          [key, valid],
          [
            result("rooms.capulet.example", montague, "k"),
            ours(verdict("result", montague, "rooms.capulet.example", "valid")),
          ],
          [result("verona.example", montague, "k"), ""],
        ],
        news: [
          `authorized ${montague} ${capulet} in by certificate`,
          "established new",
          `authorized ${montague} rooms.capulet.example in by certificate`,
          "verifyKey",
        ],
      },
      {
        name: "without a good certificate for a further domain where that is insisted on [xep0220-2.5-01]",
        setting: { host: { security: "certificate" }, trusts: (remote) => remote === capulet },
        script: [
          [theirs, openExternal],
          [key, valid],
          [
            result("verona.example", montague, "k"),
            ours(dialbackError("result", montague, "verona.example", ["auth", "not-authorized"])),
          ],
        ],
        news: [
          `authorized ${montague} ${capulet} in by certificate`,
          "established new",
          "log peer-not-trusted",
          `refused ${montague} verona.example in: not-authorized`,
        ],
      },
      {
        name: "a verdict on a key of another stream changes nothing, nor one on a pair that nobody asks for",
        script: [
          asked,
          [key, ""],
          [keyVerified({ type: "valid" }, { id: "id7" }), ""],
          [keyVerified({ type: "valid" }, { remote: "verona.example" }), ""],
        ],
        phase: "negotiating",
        news: ["verifyKey"],
      },
      {
        name: "addresses that are none, or missing",
        script: [
          asked,
          [
            result("romeo@capulet.example", montague, "k"),
            error("improper-addressing", "malformed result of dialback"),
          ],
        ],
      },
      {
        name: "no key, or another element",
        script: [
          asked,
          ["<db:what from='a.example' to='montague.example'/>", error("bad-format", "malformed what of dialback")],
        ],
      },
    ],
    serve,
  );
});

describe("keys of ours that a server asks about", () => {
  const wrong = "225cc5aa6a071133249d25fef42ae516fc7a86c523aa1c6980a7f73e784c972d";
  const right = makeKey({ receiving: domain(capulet), originating: domain(montague), id: "417GAF25" });
  runTable(
    [
      {
        name: "a key that is ours, one that is not, and a domain that is not [xep0220-2.2.2-01] [xep0220-2.2.2-02]",
        script: [
          [theirs, open],
          [
            verify(capulet, montague, "417GAF25", right),
            ours(verdict("verify", montague, capulet, "valid", "417GAF25")),
          ],
          [
            verify(capulet, montague, "417GAF26", right),
            ours(verdict("verify", montague, capulet, "invalid", "417GAF26")),
          ],
          [
            verify(capulet, montague, "417GAF25", wrong),
            ours(verdict("verify", montague, capulet, "invalid", "417GAF25")),
          ],
          [
            verify(capulet, "verona.example", "417GAF25", right),
            ours(dialbackError("verify", "verona.example", capulet, ["cancel", "item-not-found"], "417GAF25")),
          ],
        ],
        phase: "negotiating",
        news: [],
      },
      {
        name: "are answered for any domain that asks, whoever the stream is with",
        script: [
          [theirs, open],
          [
            verify("verona.example", montague, "1", "x"),
            ours(verdict("verify", montague, "verona.example", "invalid", "1")),
          ],
        ],
      },
      {
        name: "without an id",
        script: [
          [theirs, open],
          [
            "<db:verify from='capulet.example' to='montague.example'>x</db:verify>",
            error("bad-format", "malformed verify of dialback"),
          ],
        ],
      },
      {
        name: "for a stream with an id beyond all bounds",
        script: [
          [theirs, open],
          [verify(capulet, montague, "x".repeat(1025), "x"), error("bad-format", "malformed verify of dialback")],
        ],
      },
    ],
    serve,
  );
});

describe("both ways on a stream that a server has opened", () => {
  const host = { bidirectional: true };
  const both = `authorized ${montague} ${capulet} both by dialback`;
  const offered = answered("id1") + features(dialback, bidi);
  runTable(
    [
      {
        name: "are asked for before dialback, and hold when the peer is known (S31) [xep0288-2.2-01] [xep0288-2.2-02]",
        setting: { host },
        script: [
          [theirs, offered],
          [askBidi + result(capulet, montague, "k"), ""],
          [keyVerified({ type: "valid" }), valid],
        ],
        news: ["bidirectional", "verifyKey", both, "established new"],
      },
      {
        name: "are asked for before EXTERNAL, and hold behind it (S31)",
        setting: { host, trusts },
        script: [
          [theirs, answered("id1") + features(external, dialback, bidi)],
          [askBidi + auth("="), success],
          [theirs, answered("id2") + features(dialback)],
        ],
        news: ["bidirectional", `authorized ${montague} ${capulet} both by external`, "established new"],
      },
      {
        name: "are not had by the name of the feature (S31)",
        setting: { host },
        script: [
          [theirs, offered],
          [bidi, error("unsupported-stanza-type")],
        ],
      },
      {
        name: "that the host does not offer",
        script: [
          [theirs, open],
          [askBidi, error("not-authorized", "two directions are not offered")],
        ],
      },
      {
        name: "let us ask for further pairs, towards domains that have proven themselves only [xep0288-2.2-05] [xep0288-2.2-04]",
        setting: { host, hosts: [hostOf("chat.montague.example")] },
        script: [
          [theirs, offered],
          [authorizePair("chat.montague.example", capulet), ""],
          [askBidi + result(capulet, montague, "k"), ""],
          [keyVerified({ type: "valid" }), valid],
          [authorizePair("chat.montague.example", "verona.example"), ""],
          [
            authorizePair("chat.montague.example", capulet),
            ours(
              result(
                "chat.montague.example",
                capulet,
                makeKey({ receiving: domain(capulet), originating: domain("chat.montague.example"), id: "id1" }),
              ),
            ),
          ],
          [verdict("result", capulet, "chat.montague.example", "valid"), ""],
        ],
        news: [
          `refused chat.montague.example ${capulet} out: not-acceptable`,
          "bidirectional",
          "verifyKey",
          both,
          "established new",
          "refused chat.montague.example verona.example out: not-acceptable",
          `authorized chat.montague.example ${capulet} both by dialback`,
        ],
      },
      {
        name: "do not let us ask about a key whoever sent it [xep0288-2.2-03]",
        setting: { host },
        script: [
          [theirs, offered],
          [askBidi + result(capulet, montague, "k"), ""],
          [askVerify(montague, capulet, "id1", "k"), ""],
          [askVerify(montague, capulet, "other", "k"), ours(verify(montague, capulet, "other", "k"))],
          [verdict("verify", capulet, montague, "valid", "other"), ""],
        ],
        news: [
          "bidirectional",
          "verifyKey",
          `verified ${montague} ${capulet} id1: remote-connection-failed`,
          `verified ${montague} ${capulet} other: valid`,
        ],
      },
    ],
    serve,
  );
});

describe("stream management with a server that has connected", () => {
  const host = { streamManagement: true };
  const offered = answered("id1") + features(external, dialback, sm);
  const entered = [
    [theirs, offered],
    [auth("="), success],
    [theirs, answered("id2") + features(dialback, sm)],
  ] as const;
  runTable(
    [
      {
        name: "is switched on, once [xep0198-3-03] [xep0198-3-12]",
        setting: { trusts, host },
        script: [
          ...entered,
          [`<enable ${smNs} resume='1'/>`, `<enabled ${smNs} id='sm-1' resume='true'/>`],
          [`<r ${smNs}/><a ${smNs} h='1'/>`, ""],
          [`<enable ${smNs}/>`, error("policy-violation", "stream management was asked for before")],
        ],
        news: [`authorized ${montague} ${capulet} in by external`, "established new", "ackRequested", "ackReceived"],
      },
      {
        name: "of a stream that is lost begins anew [xep0198-5-17]",
        setting: { trusts, host },
        script: [
          ...entered,
          [
            `<resume ${smNs} previd='x' h='3'/>`,
            `<failed ${smNs}><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
          ],
          [`<enable ${smNs}/>`, `<enabled ${smNs} id='sm-1' resume='true'/>`],
        ],
        phase: "established",
      },
      {
        name: "before anybody is known [xep0198-3-10]",
        setting: { trusts, host },
        script: [
          [theirs, offered],
          [
            `<enable ${smNs}/>`,
            `<failed ${smNs}><unexpected-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
          ],
        ],
      },
      {
        name: "that the host does not have",
        setting: { trusts },
        script: [
          [theirs, openExternal],
          [auth("="), success],
          [theirs, answered("id2") + features(dialback)],
          [
            `<enable ${smNs}/>`,
            `<failed ${smNs}><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
          ],
          [`<r ${smNs}/>`, error("policy-violation", "stream management is off")],
        ],
      },
      {
        name: "broken, or the wrong way round",
        setting: { trusts, host },
        script: [...entered, [`<a ${smNs}/>`, error("bad-format", "malformed a")]],
      },
      {
        name: "that only we may answer",
        setting: { trusts, host },
        script: [
          ...entered,
          [`<enabled ${smNs}/>`, error("policy-violation", "enabled is for the other side to send")],
        ],
      },
    ],
    serve,
  );
});

describe("a peer of before XMPP 1.0", () => {
  const old = header("from='capulet.example' to='montague.example'");
  runTable(
    [
      {
        name: "gets no version, no features, and may use dialback where plain text is allowed [rfc6120-4.7.5-08]",
        setting: { clear: true, host: { security: "plain" } },
        script: [
          [old, answered("id1", "to='capulet.example'")],
          [result(capulet, montague, "k"), ""],
          [keyVerified({ type: "valid" }), valid],
        ],
        phase: "established",
      },
      {
        name: "that names nobody at all",
        setting: { clear: true, host: { security: "plain" } },
        script: [
          [header(""), answered("id1", "")],
          [verify(capulet, montague, "1", "k"), ours(verdict("verify", montague, capulet, "invalid", "1"))],
        ],
      },
      {
        name: "leaves where TLS is required",
        setting: { clear: true },
        script: [[old, answered("id1", "to='capulet.example'") + error("policy-violation", "TLS is required")]],
      },
      {
        name: "leaves when it does not speak dialback",
        setting: { clear: true, host: { security: "plain" } },
        script: [
          [
            old.replace(/ xmlns:db='[^']*'/, ""),
            answered("id1", "to='capulet.example'") + error("unsupported-version"),
          ],
        ],
      },
    ],
    serve,
  );
});

describe("the end of a stream that a server has opened", () => {
  runTable(
    [
      {
        name: "by the peer while nobody is known",
        script: [
          [theirs, open],
          [bye, bye],
        ],
        phase: "ended",
        news: ["ended closed"],
      },
      {
        name: "by the peer when it is established: the owner finishes first",
        setting: { trusts },
        script: [
          [theirs, openExternal],
          [result(capulet, montague, "k"), valid],
          [bye, ""],
          [{ type: "close" }, bye],
        ],
        phase: "ended",
        news: [`authorized ${montague} ${capulet} in by certificate`, "established new", "peerClosed", "ended closed"],
      },
      {
        name: "by us, with an error",
        script: [
          [theirs, open],
          [{ type: "close", error: new StreamError("system-shutdown") }, error("system-shutdown")],
          [bye, ""],
        ],
        phase: "ended",
        news: ["ended errorSent system-shutdown"],
      },
      {
        name: "by a host that is gone while the stream is open [rfc6120-4.9.3.5-01]",
        script: [
          [theirs, open],
          [{ type: "close", error: new StreamError("host-gone") }, error("host-gone")],
        ],
      },
      {
        name: "A7 because negotiation took too long, whatever was sent meanwhile",
        script: [
          [theirs, open],
          [result(capulet, montague, "k"), ""],
          [{ type: "timeout", timer: "negotiation" }, error("policy-violation", "negotiation took too long")],
          [{ type: "timeout", timer: "closing" }, ""],
        ],
        phase: "ended",
      },
      {
        name: "by an error of the peer [rfc6120-4.9.1.1-02]",
        script: [
          [theirs, open],
          ["<stream:error><reset xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>", bye],
        ],
        news: ["ended errorReceived reset"],
      },
      {
        name: "by what is no XML",
        script: [
          [theirs, open],
          [
            { type: "fault", fault: { condition: "not-well-formed", text: "broken" } },
            error("not-well-formed", "broken"),
          ],
        ],
        phase: "ended",
      },
      {
        name: "by an element that nobody knows",
        setting: { trusts },
        script: [
          [theirs, openExternal],
          [result(capulet, montague, "k"), valid],
          ["<x xmlns='urn:x'/>", error("unsupported-stanza-type")],
        ],
      },
    ],
    serve,
  );
});
