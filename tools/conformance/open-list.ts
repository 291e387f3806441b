import { isWithinSection, type NamedDocument } from "./registry.ts";
import type { RegisteredStatement } from "./registry-file.ts";

/**
 * What is still to be done for a document, told from the texts alone: no test is run, so an id that stands in a test counts
 * as tested here even if the test fails.
 *
 * @param options.document its name, such as `rfc6120`
 * @param options.section only requirements of this section and those within it
 * @returns lines to print
 */
export function openList(options: {
  readonly registry: readonly NamedDocument[];
  /** Test files by the ids that stand in them. */
  readonly tests: ReadonlyMap<string, readonly string[]>;
  /** Places in programs by the ids that they cite. */
  readonly places: ReadonlyMap<string, readonly string[]>;
  readonly document: string;
  readonly section?: string;
}): readonly string[] {
  const { registry, tests, places, section } = options;
  const document = registry.find(({ name }) => name === options.document);
  if (document?.statements === undefined)
    return [`${options.document} is not covered statement by statement: ${coveredNames(registry)} are`];
  const byId = new Map(registry.flatMap(({ statements = [] }) => statements.map((one) => [one.id, one] as const)));
  const carrying = (one: RegisteredStatement): string | undefined => carrier(one, byId, tests);
  const chosen = document.statements.filter((one) => section === undefined || isWithinSection(one.section, section));
  const ours = chosen.filter(({ notOurs }) => notOurs === undefined);
  const open = ours.filter((one) => carrying(one) === undefined);
  const toDo = open.filter(({ waitsFor }) => waitsFor === undefined);
  const waiting = open.filter(({ waitsFor }) => waitsFor !== undefined);
  const tested = ours.filter((one) => carrying(one) !== undefined);
  const placeless = tested.filter((one) => !places.has(carrying(one) ?? one.id));
  const contradictory = chosen.filter(({ id, notOurs }) => notOurs !== undefined && tests.has(id));
  const features = section === undefined ? document.features.filter(({ statements }) => statements.length === 0) : [];
  return [
    ...part("open", toDo.map(describe)),
    ...part(
      "open, and waits for a part that is not built",
      waiting.map((one) => `${describe(one)} (${one.waitsFor})`),
    ),
    ...part(
      "without a line in our own words",
      chosen.filter(({ line }) => line === "").map(({ id, level }) => `${id} ${level}`),
    ),
    ...part(
      "in a test, but cited by no program (the audit will fail it)",
      placeless.map((one) => `${describe(one)} ${tests.get(carrying(one) ?? one.id)?.join(", ") ?? ""}`),
    ),
    ...part("not ours, yet in a test", contradictory.map(describe)),
    ...part(
      "features that list no statements",
      features.map(({ id }) => id),
    ),
    `${options.document}${section === undefined ? "" : ` §${section}`}: ${chosen.length} statements: ${tested.length} in tests, ${chosen.length - ours.length} not ours, ${toDo.length} open, ${waiting.length} wait; ${placeless.length} without a place in the code`,
  ];
}

/** The id that tests carry for a statement: its own, or the newer one's that says it again. */
function carrier(
  one: RegisteredStatement,
  byId: ReadonlyMap<string, RegisteredStatement>,
  tests: ReadonlyMap<string, unknown>,
): string | undefined {
  if (tests.has(one.id)) return one.id;
  const newer = one.saidAgainBy === undefined ? undefined : byId.get(one.saidAgainBy);
  return newer === undefined || newer === one ? undefined : carrier(newer, byId, tests);
}

function describe({ id, level, roles, line }: RegisteredStatement): string {
  return `${id} ${level} [${roles.join(" ") || "nobody"}] ${line}`.trimEnd();
}

function part(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`${title}: ${lines.length}`, ...lines.map((line) => `  ${line}`), ""];
}

function coveredNames(registry: readonly NamedDocument[]): string {
  return registry
    .filter(({ statements }) => statements !== undefined)
    .map(({ name }) => name)
    .join(", ");
}
