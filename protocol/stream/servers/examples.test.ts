import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { sorted } from "../testing/transcript.ts";
import { dialbackKeys } from "./dialback-key.ts";
import { startInitiatingServer, startReceivingServer } from "./receive.ts";
import type { ServerEffect } from "./server-effect.ts";
import type { ServerInput } from "./server-input.ts";
import type { ServerStreamState } from "./server-state.ts";
import type { ServerStep } from "./server-step.ts";
import { askVerify, authorizePair, features, header, keyVerified, opens } from "./testing/script.ts";
import { ServerWire } from "./testing/server-wire.ts";
import { channel, errandOf, hostOf, sideOf } from "./testing/sides.ts";

const db = "xmlns:db='jabber:server:dialback'";
const dialbackKey = "b4835385f37fe2895af6c196b59097b16862406db80559900d96bf6fa7d23df3";
const otherKey = "225cc5aa6a071133249d25fef42ae516fc7a86c523aa1c6980a7f73e784c972d";
const notFound = "<error type='cancel'>\n<item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/>\n</error>";
const dialbackFeature =
  "<stream:features>\n<dialback xmlns='urn:xmpp:features:dialback'>\n<errors/>\n</dialback>\n</stream:features>";

/** The examples of XEP-0220 by their numbers; the space between attributes and around keys is theirs. */
const example: Readonly<Record<number, string>> = {
  1: `<db:result\n from='capulet.example'\n to='montague.example'>\n ${dialbackKey}\n </db:result>`,
  2: "<db:result\n from='montague.example'\n to='capulet.example'\n type='valid'/>",
  3: "<db:result\n from='montague.example'\n to='capulet.example'\n type='invalid'/>",
  4: `<db:result\n from='montague.example'\n to='capulet.example'\n type='error'>\n${notFound}\n</db:result>`,
  5: `<db:verify\n from='capulet.example'\n id='417GAF25'\n to='montague.example'>\n ${otherKey}\n </db:verify>`,
  6: "<db:verify\n from='montague.example'\n id='417GAF25'\n to='capulet.example'\n type='valid'/>",
  7: "<db:verify\n from='montague.example'\n id='417GAF25'\n to='capulet.example'\n type='invalid'/>",
  8: `<db:verify\n from='montague.example'\n id='417GAF25'\n to='capulet.example'\n type='error'>\n${notFound}\n</db:verify>`,
};

/** Without the space that only readers of the text need. */
function tight(text: string): string {
  const bound = text.startsWith("<db:") ? text.replace(/^<db:(\w+)/, `<db:$1 ${db}`) : text;
  const read = parseElement(bound.replaceAll(/>\s+/g, ">").replaceAll(/\s+</g, "<"));
  return sorted(serialize(read));
}

const answers =
  (trusted: boolean) =>
  (effect: ServerEffect): ServerInput | undefined => {
    if (effect.type !== "checkPeer") return undefined;
    const { local, remote } = effect;
    return trusted
      ? { type: "peerChecked", local, remote, trusted }
      : { type: "peerChecked", local, remote, trusted, reason: "self-signed" };
  };

function begin(start: () => ServerStep<ServerStreamState>, ...heard: readonly string[]): ServerWire {
  const wire = new ServerWire(start, answers(false));
  for (const text of heard) wire.write(text);
  wire.take();
  return wire;
}

const capulet = sideOf([hostOf("capulet.example")]);
const fromMontague = header("from='montague.example' to='capulet.example' id='D60000229F' version='1.0'");

/** Capulet's server, connected to montague's, which is who it says. */
const outbound = (): ServerWire =>
  begin(() => startInitiatingServer(capulet, errandOf("capulet.example", "montague.example"), channel), fromMontague);

/** Montague's server, to which capulet's has connected. */
const inbound = (options: { readonly secret?: string; readonly id?: string } = {}): ServerWire =>
  begin(
    () => startReceivingServer(sideOf([hostOf("montague.example")], options), channel),
    header("from='capulet.example' to='montague.example' version='1.0'"),
  );

