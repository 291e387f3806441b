import { describe } from "node:test";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { unboundChannel } from "../secure-channel.ts";
import { StreamError } from "../stream-error.ts";
import { domain } from "../testing/server.ts";
import { dialbackKeys } from "./dialback-key.ts";
import {
  answered,
  askBidi,
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
  features,
  keyVerified,
  opens,
  ours,
  proceed,
  result,
  runTable,
  sm,
  smNs,
  startTlsRequired,
  starttls,
  success,
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

describe("both ways on a stream that we have opened", () => {
  const host = { bidirectional: true };
  const both = `authorized ${capulet} ${montague} both by dialback`;
  runTable(
    [
      {
        name: "are asked for before dialback (S31) [xep0288-2.2-01] [xep0288-2.1-01]",
        setting: { host },
        script: [
          ["", opens],
          [answered("id1") + features(dialback, bidi), askBidi + asks],
          [valid, ""],
          ["<message from='montague.example' to='capulet.example'/>", ""],
        ],
        news: ["bidirectional", both, "established new", "stanza"],
      },
      {
        name: "are asked for before EXTERNAL, and not in the clear (S31) [xep0288-2.1-01]",
        setting: { host, trusts, clear: true },
        script: [
          ["", opens],
          [answered("id0") + features(startTlsRequired, bidi), starttls],
          [proceed, ""],
          [secured, opens],
          [answered("id1") + features(external, dialback, bidi), askBidi + asExternal],
          [success, opens],
          [answered("id2") + features(dialback, bidi), ""],
        ],
        news: ["bidirectional", `authorized ${capulet} ${montague} both by external`, "established new"],
      },
      {
        name: "are not asked for where they are not offered",
        setting: { host },
        script: [
          ["", opens],
          [answered("id1") + features(dialback), asks],
        ],
        news: [],
      },
      {
        name: "let the peer prove further domains, verified elsewhere, errors told [xep0288-2.2-06] [xep0220-2.6.1-01]",
        setting: { host },
        script: [
          ["", opens],
          [answered("id1") + features(dialback, bidi), askBidi + asks],
          [valid, ""],
          [result("chat.montague.example", capulet, "k"), ""],
          [
            keyVerified({ type: "valid" }, { local: capulet, remote: "chat.montague.example" }),
            ours(verdict("result", capulet, "chat.montague.example", "valid")),
          ],
          [result("verona.example", capulet, "k"), ""],
          [
            keyVerified({ type: "invalid" }, { local: capulet, remote: "verona.example" }),
            ours(dialbackError("result", capulet, "verona.example", ["auth", "forbidden"])),
          ],
          [verify(montague, capulet, "other", "k"), ours(verdict("verify", capulet, montague, "invalid", "other"))],
        ],
        phase: "established",
        news: [
          "bidirectional",
          both,
          "established new",
          "verifyKey",
          `authorized ${capulet} chat.montague.example both by dialback`,
          "verifyKey",
          "log key-invalid",
          `refused ${capulet} verona.example in: forbidden`,
        ],
      },
    ],
    connect,
  );
});

describe("stream management with a server to which we have connected", () => {
  const errand = { sm: { resumable: true, secondsMax: 300 } };
  const previous = {
    id: "old",
    h: 4,
    pairs: [
      { local: domain(capulet), remote: domain(montague), ways: "out" },
      { local: domain("rooms.capulet.example"), remote: domain(montague), ways: "out" },
    ],
  } as const;
  const back = { sm: { resumable: true, previous } };
  const enable = `<enable ${smNs} resume='true'/>`;
  runTable(
    [
      {
        name: "is asked for as soon as a pair is authorized [xep0198-3-09]",
        setting: { errand },
        script: [
          ["", opens],
          [answered("id1") + features(dialback, sm), asks],
          [valid, `<enable ${smNs} resume='true' max='300'/>`],
          [`<enabled ${smNs} id='x' resume='true'/>`, ""],
          [`<r ${smNs}/><a ${smNs} h='1'/>`, ""],
        ],
        news: [first, "established new", "smEnabled", "ackRequested", "ackReceived"],
      },
      {
        name: "that is refused leaves the stream as it is",
        setting: { errand },
        script: [
          ["", opens],
          [answered("id1") + features(dialback, sm), asks],
          [valid, `<enable ${smNs} resume='true' max='300'/>`],
          [`<failed ${smNs}><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`, ""],
        ],
        phase: "established",
        news: [first, "established new", "smFailed"],
      },
      {
        name: "is not asked for where it is not offered",
        setting: { errand },
        script: entered,
        phase: "established",
      },
      {
        name: "takes a former stream up, with all its pairs",
        setting: { errand: back, hosts: [hostOf("rooms.capulet.example")] },
        script: [
          ["", opens],
          [answered("id1") + features(dialback, sm), asks],
          [valid, `<resume ${smNs} previd='old' h='4'/>`],
          [`<resumed ${smNs} previd='old' h='9'/>`, ""],
        ],
        phase: "established",
        news: [first, `authorized rooms.capulet.example ${montague} out by resumption`, "established resumed"],
      },
      {
        name: "of a former stream that is lost begins anew [xep0198-5-17]",
        setting: { errand: back },
        script: [
          ["", opens],
          [answered("id1") + features(dialback, sm), asks],
          [valid, `<resume ${smNs} previd='old' h='4'/>`],
          [`<failed ${smNs} h='5'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`, enable],
        ],
        phase: "established",
        news: [first, "smFailed", "established new"],
      },
      {
        name: "of another stream than ours is no answer",
        setting: { errand: back },
        script: [
          ["", opens],
          [answered("id1") + features(dialback, sm), asks],
          [valid, `<resume ${smNs} previd='old' h='4'/>`],
          [`<resumed ${smNs} previd='else' h='9'/>${bye}`, bye],
        ],
        news: [first, "ended failed protocol"],
      },
      {
        name: "the wrong way round",
        setting: { errand },
        script: [
          ["", opens],
          [answered("id1") + features(dialback, sm), asks],
          [valid, `<enable ${smNs} resume='true' max='300'/>`],
          [`<enable ${smNs}/>`, error("policy-violation", "enable is for the other side to send")],
        ],
      },
    ],
    connect,
  );
});

describe("the end of a stream that we have opened", () => {
  runTable(
    [
      {
        name: "by time, whatever the peer is busy with",
        script: [
          ["", opens],
          [{ type: "timeout", timer: "negotiation" }, error("connection-timeout")],
        ],
      },
      {
        name: "by time during a handshake",
        setting: { clear: true },
        script: [
          ["", opens],
          [answered("id1") + features(startTlsRequired), starttls],
          [proceed, ""],
          [{ type: "timeout", timer: "negotiation" }, ""],
        ],
        phase: "ended",
      },
      {
        name: "by the peer once stanzas flow: the owner finishes first",
        script: [...entered, [bye, ""], [{ type: "close" }, bye]],
        phase: "ended",
        news: [first, "established new", "peerClosed", "ended closed"],
      },
      {
        name: "by the peer while a former stream is asked for",
        setting: {
          errand: { sm: { resumable: true, previous: { id: "old", h: 4, pairs: [] } } },
        },
        script: [
          ["", opens],
          [answered("id1") + features(dialback, sm), asks],
          [valid, `<resume ${smNs} previd='old' h='4'/>`],
          [bye, bye],
        ],
        phase: "ended",
        news: [first, "ended closed"],
      },
      {
        name: "by us, in peace: what is on its way still comes in",
        script: [...entered, [{ type: "close" }, bye], ["<message/>", ""], [bye, ""]],
        news: [first, "established new", "stanza", "ended closed"],
      },
      {
        name: "by us, with an error",
        script: [...entered, [{ type: "close", error: new StreamError("system-shutdown") }, error("system-shutdown")]],
      },
      {
        name: "orders that come too late change nothing",
        script: [...entered, [{ type: "close" }, bye], [authorizePair(capulet, "a.example"), ""]],
        news: [first, "established new"],
      },
      {
        name: "orders for a stream that the peer has closed are refused",
        script: [...entered, [bye, ""], [askVerify(capulet, montague, "1", "k"), ""]],
        news: [first, "established new", "peerClosed", `verified ${capulet} ${montague} 1: remote-connection-failed`],
      },
    ],
    connect,
  );
});
