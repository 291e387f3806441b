import assert from "node:assert/strict";
import { test } from "node:test";
import { serverContext, testPolicy } from "#testing/sasl/run-exchange.ts";
import { channelBindings, type ChannelBinding } from "./channel-binding.ts";
import { mechanisms } from "./mechanism.ts";
import { saslCondition, saslConditions } from "./sasl-condition.ts";
import {
  announcedBindingTypes,
  defaultSaslServerPolicy,
  serverMechanisms,
  type SaslServerPolicy,
  type SaslServerTransport,
} from "./server-policy.ts";
import { startServerMechanism } from "./start-server-mechanism.ts";

const bindings: readonly ChannelBinding[] = [{ type: "tls-exporter", data: new Uint8Array(32) }];
const clear = { encrypted: false, bindings: [], certified: false };
const proxied = { encrypted: true, bindings: [], certified: false };
const tls = { encrypted: true, bindings, certified: false };

const scram = ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1"];
const plus = scram.map((name) => `${name}-PLUS`);

const offers: readonly {
  readonly name: string;
  readonly policy: Partial<SaslServerPolicy>;
  readonly transport: SaslServerTransport;
  readonly mechanisms: readonly string[];
}[] = [
  {
    name: "by default nothing without TLS [rfc6120-6.3.4-01] [rfc6120-13.8.1-02] [rfc6120-13.8.3-04]",
    policy: {},
    transport: clear,
    mechanisms: [],
  },
  {
    name: "no PLAIN where an administrator needs none [rfc6120-13.8.3-05]",
    policy: { plain: "never" },
    transport: tls,
    mechanisms: [...plus, ...scram],
  },
  {
    name: "by default SCRAM and PLAIN under TLS, strongest first [rfc6120-6.3.3-01] [rfc6120-6.3.4-05] [rfc6120-13.8-01] [rfc6120-13.8.1-01] [rfc6120-13.8.1-03]",
    policy: {},
    transport: tls,
    mechanisms: [...plus, ...scram, "PLAIN"],
  },
  { name: "no -PLUS where nothing can be bound to", policy: {}, transport: proxied, mechanisms: [...scram, "PLAIN"] },
  {
    name: "-PLUS can be switched off",
    policy: { channelBinding: "off" },
    transport: tls,
    mechanisms: [...scram, "PLAIN"],
  },
  {
    name: "only -PLUS where it is required",
    policy: { channelBinding: "required", digestMd5: true },
    transport: tls,
    mechanisms: plus,
  },
  {
    name: "nothing where what is required is missing",
    policy: { channelBinding: "required" },
    transport: proxied,
    mechanisms: [],
  },
  {
    name: "EXTERNAL comes first, for a certificate only [rfc6120-6.3.4-02] [rfc6120-6.3.4-04] [rfc6120-13.8.4-01]",
    policy: {},
    transport: { ...proxied, certified: true },
    mechanisms: ["EXTERNAL", ...scram, "PLAIN"],
  },
  {
    name: "EXTERNAL can be switched off",
    policy: { external: false, plain: "never" },
    transport: { ...proxied, certified: true },
    mechanisms: scram,
  },
  {
    name: "PLAIN in clear only when somebody wants it so",
    policy: { plain: "always" },
    transport: clear,
    mechanisms: ["PLAIN"],
  },
  {
    name: "SCRAM in clear when somebody wants it so",
    policy: { scramWithoutTls: true },
    transport: clear,
    mechanisms: scram,
  },
  {
    name: "hashes are offered as configured, strongest first",
    policy: { scramOffered: ["SHA-1", "SHA-256"], plain: "never" },
    transport: proxied,
    mechanisms: ["SCRAM-SHA-256", "SCRAM-SHA-1"],
  },
  {
    name: "no SCRAM though the keys are there to check passwords against",
    policy: { scramOffered: [] },
    transport: tls,
    mechanisms: ["PLAIN"],
  },
  {
    name: "DIGEST-MD5 and ANONYMOUS when somebody wants them so",
    policy: { digestMd5: true, anonymous: true },
    transport: proxied,
    mechanisms: [...scram, "DIGEST-MD5", "PLAIN", "ANONYMOUS"],
  },
];

