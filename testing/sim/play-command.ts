/** What plays a seed again. */
export function commandFor(seed: number, servers: number): string {
  return `npm run sim -- --seed ${seed}${servers === 1 ? "" : ` --servers ${servers}`}`;
}
