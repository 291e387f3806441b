// `npm test`: runs every *.test.ts of the repository except those of the lab, which needs root and Debian packages and has a command of its own,
// and checks the table of requirements (docs/conformance.md) against what they showed.
// `npm test -- jid sasl` runs the files whose path contains one of the words; the table is not checked then.
// `npm test -- --slowest` tells at the end which files cost most.

import { join } from "node:path";
import { parseArgs } from "node:util";
import { runConformance } from "./conformance/run.ts";
import { runTests } from "./test-run/run-tests.ts";

const root = join(import.meta.dirname, "..");
const { values, positionals: words } = parseArgs({
  options: { slowest: { type: "boolean", default: false } },
  allowPositionals: true,
});
const { slowest } = values;
const print = (line: string) => process.stdout.write(`${line}\n`);
const passed =
  words.length > 0
    ? await runTests({ root, words, slowest, print })
    : await runConformance({ root, write: false, acceptLost: false, slowest, print });
process.exitCode = passed ? 0 : 1;
