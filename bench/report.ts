import type { Figure, Scenario } from "./scenarios/scenario.ts";

/** What a target did in a scenario: the median of each figure, or why there is none. */
export interface Result {
  readonly scenario: string;
  readonly target: string;
  readonly mechanism: string;
  readonly runs: number;
  readonly figures: Readonly<Record<string, number>>;
  readonly failure?: string;
}

const references = ["floor", "ejabberd"];
const peers = ["prosody", "ejabberd"];
const betterPeer = "better peer";

/** The table: a line a figure, a column a target, ratios to the floor, to ejabberd and to the better of the peers below. */
export function table(
  scenarios: readonly Scenario[],
  targets: readonly { readonly name: string; readonly version: string | undefined }[],
  results: readonly Result[],
): string {
  const rows: string[][] = [["scenario", "figure", ...targets.map((target) => target.name)]];
  for (const scenario of scenarios) {
    const find = (target: string) =>
      results.find((result) => result.scenario === scenario.name && result.target === target);
    const value = (target: string, figure: Figure) => find(target)?.figures[figure.key];
    for (const [index, figure] of scenario.figures.entries()) {
      const cells = targets.map((target) => {
        if (target.version === undefined) return "not installed";
        const result = find(target.name);
        if (result === undefined) return "–";
        return result.failure === undefined ? rounded(value(target.name, figure)) : "failed";
      });
      rows.push([index === 0 ? scenario.name : "", figure.title, ...cells]);
    }
    const base = (reference: string, figure: Figure): number | undefined => {
      if (reference !== betterPeer) return value(reference, figure);
      const known = peers.map((peer) => value(peer, figure)).filter((each) => each !== undefined);
      return known.length === peers.length ? Math.min(...known) : undefined;
    };
    for (const reference of [...references, betterPeer]) {
      for (const figure of scenario.figures.filter((candidate) => candidate.compared === true)) {
        const divisor = base(reference, figure);
        if (divisor === undefined) continue;
        rows.push(["", `  ÷ ${reference}`, ...targets.map((target) => ratio(value(target.name, figure), divisor))]);
      }
    }
    rows.push(["", "log-in by", ...targets.map((target) => find(target.name)?.mechanism ?? "")]);
  }
  return aligned(rows);
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[sorted.length >> 1] ?? Number.NaN;
  const lower = sorted[(sorted.length - 1) >> 1] ?? Number.NaN;
  return (upper + lower) / 2;
}

function ratio(value: number | undefined, base: number): string {
  return value === undefined ? "" : (value / base).toFixed(2);
}

function rounded(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return "–";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en");
  return value.toFixed(Math.abs(value) >= 100 ? 0 : 1);
}

function aligned(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => (column < 2 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0)))
      .join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}