for (const { name, policy, transport, mechanisms: expected } of offers) {
  test(`offers: ${name}`, () => {
    assert.deepEqual(serverMechanisms({ ...defaultSaslServerPolicy, ...policy }, transport), expected);
  });
}

test("A23 whatever the policy leaves out is refused, however it is spelt", () => {
  const offered = serverMechanisms(defaultSaslServerPolicy, tls);
  const names = [
    ...mechanisms.filter((name) => !offered.includes(name)),
    "scram-sha-1",
    "plain",
    "",
    "CRAM-MD5",
    "__proto__",
    "PLAIN ",
  ];
  for (const name of names) {
    const exchange = startServerMechanism(name, serverContext({ offered, bindings }));
    assert.deepEqual(exchange.respond(undefined), { type: "failure", condition: "invalid-mechanism" });
  }
});

const data = new Uint8Array(12).fill(1);
const facts = { resumed: false, extendedMasterSecret: true, exporter: data, finished: data, endPoint: data } as const;
const connections = [
  {
    name: "TLS 1.3",
    tls: { version: "TLSv1.3", ...facts },
    announced: ["tls-exporter", "tls-server-end-point"],
    tolerated: ["tls-unique"],
  },
  {
    name: "resumed TLS 1.3",
    tls: { version: "TLSv1.3", ...facts, resumed: true },
    announced: ["tls-exporter", "tls-server-end-point"],
    tolerated: ["tls-unique"],
  },
  {
    name: "TLS 1.2",
    tls: { version: "TLSv1.2", ...facts },
    announced: ["tls-exporter", "tls-unique", "tls-server-end-point"],
    tolerated: [],
  },
  {
    name: "TLS 1.2 without extended master secret",
    tls: { version: "TLSv1.2", ...facts, extendedMasterSecret: false },
    announced: ["tls-unique", "tls-server-end-point"],
    tolerated: [],
  },
  {
    name: "resumed TLS 1.2 without extended master secret",
    tls: { version: "TLSv1.2", ...facts, extendedMasterSecret: false, resumed: true },
    announced: [],
    tolerated: [],
  },
  {
    name: "TLS 1.3 of which nothing is known",
    tls: { version: "TLSv1.3", resumed: false, extendedMasterSecret: true },
    announced: [],
    tolerated: [],
  },
] as const;

for (const { name, tls: connection, announced, tolerated } of connections) {
  test(`S30 ${name} announces exactly what works on it`, () => {
    const found = channelBindings(connection);
    assert.deepEqual(
      found.announced.map(({ type }) => type),
      announced,
    );
    assert.deepEqual(
      found.tolerated.map(({ type }) => type),
      tolerated,
    );
    const transport = { encrypted: true, bindings: found.announced, certified: false };
    assert.deepEqual(announcedBindingTypes(testPolicy, transport), announced);
    const offersPlus = serverMechanisms(testPolicy, transport).some((mechanism) => mechanism.endsWith("-PLUS"));
    assert.equal(offersPlus, announced.length > 0);
  });
}

test("S30 nothing is announced where channel binding is off, or without TLS", () => {
  assert.deepEqual(announcedBindingTypes({ ...testPolicy, channelBinding: "off" }, tls), []);
  assert.deepEqual(announcedBindingTypes(testPolicy, { ...tls, encrypted: false }), []);
});

test("S30 an administrator may refuse tls-unique on TLS 1.3", () => {
  const connection = { version: "TLSv1.3", ...facts } as const;
  assert.deepEqual(channelBindings(connection, { tlsUniqueOnTls13: "refuse" }).tolerated, []);
});

test("a failure that we do not know is a plain refusal [rfc6120-6.5-04]", () => {
  for (const condition of saslConditions) assert.equal(saslCondition(condition), condition);
  assert.equal(saslCondition("bad-hair-day"), "not-authorized");
});
