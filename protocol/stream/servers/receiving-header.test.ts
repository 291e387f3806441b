import { describe } from "node:test";
import {
  answered,
  askBidi,
  auth,
  bidi,
  bye,
  dialback,
  dialbackError,
  error,
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
  startTlsRequired,
  starttls,
  theirs,
  verdict,
  tlsNs,
  verify,
} from "./testing/script.ts";
import { hostOf } from "./testing/sides.ts";

const capulet = "capulet.example";
const montague = "montague.example";
const trusts = (): boolean => true;
const open = answered("id1") + features(dialback);

describe("the header of a server that connects", () => {
  runTable(
    [
      {
        name: "is answered from the host that it names to the domain that it comes from, with an id [rfc6120-4.7.1-03] [rfc6120-4.7.2-04] [rfc6120-4.3.2-01] [rfc3920-8.3-03] [rfc3920-8.3-06]",
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
        name: "cannot be read, and is refused inside a stream of ours [rfc6120-4.9.1.3-01]",
        script: [
          [
            { type: "fault", fault: { condition: "restricted-xml", text: "a DTD" } },
            answered("id1", "version='1.0'") + error("restricted-xml", "a DTD"),
          ],
        ],
        phase: "ended",
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
        name: "of clients [rfc3920-8.3-02] [rfc3920-8.3-12]",
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
          [askBidi + result(capulet, montague, "k"), ""],
          [starttls, proceed],
          [{ type: "secured", channel: { bindings: { announced: [], tolerated: [] } } }, ""],
          [theirs, answered("id2") + features(dialback, bidi)],
          [result(capulet, montague, "k2"), ""],
          [keyVerified({ type: "valid" }), ""],
          [keyVerified({ type: "valid" }, { id: "id2" }), ours(verdict("result", montague, capulet, "valid"))],
        ],
        news: [
          "bidirectional",
          "verifyKey",
          "verifyKey",
          `authorized ${montague} ${capulet} in by dialback`,
          "established new",
        ],
      },
      {
        name: "A21 ends without a word when a header comes before the handshake is over",
        setting: clear,
        script: [
          [theirs, answered("id1") + features(startTlsRequired)],
          [starttls, proceed],
          [theirs, ""],
        ],
        phase: "ended",
        news: ["ended disconnected"],
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
