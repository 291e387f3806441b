import { describe } from "node:test";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { dialbackKeys } from "./dialback-key.ts";
import { domain } from "../testing/server.ts";
import { StreamError } from "../stream-error.ts";
import {
  answered,
  askBidi,
  auth,
  authorizePair,
  askVerify,
  bidi,
  bye,
  dialback,
  error,
  external,
  features,
  keyVerified,
  ours,
  result,
  runTable,
  serve,
  sm,
  smNs,
  success,
  theirs,
  verdict,
  verify,
} from "./testing/script.ts";
import { hostOf } from "./testing/sides.ts";

const makeKey = dialbackKeys(encodeUtf8("s3cr3tf0rd14lb4ck"));

const capulet = "capulet.example";
const montague = "montague.example";
const trusts = (): boolean => true;
const open = answered("id1") + features(dialback);
const openExternal = answered("id1") + features(external, dialback);
const valid = ours(verdict("result", montague, capulet, "valid"));

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
        name: "S31 are not had by the name of the feature",
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
        name: "is switched on, once [xep0198-3-03] [xep0198-3-12] [xep0198-5-03]",
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
        name: "is switched on while a further pair is verified: what comes behind the request waits, the verdict does not",
        setting: { trusts: (remote) => remote === capulet, host, smWaits: true },
        script: [
          ...entered,
          [`${result("rooms.capulet.example", montague, "k")}<enable ${smNs}/><message/>`, ""],
          [
            keyVerified({ type: "valid" }, { remote: "rooms.capulet.example", id: "id2" }),
            ours(verdict("result", montague, "rooms.capulet.example", "valid")),
          ],
          [{ type: "smEnabled" }, `<enabled ${smNs}/>`],
        ],
        phase: "established",
        news: [
          `authorized ${montague} ${capulet} in by external`,
          "established new",
          "verifyKey",
          `authorized ${montague} rooms.capulet.example in by dialback`,
          "stanza",
        ],
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
        name: "by a host that is gone while the stream is open",
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
        name: "in peace by time where only keys were verified [xep0220-2.2.2-02]",
        script: [
          [theirs, open],
          [verify(capulet, montague, "1", "x"), ours(verdict("verify", montague, capulet, "invalid", "1"))],
          [{ type: "timeout", timer: "negotiation" }, bye],
          [bye, ""],
        ],
        phase: "ended",
        news: ["ended closed"],
      },
      {
        name: "A7 because negotiation took too long, though a key was verified meanwhile",
        script: [
          [theirs, open],
          [verify(capulet, montague, "1", "x"), ours(verdict("verify", montague, capulet, "invalid", "1"))],
          [result(capulet, montague, "k"), ""],
          [{ type: "timeout", timer: "negotiation" }, error("policy-violation", "negotiation took too long")],
        ],
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
