/** Different values of one label; further ones are counted together, because each costs memory for good. */
const labelValuesMax = 64;
const labelLengthMax = 64;

/** Keeps labels that come from outside from growing without end (A12). */
export class LabelValues {
  readonly #seen = new Map<string, Set<string>>();

  of(label: string, value: string): string {
    let values = this.#seen.get(label);
    if (values === undefined) this.#seen.set(label, (values = new Set()));
    if (values.has(value)) return value;
    if (values.size >= labelValuesMax || value.length > labelLengthMax) return "other";
    values.add(value);
    return value;
  }
}
