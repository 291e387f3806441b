// `npm run conformance`: runs all tests and writes docs/conformance.* from what they show.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { readSources } from "../tidy/source-files.ts";
import { placesById } from "./citing-places.ts";
import { openList } from "./open-list.ts";
import { readRegistry } from "./registry.ts";
import { runConformance } from "./run.ts";
import { testFilesById } from "./written-ids.ts";

const root = join(import.meta.dirname, "../..");
const usage = `usage: npm run conformance [-- --accept-lost]
       npm run conformance -- --open rfc6120 [--section 4.3]

Runs all tests, and writes docs/conformance.md, .json and .svg: which requirements of the registry (spec/) are tested by
what, and where the code obeys them.

  --accept-lost     write it although a requirement that was tested is no longer
  --open DOCUMENT   only list what is still to be done for a document, told from the texts; nothing is run or written
  --section NUMBER  of that document only this section and those within it`;

const { values } = parseArgs({
  options: {
    open: { type: "string" },
    section: { type: "string" },
    "accept-lost": { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) console.log(usage);
else if (values.open === undefined) {
  const print = (line: string) => console.log(line);
  const right = await runConformance({ root, write: true, acceptLost: values["accept-lost"], print });
  process.exitCode = right ? 0 : 1;
} else {
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
