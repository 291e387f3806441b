import { documentName } from "./support.ts";
import type { Supported } from "./supported.ts";

/** The document that says which specifications are implemented, and how far. */
export function supportTable(supported: readonly Supported[]): string {
  const row = (entry: Supported) =>
    `| [${documentName(entry)}](${documentAddress(entry)}) | ${entry.title} | ${entry.version} | ${entry.status} | ${entry.places.map(placeLink).join(", ")} | ${entry.note ?? ""} |`;
  return [
    "# What Balcony implements",
    "",
    "Written by `npm run generate` from what the features say of themselves. _Partial_ entries say in a note what is missing.",
    "",
    "## RFCs",
    "",
    "| Document | Title | Sections | Status | Where | Note |",
    "| --- | --- | --- | --- | --- | --- |",
    ...supported.filter(({ rfc }) => rfc !== undefined).map(row),
    "",
    "## XEPs",
    "",
    "| Document | Title | Version | Status | Where | Note |",
    "| --- | --- | --- | --- | --- | --- |",
    ...supported.filter(({ rfc }) => rfc === undefined).map(row),
    "",
  ].join("\n");
}

/** Where the specification can be read. */
export function documentAddress({ rfc, xep }: Supported): string {
  if (rfc !== undefined) return `https://www.rfc-editor.org/rfc/rfc${rfc}.html`;
  return `https://xmpp.org/extensions/xep-${String(xep).padStart(4, "0")}.html`;
}

function placeLink(place: string): string {
  return `[${place}](../${place})`;
}
