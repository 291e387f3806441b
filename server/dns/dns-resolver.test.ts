import assert from "node:assert/strict";
import { test } from "node:test";
import {
  addressRecord,
  aliasRecord,
  authorityRecord,
  serviceRecord,
  startDns,
  tlsaRecord,
  type TestDns,
  type Zone,
  type ZoneEntry,
} from "#testing/dns-server.ts";
import { nodeEnv } from "../node-env.ts";
import { DnsError, type RecordType } from "./dns-answer.ts";
import { DnsResolver } from "./dns-resolver.ts";
import { parseHosts } from "./system-files.ts";

/** Long enough that nothing of a test is cut off by it. */
const never = new AbortController().signal;

interface Asking extends AsyncDisposable {
  readonly dns: TestDns;
  readonly resolver: DnsResolver;
  /** Moves the clock of the cache. */
  readonly pass: (seconds: number) => void;
  readonly ask: (name: string, type: RecordType) => Promise<string>;
}

/** A resolver that asks a test's DNS; `hurried`: its waits pass twenty times as fast. */
async function asking(
  zone: Readonly<Record<string, ZoneEntry>> | Zone,
  options: {
    readonly validating?: boolean;
    readonly hosts?: string;
    readonly deadFirst?: boolean;
    readonly hurried?: boolean;
  } = {},
): Promise<Asking> {
  const dns = await startDns(zone instanceof Map ? zone : new Map(Object.entries(zone)));
  const env = nodeEnv();
  let passedMs = 0;
  // Nothing listens on the first of these two.
  const places = [...(options.deadFirst ? [{ address: "127.0.0.1", port: 1 }] : []), dns];
  const settings = { places, validating: options.validating ?? false };
  const resolver = new DnsResolver({
    env: {
      ...env,
      now: () => env.now() + passedMs,
      setTimer: (ms, run) => env.setTimer(options.hurried === true ? ms / 20 : ms, run),
    },
    settings: () => Promise.resolve(settings),
    hosts: () => Promise.resolve(parseHosts(options.hosts ?? "")),
  });
  return {
    dns,
    resolver,
    pass: (seconds) => void (passedMs += seconds * 1_000),
    ask: async (name, type) => {
      try {
        const { records, validated } = await resolver.resolve(name, type, never);
        return `${records.map((record) => describe(record)).join(", ") || "nothing"}${validated ? ", validated" : ""}`;
      } catch (error) {
        return error instanceof DnsError ? error.reason : String(error);
      }
    },
    [Symbol.asyncDispose]: () => dns[Symbol.asyncDispose](),
  };
}

function describe(record: unknown): string {
  if (typeof record !== "object" || record === null) return String(record);
  return Object.values(record)
    .map((value) => (value instanceof Uint8Array ? value.toHex() : String(value)))
    .join(" ");
}

const one = addressRecord("host.example", "192.0.2.1");

