const address = "http://127.0.0.1:5280/metrics";

/** What the server under test says of itself to whoever measures it; the sum where there are several of a name. */
export async function metricsOf(...names: readonly string[]): Promise<readonly number[]> {
  const response = await fetch(address);
  const lines = (await response.text()).split("\n");
  return names.map((name) => {
    const own = lines.filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    if (own.length === 0) throw new Error(`there is no metric ${name}`);
    return own.reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(" "))), 0);
  });
}
