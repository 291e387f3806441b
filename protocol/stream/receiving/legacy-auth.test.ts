import { describe } from "node:test";
import { defaultSaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import type { Exchange, Setting } from "../testing/transcript.ts";
import {
  error,
  failure,
  head,
  lateFeatures,
  open,
  plain,
  runTable,
  serve,
  streams,
  success,
  tlsFeatures,
  wrong,
} from "../testing/transcript.ts";
import { countingRandom, hostOf } from "../testing/server.ts";
import type { Wire } from "../testing/wire.ts";

const ns = "xmlns='jabber:iq:auth'";
const stanzas = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";
const ask = `<iq type='get' id='f'><query ${ns}><username>juliet</username></query></iq>`;
const fields = `<iq type='result' id='f'><query ${ns}><username/><password/><resource/></query></iq>`;
const login = (password: string, resource = "balcony", username = "juliet"): string =>
  `<iq type='set' id='l'><query ${ns}><username>${username}</username><password>${password}</password><resource>${resource}</resource></query></iq>`;
const done = "<iq type='result' id='l'/>";
const refused = (code: number, type: string, condition: string, text?: string): string =>
  `<iq type='error' id='l'><error code='${code}' type='${type}'><${condition} ${stanzas}/>${
    text === undefined ? "" : `<text ${stanzas} xml:lang='en'>${text}</text>`
  }</error></iq>`;
const unauthorized = refused(401, "auth", "not-authorized");
const incomplete = refused(406, "modify", "not-acceptable", "username, password and resource are needed");

const legacy = { acceptsLegacyPeers: true } as const;
const opened = (setting: Setting = {}): Wire => {
  const wire = serve({ ...setting, host: { ...legacy, ...setting.host } });
  wire.write(open);
  wire.take();
  return wire;
};

describe("a log-in from before SASL (XEP-0078)", () => {
  const table: readonly Exchange[] = [
    {
      name: "asks what is needed, and gets in with it",
      script: [
        [ask, fields],
        [login("r0m30"), done],
      ],
      phase: "bound",
    },
    { name: "goes straight to its resource", script: [[login("r0m30") + "<presence/>", done]], phase: "bound" },
    {
      name: "with a wrong password is refused, without the request",
      script: [
        [login("tybalt"), unauthorized],
        [login("r0m30"), done],
      ],
      phase: "bound",
    },
    {
      name: "of somebody unknown is refused alike",
      script: [[login("r0m30", "balcony", "nobody"), unauthorized]],
      phase: "choosing",
    },
    {
      name: "without a resource is not acceptable [xep0078-3.1-08]",
      script: [[login("r0m30", ""), incomplete]],
      phase: "choosing",
    },
    {
      name: "by digest is not acceptable: passwords are not kept in clear",
      script: [
        [
          `<iq type='set' id='l'><query ${ns}><username>juliet</username><digest>48fc78be9ec8f86d8ce1c39c320c97c21d62334d</digest><resource>r</resource></query></iq>`,
          incomplete,
        ],
      ],
    },
    {
      name: "meets a resource in use",
      script: [[login("r0m30", "taken"), refused(409, "cancel", "conflict")]],
      phase: "choosing",
    },
    {
      name: "A29 may fail only so often",
      script: [
        [
          login("tybalt").repeat(5),
          unauthorized.repeat(4) + error("policy-violation", "too many failed authentications"),
        ],
      ],
    },
    {
      name: "may ask only so often",
      script: [[ask.repeat(9), fields.repeat(8) + error("policy-violation", "too many requests")]],
    },
    {
      name: "comes too late when SASL has failed [xep0078-3.1-05] [xep0078-7-02]",
      script: [
        [
          wrong + login("r0m30"),
          failure("not-authorized") + error("policy-violation", "the log-in by SASL has failed"),
        ],
      ],
    },
    {
      name: "may be followed by SASL",
      script: [
        [login("tybalt") + plain, unauthorized + success],
        [open, head(2) + lateFeatures],
      ],
    },
    {
      name: "is not another way to bind",
      script: [
        [plain, success],
        [open, head(2) + lateFeatures],
        [
          login("r0m30"),
          `<iq type='error' id='l'><query ${ns}><username>juliet</username><password>r0m30</password><resource>balcony</resource></query><error type='wait'><unexpected-request ${stanzas}/><text ${stanzas} xml:lang='en'>bind a resource first</text></error></iq>`,
        ],
      ],
    },
  ];
  runTable(table, opened);
});

describe("a peer without version", () => {
  const header = `<stream:stream to='im.example' ${streams}>`;
  const answer = head(1).replace(" version='1.0' xml", " xml");
  runTable(
    [
      {
        name: "logs in over TLS",
        setting: { host: legacy },
        script: [
          [header, answer],
          [ask, fields],
          [login("r0m30"), done],
        ],
        phase: "bound",
      },
      {
        name: "A22 does not log in without TLS",
        setting: { host: legacy, channel: undefined },
        script: [
          [header, answer],
          [login("r0m30"), error("not-authorized")],
        ],
      },
    ],
    serve,
  );
});

describe("a stream that names its user", () => {
  const features = tlsFeatures.replace(
    "</stream:features>",
    "<auth xmlns='http://jabber.org/features/iq-auth'/></stream:features>",
  );
  const header = (from: string): string => `<stream:stream to='im.example' from='${from}' version='1.0' ${streams}>`;
  runTable(
    [
      {
        name: "is that user's",
        setting: { host: legacy },
        script: [
          [header("juliet@im.example"), head(1, " to='juliet@im.example'") + features],
          [login("r0m30"), done],
        ],
        phase: "bound",
      },
      {
        name: "is nobody else's [rfc6120-6.4.6-01]",
        setting: { host: legacy },
        script: [
          [header("romeo@im.example"), head(1, " to='romeo@im.example'") + features],
          [login("r0m30"), error("invalid-from")],
        ],
      },
    ],
    serve,
  );
});

describe("where it is not offered it is not accepted (A23)", () => {
  const cases: readonly Exchange[] = [
    {
      name: "on a host that does not want it",
      setting: { host: { acceptsLegacyPeers: false } },
      script: [[login("r0m30"), error("not-authorized")]],
    },
    { name: "without TLS", setting: { channel: undefined }, script: [[login("r0m30"), error("not-authorized")]] },
    {
      name: "where the policy has no PLAIN",
      setting: {
        host: {
          sasl: {
            ...hostOf("im.example").sasl,
            random: countingRandom(),
            policy: { ...defaultSaslServerPolicy, plain: "never" },
          },
        },
      },
      script: [[login("r0m30"), error("not-authorized")]],
    },
  ];
  runTable(cases, opened);
});

describe("the feature", () => {
  const feature = "<auth xmlns='http://jabber.org/features/iq-auth'/></stream:features>";
  runTable(
    [
      {
        name: "is announced over TLS",
        setting: { host: legacy },
        script: [[open, head(1) + tlsFeatures.replace("</stream:features>", feature)]],
      },
      { name: "is not announced where nobody wants it", script: [[open, head(1) + tlsFeatures]] },
    ],
    serve,
  );
});
