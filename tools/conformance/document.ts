import { countStates } from "./counts.ts";
import type { CompleteClaim } from "./complete-claims.ts";
import type { Coverage, CoveredDocument, CoveredFeature, CoveredStatement } from "./coverage.ts";
import { documentTitle, shortName } from "./document-titles.ts";

/** The coverage as `docs/conformance.md`, for people. */
export function conformanceDocument(coverage: Coverage, claims: readonly CompleteClaim[]): string {
  const { covered, uncovered } = coverage;
  return [
    "# What the specifications ask, and what covers it",
    "",
    "Written by `npm run conformance` from the registry ([spec](../spec/README.md)), from the tests that passed, and from the places in the",
    "programs that cite a requirement. A requirement is _tested_ when a passing test carries its id; [conformance.json](conformance.json) has the",
    "names of the tests. It is _not ours_ when no test of a server or library could carry it. Some wait for a part that is not built:",
    "rooms, or the client library. `npm run audit` breaks the places one by one, and sees whether the tests notice.",
    "",
    "![Requirements by state](conformance.svg)",
    "",
    "| Document | Statements | Tested | Not ours | Waiting | Open |",
    "| --- | --: | --: | --: | --: | --: |",
    ...covered.map(({ name, statements }) => countsRow(`[${documentTitle(name)}](#${anchor(name)})`, statements)),
    countsRow(
      "**All**",
      covered.flatMap(({ statements }) => statements),
    ),
    "",
    ...practices(covered),
    ...complete(claims),
    ...covered.flatMap(documentPart),
    "## Documents not covered statement by statement yet",
    "",
    "Their statements have ids, which programs and tests cite; their lines are not written.",
    "",
    "| Document | Statements | In tests |",
    "| --- | --: | --: |",
    ...uncovered.map(({ name, statements, tested }) => `| ${shortName(name)} | ${statements} | ${tested} |`),
    "",
  ].join("\n");
}

function practices(covered: readonly CoveredDocument[]): readonly string[] {
  const differing = covered.flatMap(({ statements }) => statements.filter(({ practice }) => practice !== undefined));
  return [
    "## Where real peers do otherwise",
    "",
    ...(differing.length === 0
      ? ["Nothing is recorded."]
      : [
          "| Requirement | Level | The rule | What is done |",
          "| --- | --- | --- | --- |",
          ...differing.map(({ id, level, line, practice }) => row([id, level, plain(line), plain(practice ?? "")])),
        ]),
    "",
  ];
}

function complete(claims: readonly CompleteClaim[]): readonly string[] {
  return [
    "## What is said to be complete",
    "",
    "What servers must do (MUST, SHALL, REQUIRED) by each document that [support.md](support.md) calls complete. A document fails the tests as soon as",
    "one of these is open; of those without a number the statements are not written down yet.",
    "",
    "| Document | Required of servers | Without a test |",
    "| --- | --: | --: |",
    ...claims.map(({ title, required, missing }) =>
      row([
        title,
        required === undefined ? "" : String(required.length),
        required === undefined ? "" : String(missing.length),
      ]),
    ),
    "",
  ];
}

function documentPart({ name, statements, features }: CoveredDocument): readonly string[] {
  const levels = Map.groupBy(statements, ({ level }) => level);
  return [
    `## ${documentTitle(name)}`,
    "",
    "| Level | Statements | Tested | Not ours | Waiting | Open |",
    "| --- | --: | --: | --: | --: | --: |",
    ...[...levels].toSorted(([a], [b]) => a.localeCompare(b, "en")).map(([level, some]) => countsRow(level, some)),
    "",
    ...(features.length === 0
      ? []
      : [
          `### Features of ${shortName(name)}`,
          "",
          "| Feature | § | | What it is | Statements |",
          "| --- | --- | --- | --- | --- |",
          ...features.map((feature) => featureRow(name, feature)),
          "",
        ]),
    `### Statements of ${shortName(name)}`,
    "",
    `Ids without \`${name}-\`. C is for clients, S for servers.`,
    "",
    "| Id | Level | For | | What it asks | Where it is obeyed, or why not | Tests |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...statements.map((statement) => statementRow(name, statement)),
    "",
  ];
}

function countsRow(title: string, statements: readonly CoveredStatement[]): string {
  const { all, tested, notOurs, waiting, open } = countStates(statements);
  return row([title, ...[all, tested, notOurs, waiting, open].map(String)]);
}

function featureRow(document: string, { id, section, line, state, statements }: CoveredFeature): string {
  const name = id.replace(`${document}-feature-`, "");
  return row([name, section, state, plain(line), statements.map((one) => one.replace(`${document}-`, "")).join(", ")]);
}

function statementRow(document: string, statement: CoveredStatement): string {
  const { id, level, roles, state, line, tests } = statement;
  const files = [...Map.groupBy(tests, ({ file }) => file)].toSorted(([a], [b]) => a.localeCompare(b, "en"));
  return row([
    id.replace(`${document}-`, ""),
    level,
    roles.map((role) => role.charAt(0).toUpperCase()).join(" "),
    state,
    plain(line),
    placeOrReason(statement),
    files.map(([file, some]) => (some.length === 1 ? file : `${file} ×${some.length}`)).join(", "),
  ]);
}

function placeOrReason({ state, notOurs, waitsFor, saidAgainBy, places }: CoveredStatement): string {
  if (state === "not ours") return plain(notOurs ?? "");
  const again = saidAgainBy === undefined ? [] : [`said again: ${saidAgainBy}`];
  if (state === "tested") return [...again, ...places].join(", ");
  return [...again, ...(waitsFor === undefined ? [] : [`waits for: ${waitsFor}`])].join(", ");
}

/** GitHub's name for a heading, which other forges share. */
function anchor(name: string): string {
  return documentTitle(name)
    .toLowerCase()
    .replaceAll(/[^\w\- ]/gu, "")
    .replaceAll(" ", "-");
}

function row(cells: readonly string[]): string {
  return `| ${cells.join(" | ")} |`;
}

/** Text whose signs stand for themselves in a table; code spans are left alone. */
function plain(text: string): string {
  return text
    .split(/(`[^`]*`)/u)
    .map((part, at) => (at % 2 === 1 ? part : part.replaceAll("<", "&lt;").replaceAll(/[*_[\]]/gu, String.raw`\$&`)))
    .join("")
    .replaceAll("|", String.raw`\|`);
}
