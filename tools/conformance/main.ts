// `npm run conformance`: what the requirements of the registry (spec/) are covered by.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { readSources } from "../tidy/source-files.ts";
import { openList } from "./open-list.ts";
import { readRegistry } from "./registry.ts";
import { placesById } from "./citing-places.ts";
import { testFilesById } from "./written-ids.ts";

const root = join(import.meta.dirname, "../..");
const usage = `usage: npm run conformance -- --open rfc6120 [--section 4.3]
Lists what is still to be done for a document, from the texts of tests and programs; nothing is run.`;

const { values } = parseArgs({
  options: { open: { type: "string" }, section: { type: "string" }, help: { type: "boolean" } },
});

if (values.help === true || values.open === undefined) console.log(usage);
else {
  const files = readSources(root);
  const lines = openList({
    registry: readRegistry(files),
    tests: testFilesById(files),
    places: placesById(files),
    document: values.open,
    ...(values.section !== undefined && { section: values.section }),
  });
  for (const line of lines) console.log(line);
}
