import { describe } from "node:test";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { unboundChannel } from "../secure-channel.ts";
import { domain } from "../testing/server.ts";
import { dialbackKeys } from "./dialback-key.ts";
import {
  answered,
  askVerify,
  auth,
  authorizePair,
  bidi,
  bye,
  connect,
  dialback,
  dialbackError,
  error,
  external,
  failure,
  features,
  opens,
  ours,
  proceed,
  result,
  runTable,
  sm,
  startTlsRequired,
  starttls,
  success,
  tlsNs,
  verdict,
  verify,
} from "./testing/script.ts";
import { hostOf } from "./testing/sides.ts";

const capulet = "capulet.example";

const montague = "montague.example";
const makeKey = dialbackKeys(encodeUtf8("s3cr3tf0rd14lb4ck"));
const keyFor = (receiving: string, originating: string, id: string): string =>
  makeKey({ receiving: domain(receiving), originating: domain(originating), id });
const trusts = (): boolean => true;
const asks = ours(result(capulet, montague, keyFor(montague, capulet, "id1")));
const asExternal = auth(btoa(capulet));
const valid = verdict("result", montague, capulet, "valid");
const first = `authorized ${capulet} ${montague} out by dialback`;
const secured = { type: "secured", channel: unboundChannel } as const;
/** Capulet, let out by dialback. */
const entered = [
  ["", opens],
  [answered("id1") + features(dialback), asks],
  [valid, ""],
] as const;

describe("a stream to a server, opened in the clear", () => {
  const clear = { clear: true } as const;
  runTable(
    [
      {
        name: "says from whom to whom, speaks jabber:server, and takes TLS first [rfc6120-4.7.1-02] [rfc6120-4.7.2-01] [rfc6120-4.8.3-07] [rfc6120-5.4.3.3-01]",
        setting: clear,
        script: [
          ["", opens],
          [answered("id1") + features(startTlsRequired), starttls],
          [proceed, ""],
          [secured, opens],
          [answered("id2") + features(dialback), ours(result(capulet, montague, keyFor(montague, capulet, "id2")))],
        ],
        phase: "negotiating",
      },
      {
        name: "asks for TLS even where it is not offered, and leaves without it [rfc7590-3.1-01] [rfc6120-13.8.2-02]",
        setting: clear,
        script: [
          ["", opens],
          [answered("id1") + features(dialback), starttls],
          [`<failure ${tlsNs}/>`, bye],
        ],
        phase: "closing",
      },
      ...[
        `<stream:error><unsupported-stanza-type xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error>${bye}`,
        bye,
        { type: "disconnected" } as const,
      ].map((happens) => ({
        name: `that a server without TLS ends when it is asked for it is known for what it is (${typeof happens === "string" ? happens.slice(0, 14) : happens.type})`,
        setting: clear,
        script: [
          ["", opens],
          [answered("id1") + features(dialback), starttls],
          [happens, typeof happens === "string" ? bye : ""],
        ] as const,
        phase: "ended",
        news: ["ended failed tlsUnavailable"],
      })),
      {
        name: "takes TLS where it is offered and plain text allowed",
        setting: { ...clear, host: { security: "plain" } },
        script: [
          ["", opens],
          [answered("id1") + features(`<starttls ${tlsNs}/>`, dialback), starttls],
        ],
      },
      {
        name: "does without where there is none and plain text is allowed",
        setting: { ...clear, host: { security: "plain" } },
        script: [
          ["", opens],
          [answered("id1") + features(dialback), asks],
          [valid, ""],
        ],
        phase: "established",
        news: [first, "established new"],
      },
      {
        name: "to a server of before XMPP 1.0, by dialback and in the clear, whether or not it says who it is [rfc6120-4.7.5-07] [rfc3920-8.3-04]",
        setting: { ...clear, host: { security: "plain" } },
        script: [
          ["", opens],
          [answered("id1", ""), asks],
          [valid, ""],
        ],
        phase: "established",
      },
      {
        name: "to a server of before XMPP 1.0 is left where TLS is required",
        setting: clear,
        script: [
          ["", opens],
          [answered("id1", ""), bye],
        ],
        phase: "closing",
      },
      {
        name: "to a server of clients is left [rfc3920-8.3-05] [rfc3920-8.3-13]",
        setting: clear,
        script: [
          ["", opens],
          [
            answered("id1").replace("'jabber:server'", "'jabber:client'"),
            error("invalid-namespace", "not the content namespace of this port"),
          ],
        ],
      },
      {
        name: "to a server of a version that is none is left",
        setting: clear,
        script: [
          ["", opens],
          [answered("id1", "version='x'"), error("unsupported-version")],
        ],
      },
      {
        name: "where something else comes for features is left",
        setting: clear,
        script: [
          ["", opens],
          [`${answered("id1")}<message/>`, bye],
        ],
      },
      {
        name: "and redirected is over: where to, the error says",
        setting: clear,
        script: [
          ["", opens],
          [
            `${answered("id1")}<stream:error><see-other-host xmlns='urn:ietf:params:xml:ns:xmpp-streams'>a.example</see-other-host></stream:error>`,
            bye,
          ],
        ],
        news: ["ended errorReceived see-other-host"],
      },
    ],
    connect,
  );
});

