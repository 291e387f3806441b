/** A variable that the lab sets for all that runs inside it. */
export function required(name: string): string {
  const value = process.env[name];
  if (value === undefined) throw new Error(`${name} is not set: run scenarios by "node testing/lab/run.ts"`);
  return value;
}
