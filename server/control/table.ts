import type { Style } from "#kit/style.ts";

/** Rows under headings, each column as wide as its widest cell; `empty` when there are none. */
export function table(
  headings: readonly string[],
  rows: readonly (readonly string[])[],
  { style, empty }: { readonly style: Style; readonly empty: string },
): string {
  if (rows.length === 0) return style.dim(empty);
  const widths = headings.map((heading, i) => Math.max(heading.length, ...rows.map((row) => row[i]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join("  ")
      .trimEnd();
  return [style.bold(line(headings)), ...rows.map(line)].join("\n");
}

/** Names and values, one a line. */
export function facts(pairs: readonly (readonly [name: string, value: string])[], style: Style): string {
  const width = Math.max(...pairs.map(([name]) => name.length));
  return pairs.map(([name, value]) => `${style.bold(name.padEnd(width))}  ${value}`).join("\n");
}

/** `3 accounts`, `1 account`. */
export function count(n: number, thing: string): string {
  return `${n} ${thing}${n === 1 ? "" : "s"}`;
}

/** A note under a list that does not show all there is. */
export function shortened(shown: number, total: number, style: Style): string {
  return shown < total ? `\n${style.dim(`the first ${shown} of ${total}`)}` : "";
}

/** `2026-11-21 04:10`, in UTC. */
export function when(instant: string | undefined): string {
  return instant === undefined ? "-" : instant.slice(0, 16).replace("T", " ");
}

/** `88 days`, `expired 3 days ago`. */
export function certificateState(days: number | undefined, isSelfSigned: boolean | undefined, style: Style): string {
  if (days === undefined) return "-";
  const left = Math.floor(days);
  const text = left < 0 ? `expired ${count(-left, "day")} ago` : count(left, "day");
  const kind = isSelfSigned === true ? ", self-signed" : "";
  if (left < 0) return style.red(text + kind);
  return left < expiresSoonDays ? style.yellow(text + kind) : text + kind;
}

const expiresSoonDays = 14;
