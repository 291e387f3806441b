import { citingPlaces, type CitingPlace } from "../conformance/citing-places.ts";
import { testFilesById } from "../conformance/written-ids.ts";
import type { WrittenStatement } from "../conformance/data-file.ts";
import { readSources } from "../tidy/source-files.ts";
import { auditId, type AuditedId } from "./audit-id.ts";
import { WorkCopy } from "./work-copy.ts";

/**
 * Audits requirements, some at once, each worker in a copy of the tree.
 *
 * @param options.statements what `npm run conformance` wrote: it knows which files carry an id
 * @param options.done is told of each as it is done
 */
export async function audit(options: {
  readonly root: string;
  readonly ids: readonly string[];
  readonly statements: readonly WrittenStatement[];
  readonly workers: number;
  readonly done: (audited: AuditedId) => void;
  /** No more are begun then; what is under way is finished. */
  readonly signal?: AbortSignal;
}): Promise<readonly AuditedId[]> {
  const { root, ids, statements, workers, done, signal } = options;
  const files = readSources(root);
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const places = groupPlaces(files.flatMap(citingPlaces));
  const tests = carryingFiles(statements, testFilesById(files));
  const waiting = [...ids];
  const audited: AuditedId[] = [];
  const work = async () => {
    using copy = new WorkCopy(root);
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      if (signal?.aborted === true) return;
      const one = await auditId(id, { copy, texts, places, tests });
      audited.push(one);
      done(one);
    }
  };
  await Promise.all(Array.from({ length: Math.min(workers, ids.length) }, work));
  return audited;
}

/** The share of audited ids whose break was noticed, from 0 to 1. */
export function scoreOf(audited: readonly AuditedId[]): number {
  return audited.length === 0 ? 0 : audited.filter(({ noticed }) => noticed).length / audited.length;
}

function groupPlaces(places: readonly CitingPlace[]): ReadonlyMap<string, readonly CitingPlace[]> {
  const byId = new Map<string, CitingPlace[]>();
  for (const place of places)
    for (const id of place.ids) {
      const known = byId.get(id);
      if (known === undefined) byId.set(id, [place]);
      // Two comments that speak of the same are one place.
      else if (!known.some(({ path, nodes }) => path === place.path && nodes.at(-1) === place.nodes.at(-1)))
        known.push(place);
    }
  return byId;
}

/** The files of tests that ran with an id in their names, and, for tests that were written since, those with it in their text. */
function carryingFiles(
  statements: readonly WrittenStatement[],
  inText: ReadonlyMap<string, readonly string[]>,
): ReadonlyMap<string, readonly string[]> {
  const ran = statements.map(({ id, tests }) => [id, filesOf(tests)] as const);
  return new Map([
    ...inText,
    ...ran.map(([id, files]) => [id, [...new Set([...files, ...(inText.get(id) ?? [])])]] as const),
  ]);
}

/** Tests are told as `file: name`. */
function filesOf(tests: readonly string[]): readonly string[] {
  return [...new Set(tests.map((test) => test.slice(0, test.indexOf(": "))))];
}
