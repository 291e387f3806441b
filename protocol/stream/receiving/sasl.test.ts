import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { tls } from "../testing/client.ts";
import { hostOf, openPolicy, serverAnswers, serverOf } from "../testing/server.ts";
import { Wire } from "../testing/wire.ts";
import { startReceiving } from "./receive.ts";
import {
  juliet,
  open,
  head,
  saslNs,
  smNs,
  lateFeatures,
  plain,
  wrong,
  success,
  failure,
  bind,
  bound,
  error,
  type Setting,
  serve,
  runTable,
} from "../testing/transcript.ts";

describe("SASL", () => {
  const opened = (setting?: Setting): Wire => {
    const wire = serve(setting);
    wire.write(open);
    wire.take();
    return wire;
  };
  const many = "too many failed authentications";
  runTable(
    [
      {
        name: "success restarts the stream: a new id, and features anew, with binding [rfc6120-4.3.4-01] [rfc6120-6.3.2-01] [rfc6120-6.4.6-05] [rfc6120-6.4.6-06] [rfc6120-7.4-01]",
        script: [
          [plain, success],
          [open, head(2) + lateFeatures],
        ],
      },
      {
        name: "a client that sends everything ahead is served in order [rfc3921-3-04] [rfc6120-4.3.3-01] [rfc6120-10.1-01] [rfc6120-10.1-06] [rfc3920-6.2-11]",
        script: [
          [
            plain + open + bind("balcony") + `<enable ${smNs} resume='1'/>`,
            `${success}${head(2)}${lateFeatures}${bound("balcony")}<enabled ${smNs} id='sm-1' resume='true' max='300'/>`,
          ],
        ],
        phase: "bound",
      },
      {
        name: "a wrong password is not authorised [rfc6120-6.4.5-01]",
        script: [[wrong, failure("not-authorized")]],
        phase: "choosing",
      },
      {
        name: "after a wrong password the right one is welcome [rfc6120-6.4.2-01] [rfc6120-6.4.5-02]",
        script: [
          [wrong + wrong, failure("not-authorized") + failure("not-authorized")],
          [plain, success],
        ],
      },
      {
        name: "too many wrong passwords end the stream [rfc6120-6.4.5-05] [rfc6120-13.9.4-05] [rfc3920-6.2-08]",
        script: [
          [wrong + wrong + wrong, failure("not-authorized").repeat(3)],
          [wrong + plain, failure("not-authorized") + error("policy-violation", many)],
        ],
        phase: "closing",
      },
      {
        name: "an abort is confirmed [rfc6120-6.4.4-01]",
        script: [
          [`<auth ${saslNs} mechanism='PLAIN'/>`, `<challenge ${saslNs}/>`],
          [`<abort ${saslNs}/>`, failure("aborted")],
          [plain, success],
        ],
      },
      {
        name: "too many aborts end the stream as well [rfc3920-6.2-06]",
        script: [
          [`<abort ${saslNs}/>`.repeat(3), failure("aborted").repeat(3)],
          [`<abort ${saslNs}/>`, failure("aborted") + error("policy-violation", many)],
        ],
        phase: "closing",
      },
      { name: "an abort of nothing is confirmed", script: [[`<abort ${saslNs}/>`, failure("aborted")]] },
      {
        name: "the first response may come later, and a second <auth/> discards the first exchange [rfc6120-6.3.10-01] [rfc6120-6.4.2-03] [rfc6120-6.4.3-01]",
        script: [
          [`<auth ${saslNs} mechanism='PLAIN'/>`, `<challenge ${saslNs}/>`],
          [plain, success],
        ],
      },
      {
        name: "a response to nothing is malformed",
        script: [[`<response ${saslNs}>AA==</response>`, failure("malformed-request")]],
      },
      {
        name: "an element that SASL does not know is malformed",
        script: [[`<success ${saslNs}/>`, failure("malformed-request")]],
      },
      {
        name: "elements inside <auth/> are malformed",
        script: [[`<auth ${saslNs} mechanism='PLAIN'><x/></auth>`, failure("malformed-request")]],
      },
      {
        name: "no mechanism is an invalid one",
        script: [[`<auth ${saslNs}>AA==</auth>`, failure("invalid-mechanism")]],
      },
      {
        name: "an unknown mechanism is invalid",
        script: [[`<auth ${saslNs} mechanism='X-OAUTH'>AA==</auth>`, failure("invalid-mechanism")]],
      },
      {
        name: "A23 a mechanism that is not announced is not accepted: ANONYMOUS",
        setting: { host: { sasl: { ...hostOf("im.example").sasl, policy: { ...openPolicy, anonymous: false } } } },
        script: [[`<auth ${saslNs} mechanism='ANONYMOUS'/>`, failure("invalid-mechanism")]],
      },
      {
        name: "A23 a mechanism that is not announced is not accepted: EXTERNAL without certificate",
        script: [[`<auth ${saslNs} mechanism='EXTERNAL'>=</auth>`, failure("invalid-mechanism")]],
      },
      {
        name: "A23 a mechanism that the administrator finds too weak is refused as such",
        setting: { host: { sasl: { ...hostOf("im.example").sasl, policy: { ...openPolicy, plain: "never" } } } },
        script: [[plain, failure("mechanism-too-weak")]],
      },
      {
        name: "base64 is strict [rfc6120-6.3.5-02] [rfc6120-13.9.1-01] [rfc6120-13.9.1-02] [rfc6120-13.9.1-04]",
        script: [
          [`<auth ${saslNs} mechanism='PLAIN'>AB==</auth>`, failure("incorrect-encoding")],
          [`<auth ${saslNs} mechanism='PLAIN'>AA== </auth>`, failure("incorrect-encoding")],
          [`<auth ${saslNs} mechanism='PLAIN'>AA</auth>`, failure("incorrect-encoding")],
        ],
      },
      {
        name: "A24 nobody opens a session as somebody else [rfc6120-6.3.8-06]",
        script: [
          [
            `<auth ${saslNs} mechanism='PLAIN'>${btoa("romeo@im.example\0juliet\0r0m30")}</auth>`,
            failure("invalid-authzid"),
          ],
        ],
      },
      {
        name: "A24 nor as somebody whose name is like theirs",
        script: ["juliette@im.example", "jul@im.example", "im.example"].map((other) => [
          `<auth ${saslNs} mechanism='PLAIN'>${btoa(`${other}\0juliet\0r0m30`)}</auth>`,
          failure("invalid-authzid"),
        ]),
      },
      {
        name: "A24 not even as themselves at another domain",
        script: [
          [
            `<auth ${saslNs} mechanism='PLAIN'>${btoa("juliet@verona.example\0juliet\0r0m30")}</auth>`,
            failure("invalid-authzid"),
          ],
        ],
      },
      {
        name: "their own bare JID is who they are anyway [rfc6120-6.3.8-01]",
        script: [[`<auth ${saslNs} mechanism='PLAIN'>${btoa("juliet@im.example\0juliet\0r0m30")}</auth>`, success]],
      },
      {
        name: "their own full JID is nobody's identity [rfc6120-6.3.8-04]",
        script: [
          [
            `<auth ${saslNs} mechanism='PLAIN'>${btoa("juliet@im.example/x\0juliet\0r0m30")}</auth>`,
            failure("invalid-authzid"),
          ],
        ],
      },
      {
        name: "A25 the host cannot change after SASL",
        script: [
          [plain, success],
          [
            open.replace("im.example", "gone.example"),
            head(2) + error("not-authorized", "the domain of a stream cannot change"),
          ],
        ],
      },
      {
        name: "after SASL a header from somebody else is refused",
        script: [
          [plain, success],
          [
            open.replace("to=", "from='romeo@im.example' to="),
            head(2, " to='romeo@im.example'") + error("invalid-from"),
          ],
        ],
      },
      {
        name: "after SASL the host need not be named again [rfc6120-4.7.2-06]",
        script: [
          [plain, success],
          [open.replace("to='im.example' ", ""), head(2) + lateFeatures],
        ],
      },
      {
        name: "white space during SASL does no harm",
        script: [[` ${plain} `, success]],
      },
    ],
    opened,
  );

  for (const early of [
    "<message to='romeo@im.example'><body>x</body></message>",
    "<presence/>",
    "<iq type='get' id='1'><query xmlns='jabber:iq:roster'/></iq>",
  ])
    test(`${early} before authentication ends the stream, and nobody sees it [rfc6120-4.7.1-04] [rfc6120-4.7.2-05] [rfc6120-4.9.3.12-01] [rfc6120-6.3.1-01] [rfc6120-13.12-01]`, () => {
      const wire = opened();
      wire.write(early + plain);
      assert.equal(wire.take(), error("not-authorized"));
      assert.equal(wire.find("stanza") ?? wire.find("earlyRequest") ?? wire.find("authorize"), undefined);
    });

  test("A24 a host may let some act for others [rfc6120-4.3.6-03]", () => {
    const sasl = { ...hostOf("im.example").sasl, mayActAs: () => true };
    const wire = opened({ host: { sasl } });
    wire.write(`<auth ${saslNs} mechanism='PLAIN'>${btoa("romeo@im.example\0juliet\0r0m30")}</auth>`);
    assert.equal(wire.find("authorize")?.user, "romeo@im.example");
  });

  test("A24 an authorization that the host allows cannot leave the host", () => {
    const sasl = { ...hostOf("im.example").sasl, mayActAs: () => true };
    const wire = opened({ host: { sasl } });
    wire.write(`<auth ${saslNs} mechanism='PLAIN'>${btoa("romeo@verona.example\0juliet\0r0m30")}</auth>`);
    assert.equal(wire.take(), failure("invalid-authzid"));
  });

  test("A24 whatever the host allows, a full JID is nobody's identity [rfc6120-6.3.8-04]", () => {
    const sasl = { ...hostOf("im.example").sasl, mayActAs: () => true };
    const wire = opened({ host: { sasl } });
    wire.write(`<auth ${saslNs} mechanism='PLAIN'>${btoa("romeo@im.example/x\0juliet\0r0m30")}</auth>`);
    assert.equal(wire.take(), failure("invalid-authzid"));
  });

  test("who authenticates as another than their protected header says is sent away [rfc6120-6.4.6-01]", () => {
    const wire = serve();
    wire.write(open.replace("to=", "from='romeo@im.example' to="));
    wire.take();
    wire.write(plain);
    assert.equal(wire.take(), error("invalid-from"));
  });

  test("whose certificate names another than their header is sent away [rfc6120-13.7.2-04] [rfc6120-13.7.2-05]", () => {
    const certificate = [{ address: "juliet@im.example", username: "juliet" }];
    const wire = serve({ channel: { ...tls, certificate } });
    wire.write(open.replace("to=", "from='romeo@im.example' to="));
    wire.take();
    wire.write(`<auth ${saslNs} mechanism='EXTERNAL'>=</auth>`);
    assert.match(wire.take(), /<invalid-from|<failure/);
    assert.equal(wire.find("authorize"), undefined);
  });

  test("A24 a certificate of the same name at another domain proves nobody here", () => {
    const certificate = [{ address: "juliet@verona.example", username: "juliet" }];
    const wire = opened({ channel: { ...tls, certificate } });
    for (const authzid of ["=", btoa("juliet@im.example"), btoa("juliet@verona.example")]) {
      wire.write(`<auth ${saslNs} mechanism='EXTERNAL'>${authzid}</auth>`);
      assert.equal(wire.take(), failure("invalid-mechanism"));
    }
    assert.equal(wire.find("authorize"), undefined);
  });

  for (const condition of ["account-disabled", "credentials-expired", "temporary-auth-failure"] as const) {
    test(`the owner's refusal reaches the client: ${condition}`, () => {
      const answers = serverAnswers(juliet);
      const wire = new Wire(
        () => startReceiving(serverOf(hostOf("im.example")), tls),
        (question) => (question.type === "authorize" ? { type: "authenticationFailed", condition } : answers(question)),
      );
      wire.write(open);
      wire.take();
      wire.write(plain);
      assert.equal(wire.take(), failure(condition));
      assert.equal(wire.state.phase, "choosing");
    });
  }

  test("A6 A31 while a question is open nothing is read, however much is sent", () => {
    const wire = new Wire(
      () => startReceiving(serverOf(hostOf("im.example")), tls),
      () => undefined,
    );
    wire.write(open);
    wire.write(plain + wrong.repeat(10));
    assert.equal(wire.state.phase, "authenticating");
    assert.equal(wire.effects.filter((effect) => effect.type === "lookupCredentials").length, 1);
  });
});
