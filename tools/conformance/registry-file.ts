import { z } from "zod";

const role = z.enum(["client", "server", "component"]);

const statement = z.strictObject({
  id: z.string(),
  level: z.string(),
  roles: z.array(role),
  section: z.string(),
  line: z.string(),
  notOurs: z.string().optional(),
  waitsFor: z.enum(["client", "rooms"]).optional(),
  saidAgainBy: z.string().optional(),
  practice: z.string().optional(),
});

const feature = z.strictObject({
  id: z.string(),
  section: z.string(),
  roles: z.record(z.string(), z.string()),
  line: z.string(),
  statements: z.array(z.string()),
});

const covered = z.strictObject({ statements: z.array(statement), features: z.array(feature).optional() });
const levels = z.record(z.string(), z.string());

/** A requirement as the registry holds it; spec/README.md explains the fields. */
export type RegisteredStatement = z.infer<typeof statement>;
/** A named feature of a document's conformance section. */
export type RegisteredFeature = z.infer<typeof feature>;

/** What the registry holds of one document. */
export interface RegisteredDocument {
  /** Every requirement, with its level. */
  readonly levels: ReadonlyMap<string, string>;
  /** The requirements one by one; undefined for a document that is not covered yet. */
  readonly statements: readonly RegisteredStatement[] | undefined;
  /** Named features of the conformance section, where there is one. */
  readonly features: readonly RegisteredFeature[];
}

/**
 * Reads a file `spec/rfc6120.json`: each requirement whole, or for a document that is not covered yet only its id and level.
 *
 * @param document the file's name without its ending, such as `rfc6120`
 * @throws {Error} when the file has another shape; it names the document and the field
 */
export function registeredDocument(document: string, text: string): RegisteredDocument {
  const data: unknown = JSON.parse(text);
  const isCovered = typeof data === "object" && data !== null && "statements" in data;
  const parsed = isCovered ? covered.safeParse(data) : levels.safeParse(data);
  if (!parsed.success) throw new Error(`spec/${document}.json: ${z.prettifyError(parsed.error)}`);
  if (isStatements(parsed.data))
    return {
      levels: new Map(parsed.data.statements.map(({ id, level }) => [id, level])),
      statements: parsed.data.statements,
      features: parsed.data.features ?? [],
    };
  const ids = Object.entries(parsed.data).map(([id, level]) => [`${document}-${id}`, level] as const);
  return { levels: new Map(ids), statements: undefined, features: [] };
}

function isStatements(data: z.infer<typeof covered> | z.infer<typeof levels>): data is z.infer<typeof covered> {
  return Array.isArray(data["statements"]);
}
