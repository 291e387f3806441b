import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeBase64 } from "#protocol/sasl/sasl-base64.ts";
import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { inlineElementsMax } from "../sasl2-elements.ts";
import { tls } from "../testing/client.ts";
import { full, hostOf, openPolicy, serverAnswers, serverOf } from "../testing/server.ts";
import {
  bind,
  bindNs,
  bound as boundIq,
  error,
  type Exchange,
  head,
  juliet,
  lateFeatures,
  open,
  plain,
  runTable,
  saslNs,
  scrams,
  serve,
  type Setting,
  smNs,
  sorted,
  success as oldSuccess,
} from "../testing/transcript.ts";
import { Wire } from "../testing/wire.ts";
import { startReceiving } from "./receive.ts";

const ns = "xmlns='urn:xmpp:sasl:2'";
const bind2Ns = "xmlns='urn:xmpp:bind:0'";
const all = { bind2: ["urn:xmpp:carbons:2"], tokens: false, upgrades: false };
const offering: Setting = { host: { sasl2: all } };
const password = encodeBase64(encodeUtf8("\0juliet\0r0m30"));
const initial = `<initial-response>${password}</initial-response>`;
const authenticate = (inline = "", response = initial, mechanism = "PLAIN") =>
  `<authenticate ${ns} mechanism='${mechanism}'>${response}${inline}</authenticate>`;
const success = (who: string, inline = "") =>
  `<success ${ns}><authorization-identifier>${who}</authorization-identifier>${inline}</success>`;
const failure = (condition: string) => `<failure ${ns}><${condition} ${saslNs}/></failure>`;
const boundFeatures = (sm = `<sm ${smNs}/>`) =>
  sm === "" ? "<stream:features/>" : `<stream:features>${sm}</stream:features>`;
const agent = "<user-agent id='d4565fa7-4d72-4749-b3d3-740edbf87770'><software>Balcony</software></user-agent>";
const resume = (previous: string) => `<resume ${smNs} previd='${previous}' h='3'/>`;
const bind2 = (inner = "") => `<bind ${bind2Ns}>${inner}</bind>`;

/** A stream whose features have been read. */
function offered(setting: Setting = offering): Wire {
  const wire = serve(setting);
  wire.write(open);
  wire.take();
  return wire;
}

describe("what is announced", () => {
  const features = (setting: Setting): string => {
    const wire = serve(setting);
    wire.write(open);
    return wire.take();
  };

  test("SASL2 with all that can be done inline, beside the old profile [xep0388-2.1-01] [xep0388-2.1-06] [xep0386-3.1-01] [xep0386-3.1-02] [xep0440-2-01]", () => {
    const sent = features({ host: { sasl2: all, sasl: { ...serveSasl(), policy: onlyScram } } });
    const names = [...scrams.map((name) => `${name}-PLUS`), ...scrams];
    const list = names.map((name) => `<mechanism>${name}</mechanism>`).join("");
    const inline = `<inline><sm ${smNs}/><bind ${bind2Ns}><inline><feature var='urn:xmpp:carbons:2'/><feature var='urn:xmpp:sm:3'/></inline></bind></inline>`;
    const types =
      "<sasl-channel-binding xmlns='urn:xmpp:sasl-cb:0'><channel-binding type='tls-exporter'/></sasl-channel-binding>";
    assert.equal(
      sorted(sent),
      sorted(
        `${head(1)}<stream:features><mechanisms ${saslNs}>${list}</mechanisms><authentication ${ns}>${list}${inline}</authentication>${types}</stream:features>`,
      ),
    );
  });

  test("the same for everybody, whoever the header names, and each time [xep0388-2.1-02] [xep0388-2.1-04]", () => {
    const named = (from: string): string => {
      const wire = serve(offering);
      wire.write(open.replace("<stream:stream", `<stream:stream${from}`));
      return wire.take().replace(/^.*?<stream:features>/u, "");
    };
    const first = named("");
    assert.match(first, /sasl:2/u);
    for (const from of ["", " from='juliet@im.example'", " from='nobody@im.example'"]) assert.equal(named(from), first);
  });

  test("PLAIN only where the policy lets it [xep0388-3-01] [xep0474-7-05]", () => {
    const sent = features({ host: { sasl2: all, sasl: { ...serveSasl(), policy: onlyScram } } });
    assert.match(sent, /SCRAM-SHA-1</u);
    assert.doesNotMatch(sent, /PLAIN/u);
  });

  test("nothing of it without TLS [xep0388-3-04]", () => {
    assert.doesNotMatch(features({ ...offering, channel: undefined }), /sasl:2/);
  });

  test("nothing of it where there is no mechanism [xep0388-2.1-05]", () => {
    const policy = { ...onlyScram, scramOffered: [], external: false };
    assert.doesNotMatch(features({ host: { sasl2: all, sasl: { ...serveSasl(), policy } } }), /sasl:2/);
  });

  test("no Bind 2 without SASL2, and none where the host has none [xep0386-3.1-03]", () => {
    assert.doesNotMatch(features({}), /bind:0/);
    assert.doesNotMatch(features({ host: { sasl2: { tokens: false, upgrades: false } } }), /bind:0/);
  });
});

