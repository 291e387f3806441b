import { describe } from "node:test";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { dialbackKeys } from "./dialback-key.ts";
import { domain } from "../testing/server.ts";
import {
  answered,
  bye,
  dialback,
  dialbackError,
  error,
  external,
  features,
  keyVerified,
  ours,
  result,
  runTable,
  serve,
  theirs,
  verdict,
  verify,
} from "./testing/script.ts";
import { hostOf } from "./testing/sides.ts";

const makeKey = dialbackKeys(encodeUtf8("s3cr3tf0rd14lb4ck"));

const capulet = "capulet.example";
const montague = "montague.example";
const chat = "<message from='romeo@capulet.example' to='juliet@montague.example'/>";
const open = answered("id1") + features(dialback);
const openExternal = answered("id1") + features(external, dialback);
const valid = ours(verdict("result", montague, capulet, "valid"));

describe("dialback with a server that wants to send", () => {
  const asked = [theirs, open] as const;
  const key = result(capulet, montague, "k");
  const first = `authorized ${montague} ${capulet} in by dialback`;
  runTable(
    [
      {
        name: "a key that is valid lets it in, and nothing comes in before [xep0220-2.2.1-01] [xep0220-2.2.1-04] [xep0220-2.2.1-05] [rfc6120-4.3.6-08] [rfc3920-14.4-02]",
        script: [asked, [key, ""], [keyVerified({ type: "valid" }), valid], [chat, ""]],
        phase: "established",
        news: ["verifyKey", first, "established new", "stanza"],
      },
      {
        name: "a stanza before it is let in [xep0220-2.2.1-01]",
        script: [asked, [key, ""], [chat, error("not-authorized")]],
      },
      {
        name: "a key that is invalid ends a stream on which nobody else talks [xep0220-2.2.1-06] [xep0220-2.2.1-07] [rfc3920-8.3-22]",
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
        name: "several pairs on one stream, of either end, each for itself [xep0220-2.6.1-01] [xep0220-2.2.1-02] [rfc3920-8.3-25] [rfc7712-4.4.2-02]",
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
        name: "a verdict on a key of another stream changes nothing, nor one on a pair that nobody asks for [xep0220-2.1.2-06]",
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
