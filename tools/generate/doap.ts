import { documentAddress } from "./support-table.ts";
import type { Supported } from "./supported.ts";

/** The project's description for directories of XMPP software (DOAP with the vocabulary of XEP-0453). */
export function doap(
  supported: readonly Supported[],
  project: { readonly version: string; readonly description: string },
): string {
  const rfcs = [...new Set(supported.filter(({ rfc }) => rfc !== undefined).map(documentAddress))];
  const xeps = supported.filter(({ rfc }) => rfc === undefined);
  return `<?xml version="1.0" encoding="UTF-8"?>
<!-- Written by npm run generate: do not edit. -->
<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://usefulinc.com/ns/doap#" xmlns:xmpp="https://linkmauve.fr/ns/xmpp-doap#">
  <Project>
    <name>Balcony</name>
    <shortdesc xml:lang="en">${escape(project.description)}</shortdesc>
    <programming-language>TypeScript</programming-language>
    <license rdf:resource="https://www.apache.org/licenses/LICENSE-2.0"/>
    <category rdf:resource="https://linkmauve.fr/ns/xmpp-doap#category-server"/>
    <os>Linux</os>
${rfcs.map((address) => `    <implements rdf:resource="${address}"/>`).join("\n")}
${xeps.map(xepEntry).join("\n")}
  </Project>
</rdf:RDF>
`;
}

function xepEntry(entry: Supported): string {
  const note = entry.note === undefined ? "" : `\n        <xmpp:note xml:lang="en">${escape(entry.note)}</xmpp:note>`;
  return `    <implements>
      <xmpp:SupportedXep>
        <xmpp:xep rdf:resource="${documentAddress(entry)}"/>
        <xmpp:status>${entry.status}</xmpp:status>
        <xmpp:version>${escape(entry.version)}</xmpp:version>${note}
      </xmpp:SupportedXep>
    </implements>`;
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}