const onlyScram = { ...openPolicy, plain: "never", digestMd5: false, anonymous: false } as const;

function serveSasl() {
  return { secret: new Uint8Array(32).fill(7), random: (bytes: number) => new Uint8Array(bytes) };
}

describe("one request", () => {
  const table: readonly Exchange[] = [
    {
      name: "authenticates without a restart, and the features of the authenticated stream follow [xep0388-2.3-06]",
      script: [[authenticate(agent), success("juliet@im.example") + lateFeatures]],
      phase: "choosingResource",
    },
    {
      name: "binding may follow as ever",
      script: [
        [authenticate(), success("juliet@im.example") + lateFeatures],
        [bind("balcony"), boundIq("balcony")],
      ],
      phase: "bound",
    },
    {
      name: "binds a resource, and what is left to ask for is announced [xep0386-3.2-01] [xep0386-3.2-04] [xep0386-3.2-10]",
      script: [
        [authenticate(bind2()), success("juliet@im.example/generated", `<bound ${bind2Ns}/>`) + boundFeatures()],
      ],
      phase: "bound",
    },
    {
      name: "binds and enables stream management [xep0386-3.2-12] [xep0386-3.2-03]",
      script: [
        [
          authenticate(bind2(`<enable ${smNs} resume='true'/>`)),
          success(
            "juliet@im.example/generated",
            `<bound ${bind2Ns}><enabled ${smNs} resume='true' id='sm-1' max='300'/></bound>`,
          ) + boundFeatures(""),
        ],
        [`<r ${smNs}/>`, ""],
      ],
      phase: "bound",
    },
    {
      name: "binds where there is no stream management to enable",
      setting: { host: { sasl2: all, streamManagement: false } },
      script: [
        [
          authenticate(bind2(`<enable ${smNs}/>`)),
          success(
            "juliet@im.example/generated",
            `<bound ${bind2Ns}><failed ${smNs}><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed></bound>`,
          ) + boundFeatures(""),
        ],
      ],
      phase: "bound",
    },
    {
      name: "resumes, and then nothing else is done and no features follow [xep0386-3.2-06] [xep0198-9.2-01] [xep0198-9.2-02] [xep0198-9.2-03]",
      script: [
        [
          authenticate(resume("sm-1") + bind2(`<enable ${smNs}/>`)),
          success("juliet@im.example/balcony", `<resumed ${smNs} previd='sm-1' h='5'/>`),
        ],
      ],
      phase: "bound",
    },
    {
      name: "binds when it cannot resume, and says how far the old stream got [xep0386-3.2-07] [xep0198-9.2.1-01]",
      script: [
        [
          authenticate(resume("sm-0") + bind2(`<enable ${smNs} resume='1'/>`)),
          success(
            "juliet@im.example/generated",
            `<failed ${smNs} h='7'><item-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed><bound ${bind2Ns}><enabled ${smNs} resume='true' id='sm-1' max='300'/></bound>`,
          ) + boundFeatures(""),
        ],
      ],
      phase: "bound",
    },
    {
      name: "is in when it can neither resume nor wants to bind",
      script: [
        [
          authenticate(`<resume ${smNs} previd='sm-9'/>`),
          success(
            "juliet@im.example",
            `<failed ${smNs}><bad-request xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed>`,
          ) + lateFeatures,
        ],
      ],
      phase: "choosingResource",
    },
    {
      name: "cannot resume where there is nothing to resume",
      setting: { host: { sasl2: all, streamManagement: false } },
      script: [
        [
          authenticate(resume("sm-1") + bind2()),
          success(
            "juliet@im.example/generated",
            `<failed ${smNs}><feature-not-implemented xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></failed><bound ${bind2Ns}/>`,
          ) + boundFeatures(""),
        ],
      ],
    },
    {
      name: "may hold what nobody here knows",
      script: [[authenticate("<megabind xmlns='urn:example:megabind'/>"), success("juliet@im.example") + lateFeatures]],
    },
    {
      name: "may have white space around its data, as the examples do [xep0388-2.2-01]",
      script: [
        [
          authenticate("", `<initial-response>\n  ${password}\n</initial-response>`),
          success("juliet@im.example") + lateFeatures,
        ],
      ],
    },
    {
      name: "may come without a first response; then it is asked for [xep0388-2.4-03] [xep0388-2.5-01] [xep0388-2.5-02]",
      script: [
        [authenticate("", ""), `<challenge ${ns}/>`],
        [`<response ${ns}>${password}</response>`, success("juliet@im.example") + lateFeatures],
      ],
    },
    {
      name: "is followed by stanzas at once, which are served in order",
      script: [
        [
          `${authenticate(bind2())}<iq type='set' id='b'><bind ${bindNs}/></iq>`,
          `${success("juliet@im.example/generated", `<bound ${bind2Ns}/>`)}${boundFeatures()}<iq type='error' id='b'><bind ${bindNs}/><error type='cancel'><not-allowed xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/><text xmlns='urn:ietf:params:xml:ns:xmpp-stanzas' xml:lang='en'>the stream has a resource</text></error></iq>`,
        ],
      ],
    },
  ];
  runTable(table, (setting) => offered(setting ?? offering));
});

