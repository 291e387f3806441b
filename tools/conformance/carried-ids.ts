import { relative } from "node:path";
import type { EndedTest } from "../test-run/ended-tests.ts";
import { citedIn } from "../tidy/citations.ts";

/** A passing test that carries a requirement's id. */
export interface CarryingTest {
  /** Relative to the root. */
  readonly file: string;
  readonly name: string;
}

/** Collects, test by test, which requirements the passing ones carry. */
export class CarriedIds {
  readonly #root: string;
  readonly #byId = new Map<string, CarryingTest[]>();
  readonly #overloaded: (CarryingTest & { readonly ids: number })[] = [];

  constructor(root: string) {
    this.#root = root;
  }

  take({ file, names }: Pick<EndedTest, "file" | "names">): void {
    const name = names.join(" › ");
    const ids = new Set(citedIn(name).map(({ id }) => id));
    if (ids.size === 0) return;
    const test = { file: relative(this.#root, file), name };
    if (ids.size > idsInNameMax) this.#overloaded.push({ ...test, ids: ids.size });
    for (const id of ids) {
      const known = this.#byId.get(id);
      if (known === undefined) this.#byId.set(id, [test]);
      else known.push(test);
    }
  }

  /** What looked like an id in a test's name, right or not, with the tests. */
  get byId(): ReadonlyMap<string, readonly CarryingTest[]> {
    return this.#byId;
  }

  /** Tests that claim more than one can show. */
  get problems(): readonly string[] {
    return this.#overloaded.map(
      ({ file, name, ids }) => `${file}: "${name}" carries ${ids} ids: at most ${idsInNameMax} a test`,
    );
  }
}

const idsInNameMax = 5;
