import { deepEqual, equal, match } from "node:assert/strict";
import { test } from "node:test";
import { ArchiveLedger } from "./archive-ledger.ts";
import { ArrivalOrder, MessageLedger } from "./message-ledger.ts";
import { TokenLedger, type TokenAttempt } from "./token-ledger.ts";
import { WriteLedger } from "./write-ledger.ts";

/** Sends five messages of which so many are acknowledged, and gives the problems when these of them arrive. */
function sendFive(acknowledged: number, ...arriving: readonly number[]): readonly string[] {
  const ledger = new MessageLedger();
  const ids = Array.from({ length: 5 }, () => ledger.send("a", "b"));
  for (const id of ids.slice(0, acknowledged)) ledger.acknowledge(id);
  for (const number of arriving) equal(ledger.receive("b", ids[number - 1] ?? ""), undefined);
  ledger.endSessions();
  return ledger.check("b");
}

for (const { name, acknowledged, arriving, problems } of [
  { name: "all arrive", acknowledged: 5, arriving: [1, 2, 3, 4, 5], problems: [] },
  { name: "only what was acknowledged arrives", acknowledged: 3, arriving: [1, 2, 3], problems: [] },
  { name: "more than was acknowledged arrives", acknowledged: 1, arriving: [1, 2, 3], problems: [] },
  { name: "one arrives twice", acknowledged: 2, arriving: [1, 2, 2], problems: [] },
  {
    name: "an acknowledged one is lost",
    acknowledged: 3,
    arriving: [1, 2],
    problems: ["a>b#3 was acknowledged and is lost"],
  },
  {
    name: "an acknowledged one is lost and a later one there",
    acknowledged: 2,
    arriving: [1, 3],
    problems: ["a>b#2 was acknowledged and is lost", "a>b#3 is there, though an earlier message is not"],
  },
])
  test(`messages: ${name}`, () => deepEqual(sendFive(acknowledged, ...arriving), problems));

test("messages: what is not for the recipient, or was never sent, is told", () => {
  const ledger = new MessageLedger();
  const id = ledger.send("a", "b");
  match(ledger.receive("c", id) ?? "", /not for them/);
  match(ledger.receive("b", "a>b#2") ?? "", /nobody has sent/);
});

test("messages: what was given back need not arrive, and may", () => {
  const ledger = new MessageLedger();
  const ids = Array.from({ length: 4 }, () => ledger.send("a", "b"));
  for (const id of ids) ledger.acknowledge(id);
  for (const index of [1, 2]) ledger.refuse(ids[index] ?? "");
  for (const index of [0, 2, 3]) ledger.receive("b", ids[index] ?? "");
  ledger.endSessions();
  deepEqual(ledger.check("b"), []);
  equal(ledger.kept, 2);
});

test("messages: of a session that goes on nothing is said; what was checked and comes again is a repetition", () => {
  const ledger = new MessageLedger();
  const id = ledger.send("a", "b");
  ledger.acknowledge(id);
  deepEqual(ledger.check("b"), []);
  ledger.endSessions();
  ledger.receive("b", id);
  deepEqual(ledger.check("b"), []);
  equal(ledger.kept, 1);
  ledger.receive("b", id);
  equal(ledger.repeated, 1);
});

test("messages of one sender come in order", () => {
  const order = new ArrivalOrder();
  deepEqual(
    ["a>b#1", "c>b#2", "a>b#4", "a>b#3"].map((id) => order.arrived(id)),
    [undefined, undefined, undefined, "a>b#3 came behind number 4"],
  );
});

for (const { name, pages, problems } of [
  { name: "all", pages: [["a>b#1", "a>b#2", "b>a#3"]], problems: [] },
  { name: "what was acknowledged", pages: [["a>b#1", "a>b#2"]], problems: [] },
  { name: "in two looks", pages: [["a>b#1", "a>b#2"], ["b>a#3"]], problems: [] },
  { name: "less", pages: [["a>b#1"]], problems: ["a>b#2 was acknowledged and is not in the archive"] },
  {
    name: "more, and it comes twice",
    pages: [["a>b#1", "a>b#2"], ["a>b#2"]],
    problems: ["the archive has a>b#2 twice"],
  },
  {
    name: "another order",
    pages: [["a>b#2", "a>b#1"]],
    problems: ["the archive has a>b#1 behind a later message"],
  },
  {
    name: "a stranger's message",
    pages: [["a>b#1", "a>b#2", "c>d#9"]],
    problems: [`the archive has "c>d#9", which is none of theirs`],
  },
])
  test(`archives: ${name} is there`, () => {
    const ledger = new ArchiveLedger(["a", "b"]);
    for (const id of ["a>b#1", "a>b#2", "c>d#9"]) ledger.acknowledge(id);
    deepEqual(
      pages.flatMap((ids) => ledger.check("b", ids)),
      problems,
    );
    deepEqual(ledger.check("a", ["a>b#1"]), ["a>b#2 was acknowledged and is not in the archive"]);
  });

const read = (...entries: readonly (readonly [string, string])[]): ReadonlyMap<string, string> => new Map(entries);

