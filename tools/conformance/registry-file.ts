import { z } from "zod";

const role = z.enum(["client", "server", "component"]);

const statement = z.strictObject({
  id: z.string(),
  level: z.string(),
  roles: z.array(role),
  section: z.string(),
  line: z.string(),
  notOurs: z.string().optional(),
  waitsFor: z.enum(["federation", "client"]).optional(),
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

/**
 * The requirements that a file `spec/rfc6120.json` holds: each whole, or for a document that is not covered yet only its id
 * and level.
 *
 * @param document the file's name without its ending, such as `rfc6120`
 * @throws {z.ZodError} when the file has another shape
 */
export function registeredRequirements(
  document: string,
  text: string,
): readonly { readonly id: string; readonly level: string }[] {
  const data: unknown = JSON.parse(text);
  const whole = covered.safeParse(data);
  if (whole.success) return whole.data.statements;
  return Object.entries(levels.parse(data)).map(([requirement, level]) => ({
    id: `${document}-${requirement}`,
    level,
  }));
}