describe("a stream to a server whose certificate is looked at", () => {
  runTable(
    [
      {
        name: "is left without a word where a good one is insisted on and there is none [rfc6120-13.7.2-03]",
        setting: { host: { security: "certificate" } },
        script: [["", ""]],
        phase: "ended",
        news: ["ended failed peerNotTrusted"],
      },
      {
        name: "is left without a word where the domain itself says that it is not its server, though dialback would do [rfc7673-4.2-01]",
        setting: { forbids: true },
        script: [["", ""]],
        phase: "ended",
        news: ["ended failed peerNotTrusted"],
      },
      {
        name: "goes on by dialback where that is enough",
        script: [["", opens]],
        phase: "awaitingHeader",
      },
      {
        name: "is authenticated by EXTERNAL where that is offered, with our domain [xep0178-3-01] [xep0178-3-05]",
        setting: { trusts },
        script: [
          ["", opens],
          [answered("id1") + features(external, dialback), asExternal],
          [success, opens],
          [answered("id2") + features(dialback), ""],
        ],
        phase: "established",
        news: [`authorized ${capulet} ${montague} out by external`, "established new"],
      },
      {
        name: "is asked for EXTERNAL once more by a server that wants to hear it twice, and no further",
        setting: { trusts },
        script: [
          ["", opens],
          [answered("id1") + features(external), asExternal],
          [
            "<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
            `<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${btoa(capulet)}</response>`,
          ],
          ["<challenge xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>", bye],
        ],
      },
      {
        name: "falls back on dialback when EXTERNAL fails [xep0178-3-07]",
        setting: { trusts },
        script: [
          ["", opens],
          [answered("id1") + features(external, dialback), asExternal],
          [failure("not-authorized"), asks],
          [valid, ""],
        ],
        phase: "established",
      },
      {
        name: "is over when EXTERNAL fails and there is no dialback",
        setting: { trusts },
        script: [
          ["", opens],
          [answered("id1").replace(/ xmlns:db='[^']*'/, "") + features(external), asExternal],
          [failure("not-authorized") + bye, bye],
        ],
        news: ["ended failed authenticationFailed"],
      },
      {
        name: "does not use EXTERNAL without a certificate of ours",
        setting: { trusts, host: { certified: false } },
        script: [
          ["", opens],
          [answered("id1") + features(external, dialback), asks],
        ],
      },
      {
        name: "is over where neither is offered",
        setting: { trusts },
        script: [
          ["", opens],
          [answered("id1").replace(/ xmlns:db='[^']*'/, "") + features(sm) + bye, bye],
        ],
        news: ["ended failed noMechanism"],
      },
      {
        name: "may break the rules of SASL once",
        setting: { trusts },
        script: [
          ["", opens],
          [answered("id1") + features(external), asExternal],
          [
            "<what xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>",
            `<abort xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>${bye}`,
          ],
        ],
        phase: "ended",
      },
    ],
    connect,
  );
});

describe("dialback with a server that we want to send to", () => {
  const started = [entered[0], entered[1]] as const;
  runTable(
    [
      {
        name: "lets us send when it says so, and not before [xep0220-2.1.1-01] [xep0220-2.1.1-04] [rfc3920-8.3-07]",
        script: entered,
        phase: "established",
        news: [first, "established new"],
      },
      {
        name: "that calls our key invalid is left [xep0220-2.1.1-09]",
        script: [...started, [verdict("result", montague, capulet, "invalid") + bye, bye]],
        news: [`refused ${capulet} ${montague} out: invalid`, "ended failed pairRefused"],
      },
      {
        name: "that tells an error, when nothing else is going on, is left [xep0220-2.1.1-11]",
        script: [...started, [dialbackError("result", montague, capulet, ["cancel", "item-not-found"]) + bye, bye]],
        news: [`refused ${capulet} ${montague} out: item-not-found`, "ended failed pairRefused"],
      },
      {
        name: "is asked for further pairs on the same stream, each answered for itself [xep0220-2.1.1-06] [xep0220-2.6.1-01]",
        setting: { hosts: [hostOf("rooms.capulet.example")] },
        script: [
          ...entered,
          [
            authorizePair("rooms.capulet.example", montague),
            ours(result("rooms.capulet.example", montague, keyFor(montague, "rooms.capulet.example", "id1"))),
          ],
          [
            authorizePair(capulet, "chat.montague.example"),
            ours(result(capulet, "chat.montague.example", keyFor("chat.montague.example", capulet, "id1"))),
          ],
          [authorizePair(capulet, "chat.montague.example"), ""],
          [dialbackError("result", "chat.montague.example", capulet, ["cancel", "item-not-found"]), ""],
          [verdict("result", montague, "rooms.capulet.example", "valid"), ""],
        ],
        phase: "established",
        news: [
          first,
          "established new",
          `refused ${capulet} chat.montague.example out: item-not-found`,
          `authorized rooms.capulet.example ${montague} out by dialback`,
        ],
      },
      {
        name: "without errors in dialback is not asked for another target [xep0220-2.6.2-01]",
        script: [
          ["", opens],
          [answered("id1") + features("<dialback xmlns='urn:xmpp:features:dialback'/>"), asks],
          [valid, ""],
          [authorizePair(capulet, "chat.montague.example"), ""],
        ],
        news: [first, "established new", `refused ${capulet} chat.montague.example out: feature-not-implemented`],
      },
      {
        name: "is asked what came early as soon as it can be",
        setting: { hosts: [hostOf("rooms.capulet.example")] },
        script: [
          ["", opens],
          [authorizePair("rooms.capulet.example", montague), ""],
          [askVerify(capulet, montague, "7", "k"), ""],
          [
            answered("id1") + features(dialback),
            asks +
              ours(result("rooms.capulet.example", montague, keyFor(montague, "rooms.capulet.example", "id1"))) +
              ours(verify(capulet, montague, "7", "k")),
          ],
        ],
      },
      {
        name: "must show a good certificate for each further domain where that is insisted on",
        setting: { host: { security: "certificate" }, trusts: (remote) => remote === montague },
        script: [
          ["", opens],
          [answered("id1") + features(dialback), asks],
          [valid, ""],
          [authorizePair(capulet, "chat.montague.example"), ""],
        ],
        news: [first, "established new", `refused ${capulet} chat.montague.example out: not-authorized`],
      },
      {
        name: "has bounds on what waits, what is asked, and how many pairs there are",
        setting: { hosts: [hostOf("rooms.capulet.example")], limits: { askedMax: 1, pairsMax: 1 } },
        script: [
          ["", opens],
          [askVerify(capulet, montague, "7", "k"), ""],
          [askVerify(capulet, montague, "8", "k"), ""],
          [answered("id1") + features(dialback), asks + ours(verify(capulet, montague, "7", "k"))],
          [askVerify(capulet, montague, "9", "k"), ""],
          [askVerify(capulet, montague, "7", "k"), ""],
          [authorizePair("rooms.capulet.example", montague), ""],
        ],
        news: [
          `verified ${capulet} ${montague} 8: resource-constraint`,
          `verified ${capulet} ${montague} 9: resource-constraint`,
          `refused rooms.capulet.example ${montague} out: resource-constraint`,
        ],
      },
      {
        name: "may not ask us on a stream of one direction",
        script: [
          ...entered,
          [result(montague, capulet, "k"), error("not-authorized", "this stream has one direction")],
        ],
      },
      {
        name: "may not have our keys verified on a stream of one direction",
        script: [
          ...entered,
          [verify(montague, capulet, "1", "k"), error("not-authorized", "this stream has one direction")],
        ],
      },
    ],
    connect,
  );
});

describe("a stream that only asks whether keys are valid", () => {
  const errand = { authorize: false } as const;
  runTable(
    [
      {
        name: "needs no authorization of its own [xep0220-2.1.2-01] [xep0220-2.1.2-02]",
        setting: { errand, host: { bidirectional: true } },
        script: [
          ["", opens],
          [askVerify(capulet, montague, "417GAF25", "k"), ""],
          [answered("id1") + features(external, dialback, bidi), ours(verify(capulet, montague, "417GAF25", "k"))],
          [verdict("verify", montague, capulet, "valid", "417GAF25"), ""],
          [askVerify(capulet, montague, "2", "k"), ours(verify(capulet, montague, "2", "k"))],
          [verdict("verify", montague, capulet, "invalid", "2"), ""],
          [askVerify(capulet, montague, "3", "k"), ours(verify(capulet, montague, "3", "k"))],
          [dialbackError("verify", montague, capulet, ["cancel", "item-not-found"], "3"), ""],
          [{ type: "close" }, bye],
        ],
        news: [
          `verified ${capulet} ${montague} 417GAF25: valid`,
          `verified ${capulet} ${montague} 2: invalid`,
          `verified ${capulet} ${montague} 3: item-not-found`,
        ],
      },
      {
        name: "ends in peace when its time is over and nothing is asked any more",
        setting: { errand },
        script: [
          ["", opens],
          [askVerify(capulet, montague, "1", "k"), ""],
          [answered("id1") + features(dialback), ours(verify(capulet, montague, "1", "k"))],
          [verdict("verify", montague, capulet, "valid", "1"), ""],
          [{ type: "timeout", timer: "negotiation" }, bye],
          [bye, ""],
        ],
        phase: "ended",
        news: [`verified ${capulet} ${montague} 1: valid`, "ended closed"],
      },
      {
        name: "ends with an error when its time is over and the answer is not there",
        setting: { errand },
        script: [
          ["", opens],
          [askVerify(capulet, montague, "1", "k"), ""],
          [answered("id1") + features(dialback), ours(verify(capulet, montague, "1", "k"))],
          [{ type: "timeout", timer: "negotiation" }, error("connection-timeout")],
        ],
        news: [],
      },
      {
        name: "asks for no second direction: whoever opened the other one has it, if both agree on it",
        setting: { errand, host: { bidirectional: true } },
        script: [
          ["", opens],
          [answered("id1") + features(external, dialback, bidi), ""],
          [authorizePair(capulet, montague), asks],
          [verdict("result", montague, capulet, "valid"), ""],
        ],
        news: [`authorized ${capulet} ${montague} out by dialback`, "established new"],
      },
      {
        name: "to a server without dialback is left",
        setting: { errand },
        script: [
          ["", opens],
          [answered("id1").replace(/ xmlns:db='[^']*'/, "") + features(external) + bye, bye],
        ],
        news: ["ended failed noMechanism"],
      },
      {
        name: "ends with the connection, and what was asked counts as failed [xep0220-2.1.2-04]",
        setting: { errand },
        script: [
          ["", opens],
          [askVerify(capulet, montague, "417GAF25", "k"), ""],
          [answered("id1") + features(dialback), ours(verify(capulet, montague, "417GAF25", "k"))],
          [{ type: "disconnected" }, ""],
        ],
        phase: "ended",
        news: ["ended disconnected"],
      },
    ],
    connect,
  );
});