for (const { name, found, wrong } of [
  { name: "what was confirmed", found: read(["x", "2"]), wrong: undefined },
  { name: "what was confirmed, and the next", found: read(["x", "2"], ["y", "1"]), wrong: undefined },
  { name: "all", found: read(["y", "1"]), wrong: undefined },
  { name: "less than was confirmed", found: read(["x", "1"]), wrong: /x is 1 instead of 2/ },
  { name: "a later write without the one before it", found: read(), wrong: /x is not there instead of 2/ },
  { name: "what nobody wrote", found: read(["x", "2"], ["z", "1"]), wrong: /z is 1 instead of not there/ },
])
  test(`writes: ${name} is there`, () => {
    const ledger = new WriteLedger();
    ledger.write("x", "1");
    ledger.write("x", "2");
    ledger.confirm();
    ledger.confirm();
    ledger.write("y", "1");
    ledger.write("x", undefined);
    const problem = ledger.check(found);
    if (wrong === undefined) {
      equal(problem, undefined);
      deepEqual(ledger.latest, found);
      equal(ledger.kept, 2);
    } else match(problem ?? "", wrong);
  });

const byPassword: TokenAttempt = { by: "password", password: "p" };
const byToken = (
  token: string,
  more: { count?: number; invalidates?: boolean; asks?: boolean } = {},
): TokenAttempt => ({
  by: "token",
  token,
  ...more,
});
const lost = "lost";

for (const { name, story, wrong } of [
  {
    name: "one that was given lets in, again and again",
    story: [
      [byPassword, "one"],
      [byToken("one"), true],
      [byToken("one"), true],
    ],
    wrong: undefined,
  },
  {
    name: "one that was given does not let in",
    story: [
      [byPassword, "one"],
      [byToken("one"), false],
    ],
    wrong: /"one".*refused/,
  },
  {
    name: "the one before lets in until the next was used",
    story: [
      [byPassword, "one"],
      [byToken("one", { asks: true }), "two"],
      [byToken("one"), true],
      [byToken("two"), true],
      [byToken("one"), true],
    ],
    wrong: /"one".*succeeds/,
  },
  {
    name: "one that was never used goes when another is asked for",
    story: [
      [byPassword, "one"],
      [byPassword, "two"],
      [byToken("one"), true],
    ],
    wrong: /"one".*succeeds/,
  },
  {
    name: "a count comes back",
    story: [
      [byPassword, "one"],
      [byToken("one", { count: 2 }), true],
      [byToken("one", { count: 2 }), true],
    ],
    wrong: /"count":2.*succeeds/,
  },
  {
    name: "of a use whose answer was lost the count may be known or not",
    story: [
      [byPassword, "one"],
      [byToken("one", { count: 2 }), lost],
      [byToken("one", { count: 2 }), true],
      [byToken("one", { count: 1 }), false],
    ],
    wrong: undefined,
  },
  {
    name: "who logged out lets nobody in any more",
    story: [
      [byPassword, "one"],
      [byToken("one", { asks: true }), "two"],
      [byToken("one", { invalidates: true }), true],
      [byToken("two"), true],
    ],
    wrong: /"two".*succeeds/,
  },
  {
    name: "where that was not answered either all of them work or none",
    story: [
      [byPassword, "one"],
      [byToken("one", { asks: true }), "two"],
      [byToken("two", { invalidates: true }), lost],
      [byToken("one"), false],
      [byToken("two"), true],
    ],
    wrong: /"two".*succeeds/,
  },
  {
    name: "one that was asked for and never told takes the place of one that was not used",
    story: [
      [byPassword, "one"],
      [byToken("one", { asks: true }), "two"],
      [byToken("one", { asks: true }), lost],
      [byToken("two"), false],
      [byToken("one"), true],
    ],
    wrong: undefined,
  },
  {
    name: "none outlives a changed password",
    story: [
      [byPassword, "one"],
      [{ by: "change", password: "q" }, true],
      [byToken("one"), true],
    ],
    wrong: /"one".*succeeds/,
  },
  {
    name: "of a change that was not answered either both happened or nothing",
    story: [
      [byPassword, "one"],
      [{ by: "change", password: "q" }, lost],
      [byToken("one"), true],
      [{ by: "password", password: "q" }, "two"],
    ],
    wrong: /by password succeeds/,
  },
  { name: "a password brings a token", story: [[byPassword, true]], wrong: /brought no token/ },
] as const satisfies readonly {
  readonly name: string;
  readonly story: readonly (readonly [TokenAttempt, string | boolean])[];
  readonly wrong: RegExp | undefined;
}[])
  test(`tokens: ${name}`, () => {
    const ledger = new TokenLedger("p");
    const told = story.map(([attempt, outcome]) => {
      if (outcome === lost) return ledger.lost(attempt);
      return ledger.answered(attempt, typeof outcome === "string" ? { ok: true, token: outcome } : { ok: outcome });
    });
    const problem = told.pop();
    deepEqual(
      told,
      story.slice(1).map(() => undefined),
    );
    if (wrong === undefined) equal(problem, undefined);
    else match(problem ?? "", wrong);
  });
