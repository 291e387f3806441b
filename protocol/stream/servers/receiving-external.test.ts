import { describe } from "node:test";
import {
  answered,
  auth,
  dialback,
  error,
  external,
  failure,
  features,
  header,
  keyVerified,
  ours,
  result,
  runTable,
  serve,
  success,
  theirs,
  verdict,
  verify,
} from "./testing/script.ts";

const capulet = "capulet.example";
const montague = "montague.example";
const chat = "<message from='romeo@capulet.example' to='juliet@montague.example'/>";
const trusts = (): boolean => true;
const open = answered("id1") + features(dialback);
const openExternal = answered("id1") + features(external, dialback);
const valid = ours(verdict("result", montague, capulet, "valid"));

describe("EXTERNAL of a server", () => {
  const again = header("from='capulet.example' to='montague.example' version='1.0'");
  runTable(
    [
      {
        name: "with its domain [xep0178-3-02] [xep0178-3-04] [rfc6120-6.3.4-02] [rfc6120-4.3.6-07]",
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
        name: "as somebody else, or as a person, is refused, and dialback still possible [xep0178-3-07] [rfc6120-6.3.8-05]",
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
        name: "is all there is where certificates are insisted on: who has none leaves [xep0178-3-03] [rfc6120-6.4.5-06] [rfc6120-13.7.2-05]",
        setting: { host: { security: "certificate" } },
        script: [[theirs, answered("id1") + error("policy-violation", "self-signed")]],
        news: ["log peer-not-trusted"],
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
        name: "that names nobody at all [rfc3920-8.3-01] [rfc3920-8.3-11]",
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
