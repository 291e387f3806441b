import type { CarryingTest } from "./carried-ids.ts";
import type { RegisteredFeature, RegisteredStatement } from "./registry-file.ts";
import type { NamedDocument } from "./registry.ts";

export type State = "tested" | "not ours" | "open";

/** A requirement with what covers it. */
export interface CoveredStatement extends RegisteredStatement {
  readonly state: State;
  /** The tests that carry its id, or that of the newer statement which says it again. */
  readonly tests: readonly CarryingTest[];
  /** Where programs cite it, or the newer one. */
  readonly places: readonly string[];
}

export interface CoveredFeature extends RegisteredFeature {
  readonly state: "tested" | "open";
}

/** A document that is covered statement by statement. */
export interface CoveredDocument {
  readonly name: string;
  readonly statements: readonly CoveredStatement[];
  readonly features: readonly CoveredFeature[];
}

/** A document of which only the levels are registered. */
export interface UncoveredDocument {
  readonly name: string;
  readonly statements: number;
  readonly tested: number;
}

export interface Coverage {
  readonly covered: readonly CoveredDocument[];
  readonly uncovered: readonly UncoveredDocument[];
  /** What contradicts itself, each in a line that says what to do. */
  readonly problems: readonly string[];
}

/**
 * Puts the registry, the tests that passed and the places in the code together.
 *
 * @param options.tests passing tests by what looked like an id in their names
 * @param options.places labels of places by id
 */
export function coverageOf(options: {
  readonly registry: readonly NamedDocument[];
  readonly tests: ReadonlyMap<string, readonly CarryingTest[]>;
  readonly places: ReadonlyMap<string, readonly string[]>;
}): Coverage {
  const { registry, tests, places } = options;
  const byId = new Map(registry.flatMap(({ statements = [] }) => statements.map((one) => [one.id, one] as const)));
  const known = new Set(registry.flatMap(({ levels }) => [...levels.keys()]));
  const cover = (statement: RegisteredStatement): CoveredStatement => {
    const carrier = [statement.id, ...saidAgain(statement, byId)].find((id) => tests.has(id)) ?? statement.id;
    const carrying = tests.get(carrier) ?? [];
    const state = statement.notOurs !== undefined ? "not ours" : carrying.length > 0 ? "tested" : "open";
    return { ...statement, state, tests: carrying, places: places.get(carrier) ?? [] };
  };
  const covered = registry.flatMap(({ name, statements, features }): readonly CoveredDocument[] =>
    statements === undefined ? [] : [{ name, statements: statements.map(cover), features: [...features].map(open) }],
  );
  const states = new Map(covered.flatMap(({ statements }) => statements.map(({ id, state }) => [id, state] as const)));
  const unknown = [...tests].filter(([id]) => !known.has(id));
  return {
    covered: covered.map((document) => ({
      ...document,
      features: document.features.map((feature) => ({ ...feature, state: featureState(feature, states) })),
    })),
    uncovered: registry
      .filter(({ statements }) => statements === undefined)
      .map(({ name, levels }) => ({
        name,
        statements: levels.size,
        tested: [...levels.keys()].filter((id) => tests.has(id)).length,
      })),
    problems: [
      ...unknown.map(
        ([id, [test]]) =>
          `${test?.file ?? ""}: "${test?.name ?? ""}" carries [${id}], which is not in the registry (spec/)`,
      ),
      ...registry.flatMap((document) => faultsOf(document, { byId, known, tests })),
    ],
  };
}

/** The newer statements that ask the same, nearest first. */
function saidAgain(statement: RegisteredStatement, byId: ReadonlyMap<string, RegisteredStatement>): readonly string[] {
  const ids = new Set<string>();
  for (let next = statement.saidAgainBy; next !== undefined && !ids.has(next); next = byId.get(next)?.saidAgainBy)
    ids.add(next);
  return [...ids];
}

function open(feature: RegisteredFeature): CoveredFeature {
  return { ...feature, state: "open" };
}

function featureState({ statements }: RegisteredFeature, states: ReadonlyMap<string, State>): "tested" | "open" {
  const found = statements.map((id) => states.get(id) ?? "open");
  return found.includes("tested") && !found.includes("open") ? "tested" : "open";
}

function faultsOf(
  { name, statements = [], features }: NamedDocument,
  known: {
    readonly byId: ReadonlyMap<string, RegisteredStatement>;
    readonly known: ReadonlySet<string>;
    readonly tests: ReadonlyMap<string, readonly CarryingTest[]>;
  },
): readonly string[] {
  const where = `spec/${name}.json`;
  const ids = statements.map(({ id }) => id);
  return [
    ...ids.filter((id, at) => ids.indexOf(id) !== at).map((id) => `${where}: ${id} is there twice`),
    ...ids.filter((id) => !id.startsWith(`${name}-`)).map((id) => `${where}: ${id} belongs to another document`),
    ...statements.flatMap(({ id, notOurs, saidAgainBy }) => {
      const carrying = known.tests.get(id)?.[0];
      return [
        ...(notOurs !== undefined && carrying !== undefined
          ? [`${where}: ${id} is said to be not ours, but ${carrying.file}: "${carrying.name}" carries it`]
          : []),
        ...(saidAgainBy !== undefined && !known.byId.has(saidAgainBy)
          ? [`${where}: ${id} is said again by ${saidAgainBy}, which is not in the registry`]
          : []),
      ];
    }),
    ...features.flatMap((feature) =>
      feature.statements
        .filter((id) => !known.known.has(id))
        .map((id) => `${where}: ${feature.id} lists ${id}, which is not in the registry`),
    ),
  ];
}
