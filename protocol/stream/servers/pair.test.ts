import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { domain } from "../testing/server.ts";
import { keyOfPair } from "./domain-pair.ts";
import { heldPairs, mayComeIn, mayGoOut } from "./pair-table.ts";
import { isServerStreamEstablished, mayKeepServerStreamAlive } from "./receive.ts";
import type { ServerHost } from "./server-config.ts";
import type { ServerStreamState } from "./server-state.ts";
import { type Meeting, type MeetingOptions, meetServers } from "./testing/meeting.ts";
import { authorizePair, tell } from "./testing/script.ts";
import { hostOf } from "./testing/sides.ts";

const capulet = "capulet.example";
const montague = "montague.example";
const ways = (bidirectional: boolean) => (bidirectional ? "both" : undefined);

function factsOf(state: ServerStreamState) {
  assert.ok(state.phase !== "closing" && state.phase !== "ended", state.phase);
  return state.facts;
}

/** What they have agreed on: whatever one believes that it may send the other takes. */
function assertAgreed({ capulet: ours, montague: theirs }: Meeting): void {
  const here = factsOf(ours.state);
  const there = factsOf(theirs.state);
  assert.equal(here.bidirectional, there.bidirectional);
  for (const { local, remote } of heldPairs(here)) {
    const mirrored = { local: remote, remote: local };
    assert.equal(mayGoOut(here, { local, remote }), mayComeIn(there, mirrored), keyOfPair({ local, remote }));
    assert.equal(mayComeIn(here, { local, remote }), mayGoOut(there, mirrored), keyOfPair({ local, remote }));
  }
  assert.equal(heldPairs(here).length, heldPairs(there).length);
}

interface Case {
  readonly name: string;
  readonly options: MeetingOptions;
  /** How capulet was let in; undefined when it was not. */
  readonly by: "external" | "dialback" | "certificate" | undefined;
}

const everything: Partial<ServerHost> = { bidirectional: true, streamManagement: true };
const plain: Partial<ServerHost> = { security: "plain", certified: false };
const sm = { errand: { sm: { resumable: true } } };

const cases: readonly Case[] = [
  { name: "both certificates are good", options: { trusted: [capulet, montague] }, by: "external" },
  { name: "over direct TLS", options: { trusted: [capulet, montague], direct: true }, by: "external" },
  { name: "only who connects has a good one", options: { trusted: [capulet] }, by: "external" },
  { name: "only who is connected to has a good one", options: { trusted: [montague] }, by: "dialback" },
  { name: "neither has a good one", options: {}, by: "dialback" },
  {
    name: "neither has a good one, everything is on",
    options: { capulet: everything, montague: everything, ...sm },
    by: "dialback",
  },
  {
    name: "both have good ones, everything is on",
    options: { capulet: everything, montague: everything, trusted: [capulet, montague], ...sm },
    by: "external",
  },
  { name: "in the clear, where both allow it", options: { capulet: plain, montague: plain }, by: "dialback" },
  {
    name: "in the clear, where one does not allow it",
    options: { capulet: plain, montague: { certified: false } },
    by: undefined,
  },
  {
    name: "with a certificate, where one insists on good ones and the other shows none",
    options: { montague: { security: "certificate" } },
    by: undefined,
  },
  {
    name: "where who connects insists on a good one",
    options: { capulet: { security: "certificate" } },
    by: undefined,
  },
  {
    name: "where both insist on good ones and have them",
    options: {
      capulet: { security: "certificate" },
      montague: { security: "certificate" },
      trusted: [capulet, montague],
    },
    by: "external",
  },
  {
    name: "where who connects shows a certificate that it does not call its own",
    options: { capulet: { certified: false }, trusted: [capulet] },
    by: "certificate",
  },
  { name: "an impostor", options: { impostor: true }, by: undefined },
  { name: "a domain that is blocked", options: { montague: { admits: () => false } }, by: undefined },
];