describe("the examples of XEP-0220", () => {
  test("1 and 2: a key is sent, with the prefix of the header, and found valid [xep0220-2-01] [xep0220-2.1.1-01] [rfc3920-11.2.3-03] [rfc3920-11.2.3-04]", () => {
    const wire = outbound();
    wire.write(dialbackFeature);
    assert.equal(sorted(wire.take()), tight(example[1] ?? ""));
    wire.write(example[2] ?? "");
    assert.equal(wire.all("pairAuthorized")[0]?.ways, "out");
  });
  for (const [number, refusal] of [
    [3, { type: "invalid" }],
    [4, { type: "error", condition: "item-not-found" }],
  ] as const)
    test(`${number}: a key is sent, and refused [xep0220-2.1.1-09] [xep0220-2.5-04]`, () => {
      const wire = outbound();
      wire.write(dialbackFeature);
      wire.write(example[number] ?? "");
      assert.deepEqual(wire.all("pairRefused")[0]?.refusal, refusal);
      assert.deepEqual(wire.all("pairAuthorized"), []);
    });
  for (const [number, outcome] of [
    [6, { type: "valid" }],
    [7, { type: "invalid" }],
    [8, { type: "error", condition: "item-not-found" }],
  ] as const)
    test(`5 and ${number}: somebody's key is asked about [xep0220-2.1.2-01] [xep0220-2.1.2-05]`, () => {
      const wire = outbound();
      wire.write(dialbackFeature);
      wire.take();
      wire.input(askVerify("capulet.example", "montague.example", "417GAF25", otherKey));
      assert.equal(sorted(wire.take()), tight(example[5] ?? ""));
      wire.write(example[number] ?? "");
      assert.deepEqual(wire.all("verified")[0]?.outcome, outcome);
    });
  for (const [number, outcome] of [
    [2, { type: "valid" }],
    [3, { type: "invalid" }],
  ] as const)
    test(`9 and ${number === 2 ? 11 : 12}: a key comes, is verified elsewhere, and answered [xep0220-2.2.1-04] [xep0220-2.2.1-05] [xep0220-2.2.1-07]`, () => {
      const wire = inbound({ id: "D60000229F" });
      wire.write(example[1] ?? "");
      const [asked] = wire.all("verifyKey");
      assert.deepEqual([asked?.id, asked?.key], ["D60000229F", dialbackKey]);
      wire.input(keyVerified(outcome, { id: "D60000229F" }));
      const closing = outcome.type === "invalid" ? "</stream:stream>" : "";
      assert.equal(sorted(wire.take()), tight(example[number] ?? "") + closing);
    });
  test("10: a key for a domain that is not here [xep0220-2.2.1-03] [xep0220-2.5-04]", () => {
    const wire = begin(
      () => startReceivingServer(sideOf([hostOf("verona.example")]), channel),
      header("from='capulet.example' to='verona.example' version='1.0'"),
    );
    wire.write(example[1] ?? "");
    assert.equal(sorted(wire.take()), tight(example[4] ?? ""));
    assert.equal(wire.state.phase, "negotiating");
  });
  for (const [number, secret] of [
    [6, "d14lb4ck43v3r"],
    [7, "another secret"],
  ] as const)
    test(`13 and ${number === 6 ? 15 : 16}: we are asked about a key of ours [xep0220-2.2.2-02] [xep0185-2-01] [rfc3920-8.3-15]`, () => {
      const wire = inbound({ secret });
      wire.write(example[5] ?? "");
      assert.equal(sorted(wire.take()), tight(example[number] ?? ""));
    });
  test("14: we are asked about a key of a domain that is not here [xep0220-2.2.2-01]", () => {
    const wire = begin(
      () => startReceivingServer(sideOf([hostOf("verona.example")]), channel),
      header("from='capulet.example' to='verona.example' version='1.0'"),
    );
    wire.write(example[5] ?? "");
    assert.equal(sorted(wire.take()), tight(example[8] ?? ""));
  });
  test("17 and 18: dialback is announced in the header and among the features [xep0220-2.4.2-01] [rfc3920-11.2.3-01] [rfc3920-11.2.3-02]", () => {
    const wire = new ServerWire(
      () => startReceivingServer(sideOf([hostOf("montague.example")]), channel),
      answers(false),
    );
    wire.write(header("from='capulet.example' to='montague.example' version='1.0'"));
    const [head = "", offered = ""] = wire.take().split(/(?=<stream:features)/);
    assert.match(head, / xmlns:db='jabber:server:dialback'/);
    assert.equal(tight(offered), tight(dialbackFeature));
  });
});

const external = "<mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>EXTERNAL</mechanism></mechanisms>";

