import { z } from "zod";
import type { KeyedShape, Store } from "#kit/storage.ts";

/** Where the counts lie: under an owner that is no address. */
export const iterationsShape: KeyedShape = { shape: "keyed", name: "scram-iterations", version: 1 };
const owner = ".";
/** Nobody changes it so often; the oldest are forgotten. */
const countsMax = 8;
const countsSchema = z.array(z.int());

/**
 * The iteration counts that passwords of this server have been given, the present one last. Accounts keep an old one
 * until their next log-in with PLAIN, so who does not exist must seem to have one, too, at times (A27).
 */
export async function iterationsSeen(store: Store, present: number): Promise<readonly [number, ...number[]]> {
  const kept = await store.get(iterationsShape.name, owner, "");
  const before = kept === undefined ? [] : countsSchema.parse(JSON.parse(kept));
  if (before.at(-1) === present && before.length > 0) return [before[0] ?? present, ...before.slice(1)];
  const counts = [...before.filter((count) => count !== present).slice(1 - countsMax), present];
  await store.commit([{ op: "set", store: iterationsShape.name, owner, key: "", value: JSON.stringify(counts) }]);
  return [counts[0] ?? present, ...counts.slice(1)];
}