describe("two servers", () => {
  for (const { by, name, options } of cases) {
    test(`${by === undefined ? "do not meet" : `meet by ${by}`}: ${name} [rfc6120-4.3.3-01] [rfc6120-13.5-01] [rfc6120-13.14-02] [rfc6120-13.14-03] [rfc3920-14.4-01]`, () => {
      const meeting = meetServers(options);
      const { capulet: ours, montague: theirs, transcript } = meeting;
      if (by === undefined) {
        assert.ok(!isServerStreamEstablished(ours.state), transcript.join("\n"));
        assert.ok(!isServerStreamEstablished(theirs.state));
        for (const end of [ours, theirs]) assert.deepEqual(end.all("pairAuthorized"), []);
        return;
      }
      assert.ok(isServerStreamEstablished(ours.state), transcript.join("\n"));
      assert.ok(isServerStreamEstablished(theirs.state));
      assert.ok(mayKeepServerStreamAlive(ours.state) && mayKeepServerStreamAlive(theirs.state));
      assertAgreed(meeting);
      const both = ways(options.capulet?.bidirectional === true);
      assert.deepEqual(
        theirs.all("pairAuthorized").map(({ by: how, ways: which }) => [how, which]),
        [[by, both ?? "in"]],
      );
      assert.deepEqual(
        ours.all("pairAuthorized").map(({ by: how, ways: which }) => [how, which]),
        [[by === "external" ? "external" : "dialback", both ?? "out"]],
      );
      if (options.errand?.sm !== undefined) assert.equal(ours.all("smEnabled")[0]?.id, "sm-1");
      assert.equal(
        transcript.some((line) => line.includes("</stream:stream>")),
        false,
      );
    });
  }

  test("nothing is in the clear but headers, features and STARTTLS where TLS is required [rfc6120-13.3-01]", () => {
    const { transcript } = meetServers({ trusted: [capulet] });
    const proceed = transcript.findIndex((line) => line.includes("<proceed"));
    assert.deepEqual(
      transcript.slice(0, proceed + 1).map((line) => /^(.): (?:<\?.*\?>)?<([a-z:]+)/.exec(line)?.slice(1).join(" ")),
      ["C stream:stream", "M stream:stream", "M stream:features", "C starttls", "M proceed"],
    );
  });

  const rooms = [
    hostOf("rooms.capulet.example", { bidirectional: true }),
    hostOf("muc.capulet.example", { bidirectional: true }),
  ];
  const chats = [hostOf("chat.montague.example", { bidirectional: true })];
  for (const bidirectional of [false, true])
    test(`carry many pairs on one stream ${bidirectional ? "both ways" : "one way"}, each authorized for itself [xep0220-2.6.1-01] [xep0220-2.6.2-02] [xep0220-2.6.2-03] [xep0220-2.1.1-05]`, () => {
      const meeting = meetServers({
        capulet: { bidirectional },
        montague: { bidirectional },
        capulets: rooms,
        montagues: chats,
        orders: [
          authorizePair("rooms.capulet.example", montague),
          authorizePair(capulet, "chat.montague.example"),
          authorizePair("rooms.capulet.example", "chat.montague.example"),
          authorizePair("muc.capulet.example", "nobody.montague.example"),
        ],
      });
      assertAgreed(meeting);
      assert.deepEqual(
        meeting.capulet.effects.flatMap(tell).filter((line) => /authorized|refused/.test(line)),
        [
          `authorized ${capulet} ${montague} ${bidirectional ? "both" : "out"} by dialback`,
          `authorized rooms.capulet.example ${montague} ${bidirectional ? "both" : "out"} by dialback`,
          `authorized ${capulet} chat.montague.example ${bidirectional ? "both" : "out"} by dialback`,
          `authorized rooms.capulet.example chat.montague.example ${bidirectional ? "both" : "out"} by dialback`,
          "refused muc.capulet.example nobody.montague.example out: item-not-found",
        ],
      );
      if (!bidirectional) return;
      // And the other way round, on the same stream.
      meeting.montague.input(authorizePair("chat.montague.example", "muc.capulet.example"));
      meeting.deliver();
      assert.equal(meeting.montague.all("pairRefused").at(-1)?.remote, "muc.capulet.example", "not proven here");
      meeting.capulet.input(authorizePair("muc.capulet.example", montague));
      meeting.deliver();
      meeting.montague.input(authorizePair("chat.montague.example", "muc.capulet.example"));
      meeting.deliver();
      const pair = { local: domain("chat.montague.example"), remote: domain("muc.capulet.example") };
      assert.ok(mayGoOut(factsOf(meeting.montague.state), pair));
      assertAgreed(meeting);
    });

  test("take a former stream up with all its pairs, both of them", () => {
    const pairs = [{ local: domain("rooms.capulet.example"), remote: domain(montague), ways: "out" }] as const;
    const meeting = meetServers({
      capulet: everything,
      montague: everything,
      capulets: rooms,
      trusted: [capulet, montague],
      errand: { sm: { resumable: true, previous: { id: "sm-0", h: 7, pairs } } },
      resumption: {
        type: "smResumed",
        h: 3,
        pairs: [{ local: domain(montague), remote: domain("rooms.capulet.example"), ways: "in" }],
      },
    });
    const [question] = meeting.montague.all("resumeSm");
    assert.deepEqual([question?.previous, question?.h], ["sm-0", 7]);
    const [established] = meeting.capulet.all("established");
    assert.deepEqual([established?.how, established?.h], ["resumed", 3]);
    assert.ok(
      mayComeIn(factsOf(meeting.montague.state), { local: domain(montague), remote: domain("rooms.capulet.example") }),
    );
    assertAgreed(meeting);
  });

  test("meet the same however what they send is cut", () => {
    const strip = (end: Meeting["capulet"]): readonly string[] => end.effects.flatMap(tell);
    const whole = cases.map(({ options }) => meetServers(options));
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 60 }), (sizes) => {
        for (const [index, { options }] of cases.entries()) {
          let next = 0;
          const cut = meetServers({ ...options, cut: () => sizes[next++ % sizes.length] ?? 1 });
          assert.deepEqual(strip(cut.capulet), strip(whole[index]?.capulet ?? cut.capulet));
          assert.deepEqual(strip(cut.montague), strip(whole[index]?.montague ?? cut.montague));
        }
      }),
      { numRuns: 40 },
    );
  });
});