describe("the examples of XEP-0178 §3", () => {
  const between = "xmlns:stream='http://etherx.jabber.org/streams' xmlns='jabber:server'";
  const opening = `<stream:stream ${between} from='conference.example.org' to='example.com' version='1.0'>`;
  const serve = (trusted: boolean): ServerWire => {
    const wire = new ServerWire(() => startReceivingServer(sideOf([hostOf("example.com")])), answers(trusted));
    wire.write(opening);
    return wire;
  };
  const secure = (wire: ServerWire): void => {
    wire.write("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    wire.input({ type: "secured", channel });
    wire.take();
    wire.write(opening);
  };
  test("18 to 22: the header is answered, and TLS comes first [xep0178-3-01] [rfc6120-4.7.2-04]", () => {
    const wire = serve(true);
    const [head = "", offered = ""] = wire.take().split(/(?=<stream:features)/);
    assert.match(head, / from='example.com' to='conference.example.org' id='id1' version='1.0'/);
    assert.equal(
      offered,
      "<stream:features><starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'><required/></starttls></stream:features>",
    );
    wire.write("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
    assert.equal(wire.take(), "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  });
  test("23 to 27: EXTERNAL is offered to who shows a good certificate, and succeeds without a name [xep0178-3-02] [xep0178-3-06]", () => {
    const wire = serve(true);
    secure(wire);
    assert.ok(wire.take().includes(external));
    wire.write("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
    assert.equal(wire.take(), "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
  });
  test("28: and fails for who does not, who may go on with dialback [xep0178-3-03] [xep0178-3-07]", () => {
    const wire = serve(false);
    secure(wire);
    assert.ok(!wire.take().includes("EXTERNAL"));
    wire.write("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>=</auth>");
    assert.match(wire.take(), /^<failure /);
    assert.equal(wire.state.phase, "negotiating");
  });
});

describe("the examples of XEP-0288", () => {
  const montague = { ...hostOf("montague.lit", { bidirectional: true }), certified: true };
  const conference = hostOf("conference.montague.lit", { bidirectional: true });
  const side = sideOf([montague, conference], { id: "b5cd769b" });
  const start = "xml:lang='en' version='1.0' to='montague.lit' from='capulet.lit'";
  const open = header(start);
  const serve = (trusted: boolean): ServerWire => {
    const wire = new ServerWire(() => startReceivingServer(side, channel), answers(trusted));
    wire.write(open);
    return wire;
  };
  test("3: both ways with EXTERNAL [xep0288-2.2-01]", () => {
    const wire = serve(true);
    assert.ok(wire.take().includes("<bidi xmlns='urn:xmpp:features:bidi'/>"));
    wire.write("<bidi xmlns='urn:xmpp:bidi'/>");
    wire.write("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='EXTERNAL'>Y2FwdWxldC5saXQ=</auth>");
    assert.equal(wire.take(), "<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
    assert.deepEqual(wire.all("pairAuthorized"), [], "nothing before the stream is theirs");
    wire.write(open);
    assert.deepEqual(
      wire.all("pairAuthorized").map(({ local, remote, ways }) => [local, remote, ways]),
      [["montague.lit", "capulet.lit", "both"]],
    );
    wire.write(
      "<iq from='juliet@capulet.lit/balcony' to='montague.lit' type='get' id='8dfc70af'><query xmlns='urn:xmpp:ping'/></iq>",
    );
    assert.equal(wire.all("stanza").length, 1);
  });
  test("4 and 5: both ways with dialback, and a further domain of whoever was connected to [xep0288-2.2-02] [xep0288-2.2-05]", () => {
    const wire = serve(false);
    wire.take();
    wire.write("<bidi xmlns='urn:xmpp:bidi'/>");
    wire.write(
      "<db:result from='capulet.lit' to='montague.lit'>\n  e3f5cf21f12749ef2cf59269bc0118f35bc46b26</db:result>",
    );
    wire.input(keyVerified({ type: "valid" }, { local: "montague.lit", remote: "capulet.lit", id: "b5cd769b" }));
    assert.equal(sorted(wire.take()), tight("<db:result from='montague.lit' to='capulet.lit' type='valid'/>"));
    wire.input(authorizePair("conference.montague.lit", "capulet.lit"));
    const key = dialbackKeys(encodeUtf8("s3cr3tf0rd14lb4ck"))({
      receiving: errandOf("capulet.lit", "capulet.lit").remote,
      originating: conference.domain,
      id: "b5cd769b",
    });
    assert.equal(
      sorted(wire.take()),
      tight(`<db:result from='conference.montague.lit' to='capulet.lit'>${key}</db:result>`),
    );
    wire.write("<db:result from='capulet.lit' to='conference.montague.lit' type='valid'/>");
    assert.deepEqual(
      wire.all("pairAuthorized").map(({ local, remote, ways }) => `${local} ${remote} ${ways}`),
      ["montague.lit capulet.lit both", "conference.montague.lit capulet.lit both"],
    );
  });
  test("S31 what is asked for has another name than what is offered", () => {
    const wire = new ServerWire(
      () =>
        startInitiatingServer(
          sideOf([hostOf("capulet.example", { bidirectional: true })]),
          errandOf("capulet.example", "montague.example"),
          channel,
        ),
      answers(true),
    );
    assert.equal(wire.take(), opens);
    wire.write(fromMontague + features(external, "<bidi xmlns='urn:xmpp:features:bidi'/>"));
    assert.match(wire.take(), /^<bidi xmlns='urn:xmpp:bidi'\/><auth /);
  });
});
