import { countStates } from "./counts.ts";
import type { CoveredDocument } from "./coverage.ts";
import { shortName } from "./document-titles.ts";

/** A bar for each document, as wide as it has statements of each state, as SVG. */
export function picture(documents: readonly CoveredDocument[]): string {
  const rows = documents.flatMap(({ name, statements }, row) => {
    const counts = countStates(statements);
    const top = row * rowHeight + 8;
    let left = labelWidth;
    const label = `<text x="${labelWidth - 8}" y="${top + 15}" text-anchor="end">${shortName(name)}</text>`;
    const bars = states.flatMap(({ key, colour, title }) => {
      const count = counts[key];
      if (count === 0) return [];
      const width = (count / counts.all) * barWidth;
      const bar = `<rect x="${round(left)}" y="${top}" width="${round(width)}" height="22" fill="${colour}"><title>${count} ${title}</title></rect>`;
      const figure =
        width < 28 ? [] : [`<text x="${round(left + width / 2)}" y="${top + 15}" text-anchor="middle">${count}</text>`];
      left += width;
      return [bar, ...figure];
    });
    return [label, ...bars];
  });
  const legendTop = documents.length * rowHeight + 16;
  const legend = states.flatMap(({ colour, title }, at) => [
    `<rect x="${labelWidth + at * 150}" y="${legendTop}" width="12" height="12" fill="${colour}"/>`,
    `<text x="${labelWidth + at * 150 + 18}" y="${legendTop + 11}">${title}</text>`,
  ]);
  const width = labelWidth + barWidth + 16;
  const height = legendTop + 28;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="sans-serif" font-size="13" role="img">`,
    "<title>Requirements by state</title>",
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    ...rows,
    ...legend,
    "</svg>",
    "",
  ].join("\n");
}

const states = [
  { key: "tested", colour: "#8fd19e", title: "tested" },
  { key: "notOurs", colour: "#d5d8dc", title: "not ours" },
  { key: "waiting", colour: "#f6dd9b", title: "wait for a part" },
  { key: "open", colour: "#f1a9a0", title: "open" },
] as const;

const rowHeight = 30;
const labelWidth = 90;
const barWidth = 700;

function round(length: number): string {
  return String(Math.round(length * 10) / 10);
}