const table: readonly {
  readonly name: string;
  readonly zone: Readonly<Record<string, ZoneEntry>>;
  readonly question: readonly [string, RecordType];
  readonly expected: string;
  readonly asked?: readonly string[];
}[] = [
  {
    name: "addresses are told",
    zone: { "A host.example": { answers: [one, addressRecord("host.example", "192.0.2.2")] } },
    question: ["host.example", "A"],
    expected: "192.0.2.1, 192.0.2.2",
  },
  {
    name: "so are those of IPv6",
    zone: { "AAAA host.example": { answers: [addressRecord("host.example", "2001:db8::1")] } },
    question: ["Host.Example", "AAAA"],
    expected: "2001:db8::1",
  },
  {
    name: "services are told, their targets in lower case",
    zone: {
      "SRV _xmpp-server._tcp.host.example": {
        answers: [serviceRecord("_xmpp-server._tcp.host.example", "5 10 5269 XMPP.Example")],
      },
    },
    question: ["_xmpp-server._tcp.host.example", "SRV"],
    expected: "5 10 5269 xmpp.example",
  },
  {
    name: "a target that is the root is a dot",
    zone: { "SRV _x._tcp.host.example": { answers: [serviceRecord("_x._tcp.host.example", "0 0 0 .")] } },
    question: ["_x._tcp.host.example", "SRV"],
    expected: "0 0 0 .",
  },
  {
    name: "what is said of certificates is told",
    zone: {
      "TLSA _5269._tcp.host.example": { answers: [tlsaRecord("_5269._tcp.host.example", new Uint8Array([1, 2, 255]))] },
    },
    question: ["_5269._tcp.host.example", "TLSA"],
    expected: "3 1 1 0102ff",
  },
  {
    name: "a name that does not exist has nothing",
    zone: {},
    question: ["host.example", "A"],
    expected: "nothing",
  },
  {
    name: "a name that has other records has nothing of this type",
    zone: { "A host.example": { authorities: [authorityRecord("example", 60)] } },
    question: ["host.example", "A"],
    expected: "nothing",
  },
  {
    name: "aliases in the answer are followed",
    zone: {
      "A www.example": {
        answers: [
          aliasRecord("www.example", "host.example"),
          aliasRecord("host.example", "a.example"),
          addressRecord("a.example", "192.0.2.7"),
        ],
      },
    },
    question: ["www.example", "A"],
    expected: "192.0.2.7",
  },
  {
    name: "an alias whose end is not in the answer is asked for",
    zone: {
      "A www.example": { answers: [aliasRecord("www.example", "host.example")] },
      "A host.example": { answers: [one] },
    },
    question: ["www.example", "A"],
    expected: "192.0.2.1",
    asked: ["A www.example", "A host.example"],
  },
  {
    name: "aliases in a circle end",
    zone: {
      "A a.example": { answers: [aliasRecord("a.example", "b.example"), aliasRecord("b.example", "a.example")] },
    },
    question: ["a.example", "A"],
    expected: "failed",
    asked: ["A a.example"],
  },
  {
    name: "a long chain of aliases ends",
    zone: Object.fromEntries(
      Array.from({ length: 20 }, (_, i) => [
        `A n${i}.example`,
        { answers: [aliasRecord(`n${i}.example`, `n${i + 1}.example`)] },
      ]),
    ),
    question: ["n0.example", "A"],
    expected: "failed",
    asked: Array.from({ length: 9 }, (_, i) => `A n${i}.example`),
  },
  {
    name: "records of names that were not asked for do not count",
    zone: { "A host.example": { answers: [addressRecord("bank.example", "192.0.2.66"), one] } },
    question: ["host.example", "A"],
    expected: "192.0.2.1",
  },
  {
    name: "a resolver that failed is not one that found nothing",
    zone: { "A host.example": { code: 2 } },
    question: ["host.example", "A"],
    expected: "failed",
    asked: ["A host.example"],
  },
  {
    name: "a resolver that refuses is told apart",
    zone: { "A host.example": { code: 5 } },
    question: ["host.example", "A"],
    expected: "refused",
  },
  {
    name: "an answer too long for a datagram is fetched over TCP",
    zone: { "A host.example": { answers: [one], truncated: true } },
    question: ["host.example", "A"],
    expected: "192.0.2.1",
    asked: ["A host.example", "tcp A host.example"],
  },
  {
    name: "a resolver from before extensions is asked without them",
    zone: { "A host.example": { answers: [one], old: true } },
    question: ["host.example", "A"],
    expected: "192.0.2.1",
    asked: ["A host.example", "A host.example"],
  },
  {
    name: "a resolver that never answers is asked twice",
    zone: { "A host.example": { silent: "all" } },
    question: ["host.example", "A"],
    expected: "timeout",
    asked: ["A host.example", "A host.example"],
  },
  {
    name: "names that no DNS may have are not asked for",
    zone: {},
    question: ["abcdef.onion", "A"],
    expected: "nothing",
    asked: [],
  },
  {
    name: "nor are those that no DNS can have",
    zone: {},
    question: ["a b.example", "A"],
    expected: "nothing",
    asked: [],
  },
];

for (const { name, zone, question, expected, asked } of table) {
  test(`dns: ${name}`, async () => {
    await using to = await asking(zone, { hurried: expected === "timeout" });
    assert.equal(await to.ask(...question), expected);
    if (asked !== undefined) assert.deepEqual(to.dns.asked, asked);
  });
}

test("dns: an answer is believed to be validated only if the resolver is configured so, and on this machine", async () => {
  const zone = { "A host.example": { answers: [one], authentic: true } };
  await using plain = await asking(zone);
  assert.equal(await plain.ask("host.example", "A"), "192.0.2.1");
  await using validating = await asking(zone, { validating: true });
  assert.equal(await validating.ask("host.example", "A"), "192.0.2.1, validated");
});

test("dns: a resolver from before extensions validates nothing, so that its answer does not count where validation does", async () => {
  const zone = { "A host.example": { answers: [one], old: true } };
  await using to = await asking(zone, { validating: true });
  assert.equal(await to.ask("host.example", "A"), "failed");
});

test("dns: a chain of aliases is validated only if all of it is [rfc7673-3.1-02]", async () => {
  await using to = await asking(
    {
      "A www.example": { answers: [aliasRecord("www.example", "host.example")], authentic: false },
      "A host.example": { answers: [one], authentic: true },
    },
    { validating: true },
  );
  assert.equal(await to.ask("www.example", "A"), "192.0.2.1");
  assert.equal(await to.ask("host.example", "A"), "192.0.2.1, validated");
});

test("dns: a resolver that is not there is passed over, and not asked first again", async () => {
  await using to = await asking(
    {
      "A host.example": { answers: [one] },
      "A other.example": { answers: [addressRecord("other.example", "192.0.2.9")] },
    },
    { deadFirst: true },
  );
  assert.equal(await to.ask("host.example", "A"), "192.0.2.1");
  assert.equal(await to.ask("other.example", "A"), "192.0.2.9");
  assert.deepEqual(to.dns.asked, ["A host.example", "A other.example"]);
});

