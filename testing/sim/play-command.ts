/** What plays a seed again. */
export function commandFor(seed: number, servers: number, component = false): string {
  return `npm run sim -- --seed ${seed}${servers === 1 ? "" : ` --servers ${servers}`}${component ? " --component" : ""}`;
}