describe("a request that fails", () => {
  const table: readonly Exchange[] = [
    {
      name: "leaves all as it was: nothing inline is done, and the next may succeed [xep0388-2.6.2-02] [xep0388-2.6.2-03] [xep0386-3.2-05]",
      script: [
        [
          authenticate(bind2(), `<initial-response>${encodeBase64(encodeUtf8("\0juliet\0tybalt"))}</initial-response>`),
          failure("not-authorized"),
        ],
        [authenticate(), success("juliet@im.example") + lateFeatures],
      ],
    },
    {
      name: "may be followed by the old profile, and the other way round",
      script: [
        [authenticate("", "", "X"), failure("invalid-mechanism")],
        [`<auth ${saslNs} mechanism='X'/>`, `<failure ${saslNs}><invalid-mechanism/></failure>`],
        [plain, oldSuccess],
      ],
    },
    {
      name: "A23 a mechanism that is not announced does not exist [xep0388-2.3-01]",
      script: [
        [authenticate("", "", "EXTERNAL"), failure("invalid-mechanism")],
        [authenticate("", "", "HT-SHA-256-NONE"), failure("invalid-mechanism")],
      ],
    },
    {
      name: "for a mechanism that is not named",
      script: [[`<authenticate ${ns}/>`, failure("invalid-mechanism")]],
    },
    {
      name: "for data that is no base64",
      script: [
        [authenticate("", "<initial-response>?</initial-response>"), failure("incorrect-encoding")],
        [authenticate("", "<initial-response>=</initial-response>"), failure("incorrect-encoding")],
        [authenticate("", "<initial-response><x xmlns='y'/></initial-response>"), failure("malformed-request")],
      ],
    },
    {
      name: "for data that is too long",
      script: [
        [authenticate("", `<initial-response>${"A".repeat(12_000)}</initial-response>`), failure("malformed-request")],
      ],
    },
    {
      name: "for one thing said twice",
      script: [
        [authenticate(bind2() + bind2()), failure("malformed-request")],
        [authenticate(resume("sm-1") + resume("sm-0")), failure("malformed-request")],
        [authenticate(agent + agent), failure("malformed-request")],
      ],
    },
    {
      name: "for more elements than there is room for",
      script: [[authenticate("<x xmlns='y'/>".repeat(inlineElementsMax)), failure("malformed-request")]],
    },
    {
      name: "for a user agent whose id is no UUID [xep0388-2.3-05]",
      script: [[authenticate("<user-agent id='me'/>"), failure("malformed-request")]],
    },
    {
      name: "when the client gives it up [xep0388-4.5-01] [xep0388-4.5-02]",
      script: [
        [authenticate("", ""), `<challenge ${ns}/>`],
        [`<abort ${ns}><text>no</text></abort>`, failure("aborted")],
      ],
    },
    {
      name: "when there is nothing under way to answer to",
      script: [
        [`<response ${ns}/>`, failure("malformed-request")],
        [`<next ${ns} task='X'/>`, failure("malformed-request")],
        [`<task-data ${ns}/>`, failure("malformed-request")],
      ],
    },
  ];
  runTable(table, (setting) => offered(setting ?? offering));

  test("A29 too many failures of both profiles together end the stream", () => {
    const wire = offered();
    const wrong = authenticate("", "", "X");
    for (const sent of [wrong, `<auth ${saslNs} mechanism='X'/>`, wrong]) {
      wire.write(sent);
      assert.notEqual(wire.state.phase, "closing");
    }
    wire.write(wrong);
    assert.equal(wire.take().endsWith(error("policy-violation", "too many failed authentications")), true);
  });
});