test("dns: an answer is kept for as long as it says", async () => {
  await using to = await asking({ "A host.example": { answers: [addressRecord("host.example", "192.0.2.1", 60)] } });
  for (const seconds of [0, 30, 20]) {
    to.pass(seconds);
    assert.equal(await to.ask("host.example", "A"), "192.0.2.1");
  }
  assert.equal(to.dns.asked.length, 1);
  to.pass(11);
  await to.ask("host.example", "A");
  assert.equal(to.dns.asked.length, 2);
});

test("dns: an answer that says so is not kept at all", async () => {
  await using to = await asking({ "A host.example": { answers: [addressRecord("host.example", "192.0.2.1", 0)] } });
  await to.ask("host.example", "A");
  await to.ask("host.example", "A");
  assert.equal(to.dns.asked.length, 2);
});

test("dns: that there is nothing is kept for as long as the zone says, five minutes at most", async () => {
  await using to = await asking({ "A host.example": { code: 3, authorities: [authorityRecord("example", 3_600)] } });
  await to.ask("host.example", "A");
  to.pass(299);
  await to.ask("host.example", "A");
  assert.equal(to.dns.asked.length, 1);
  to.pass(2);
  await to.ask("host.example", "A");
  assert.equal(to.dns.asked.length, 2);
});

test("dns: a failure is not kept", async () => {
  let fails = true;
  await using to = await asking(new Map([["A host.example", () => (fails ? { code: 2 } : { answers: [one] })]]));
  assert.equal(await to.ask("host.example", "A"), "failed");
  fails = false;
  assert.equal(await to.ask("host.example", "A"), "192.0.2.1");
});

test("dns: what is asked by many at once is asked once", async () => {
  await using to = await asking({ "A host.example": { answers: [one] } });
  const answers = await Promise.all(Array.from({ length: 50 }, () => to.ask("host.example", "A")));
  assert.deepEqual(new Set(answers), new Set(["192.0.2.1"]));
  assert.equal(to.dns.asked.length, 1);
});

test("dns: a question that nobody waits for any more is given up, and not before", async () => {
  await using to = await asking({ "A host.example": { silent: "all" } });
  const [first, second] = [new AbortController(), new AbortController()];
  const answers = [first, second].map(({ signal }) => to.resolver.resolve("host.example", "A", signal));
  while (to.resolver.openQuestions === 0) await new Promise(setImmediate);
  first.abort(new Error("no more"));
  await assert.rejects(answers[0] ?? Promise.resolve(), /no more/);
  assert.equal(to.resolver.openQuestions, 1);
  second.abort(new Error("no more"));
  await assert.rejects(answers[1] ?? Promise.resolve(), /no more/);
  assert.equal(to.resolver.openQuestions, 0);
});

test("dns: too many open questions are refused", async () => {
  const stop = new AbortController();
  const silent = new DnsResolver({
    env: nodeEnv(),
    settings: () => Promise.resolve({ places: [{ address: "192.0.2.1", port: 53 }], validating: false }),
    hosts: () => Promise.resolve(new Map()),
  });
  const answers = Array.from({ length: 513 }, (_, i) => silent.resolve(`h${i}.example`, "A", stop.signal));
  const outcomes = Promise.allSettled(answers);
  await assert.rejects(
    answers[512] ?? Promise.resolve(),
    (error) => error instanceof DnsError && error.reason === "busy",
  );
  stop.abort(new Error("enough"));
  assert.equal((await outcomes).filter(({ status }) => status === "rejected").length, 513);
  assert.equal(silent.openQuestions, 0);
});

test("dns: the hosts file goes before DNS, for addresses", async () => {
  await using to = await asking(
    {
      "A host.example": { answers: [one] },
      "SRV host.example": { answers: [serviceRecord("host.example", "1 1 1 a.example")] },
    },
    { hosts: "192.0.2.50  Host.example other # all ours\n2001:db8::5 host.example.\nnonsense host.example\n" },
  );
  assert.equal(await to.ask("host.example", "A"), "192.0.2.50");
  assert.equal(await to.ask("host.example", "AAAA"), "2001:db8::5");
  assert.equal(await to.ask("other", "AAAA"), "nothing");
  assert.deepEqual(to.dns.asked, []);
  assert.equal(await to.ask("host.example", "SRV"), "1 1 1 a.example");
});

test("dns: localhost is this machine, whatever DNS says", async () => {
  await using to = await asking({ "A a.localhost": { answers: [addressRecord("a.localhost", "192.0.2.1")] } });
  assert.equal(await to.ask("a.localhost", "A"), "127.0.0.1");
  assert.equal(await to.ask("localhost", "AAAA"), "::1");
  assert.deepEqual(to.dns.asked, []);
});