describe("what must not come", () => {
  const cases: readonly (readonly [name: string, before: string, sent: string])[] = [
    ["a stanza during the exchange [xep0388-2.4-01] [xep0388-2.4-02]", authenticate("", ""), "<presence/>"],
    ["another request during the exchange [xep0388-2.4-02]", authenticate("", ""), authenticate()],
    ["the old profile during the exchange", authenticate("", ""), plain],
    ["SASL2 during an exchange of the old profile", `<auth ${saslNs} mechanism='PLAIN'/>`, authenticate()],
    ["a request after success [xep0388-4.8-01]", authenticate(), authenticate()],
    ["a request of the old profile after success", authenticate(), plain],
    ["a request once bound [xep0388-4.8-01]", authenticate(bind2()), authenticate()],
  ];
  for (const [name, before, sent] of cases)
    test(`${name} ends the stream`, () => {
      const wire = offered();
      wire.write(before);
      wire.take();
      wire.write(sent);
      assert.match(wire.take(), /^<stream:error><not-authorized .*<\/stream:stream>$/);
    });

  test("SASL2 where it is not announced ends the stream", () => {
    const wire = offered({});
    wire.write(authenticate());
    assert.match(wire.take(), /^<stream:error><not-authorized /);
  });
});

describe("who says who they are", () => {
  const from = (address: string): Wire => {
    const wire = serve(offering);
    wire.write(open.replace("version=", `from='${address}' version=`));
    return wire;
  };

  test("and is somebody else fails, but keeps the stream [xep0388-2.3-02] [xep0388-4.4-01]", () => {
    const wire = from("romeo@im.example");
    wire.take();
    wire.write(authenticate());
    assert.equal(wire.take(), failure("not-authorized"));
    assert.equal(wire.state.phase, "choosing");
  });

  test("A24 and wants to be somebody else fails with invalid-authzid, whether the header says so or not [xep0388-2.3-02]", () => {
    const as = (authzid: string): string => {
      const data = encodeBase64(encodeUtf8(`${authzid}\0juliet\0r0m30`));
      return authenticate(bind2(), `<initial-response>${data}</initial-response>`);
    };
    for (const header of ["juliet@im.example", "romeo@im.example"]) {
      const wire = from(header);
      wire.take();
      wire.write(as("romeo@im.example"));
      assert.equal(wire.take(), failure("invalid-authzid"));
    }
    const wire = from("juliet@im.example");
    wire.take();
    wire.write(as("juliet@im.example"));
    assert.match(wire.take(), /^<success /);
  });

  test("and is from elsewhere is told at once [xep0388-2.1-03]", () => {
    const wire = from("juliet@montague.example");
    assert.match(wire.take(), /<stream:error><invalid-from /);
  });

  test("and is right is let in [xep0388-3-02]", () => {
    const wire = from("juliet@im.example");
    wire.take();
    wire.write(authenticate());
    assert.equal(wire.take(), success("juliet@im.example") + lateFeatures);
  });
});

describe("binding inline", () => {
  /** The resource is asked for, and nobody has answered yet. */
  const waiting = (): Wire => {
    const config = serverOf(hostOf("im.example", { sasl2: all }));
    const others = serverAnswers(juliet);
    const wire = new Wire(
      () => startReceiving(config, tls),
      (question) => (question.type === "bindResource" ? undefined : others(question)),
    );
    wire.write(open);
    wire.take();
    wire.write(authenticate(agent + bind2("<tag>Balcony</tag><enable xmlns='urn:xmpp:carbons:2'/>")));
    return wire;
  };

  test("is asked for with tag, device and features, once the client is authorized [xep0386-3.2-02]", () => {
    const wire = waiting();
    const question = wire.find("bindResource");
    assert.equal(question?.bind2?.tag, "Balcony");
    assert.equal(question.bind2.userAgent?.id, "d4565fa7-4d72-4749-b3d3-740edbf87770");
    assert.equal(question.bind2.userAgent.software, "Balcony");
    assert.notEqual(question.bind2.element.child("urn:xmpp:carbons:2", "enable"), undefined);
  });

  test("tells what the features answer [xep0386-3.2-15]", () => {
    const wire = waiting();
    wire.input({
      type: "bound",
      jid: full("juliet@im.example/x"),
      answers: [parseElement("<metadata xmlns='urn:xmpp:mam:2'/>")],
    });
    const answers = `<bound ${bind2Ns}><metadata xmlns='urn:xmpp:mam:2'/></bound>`;
    assert.equal(wire.take(), success("juliet@im.example/x", answers) + boundFeatures());
    assert.equal(wire.find("established")?.how, "bound");
  });

  test("that fails leaves the client authenticated, and it may try as ever", () => {
    const wire = waiting();
    wire.input({ type: "bindFailed", error: new StanzaError("resource-constraint") });
    assert.equal(wire.take(), success("juliet@im.example") + lateFeatures);
    assert.equal(wire.state.phase, "choosingResource");
    assert.deepEqual(wire.find("log")?.event, { name: "bind-failed", condition: "resource-constraint", failures: 1 });
  });

  test("waits no longer than all of negotiation may take (A7)", () => {
    const wire = waiting();
    wire.input({ type: "timeout", timer: "negotiation" });
    assert.match(wire.take(), /<policy-violation /);
  });
});
