import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");

/** The modules that a program loads which imports these files, from the root of the project or as packages. */
function loadedBy(...files: readonly string[]): readonly string[] {
  const program = `
    import { registerHooks } from "node:module";
    const loaded = [];
    registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
    for (const file of ${JSON.stringify(files)}) await import(file);
    process.stdout.write(loaded.join("\\n"), () => process.exit());`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    cwd: root,
    encoding: "utf8",
  });
  assert.equal(status, 0, stderr);
  return stdout.split("\n").map((url) => url.replace(/^.*\/node_modules\//u, "").replace(`file://${root}/`, ""));
}

function packagesOf(loaded: readonly string[]): ReadonlySet<string> {
  return new Set(loaded.map((name) => /^(?:@[^/]+\/)?[^/]+/u.exec(name)?.[0] ?? name));
}

/** What only some configurations use, or what only some hours of a server do. */
const others = [
  "acme-client",
  "axios",
  "node-forge",
  "pg",
  "prom-client",
  "@opentelemetry/api",
  "@peculiar/x509",
  "reflect-metadata",
  "node:http",
  "node:https",
] as const;

test("a server with its default configuration loads nothing that it does not use", () => {
  const loaded = loadedBy("./cli/start.ts", "#server/storage/sqlite/sqlite-store.ts", "#server/http/monitor.ts");
  const packages = packagesOf(loaded);
  assert.deepEqual(
    others.filter((name) => packages.has(name)),
    [],
  );
  assert.ok(loaded.length < 900, `${loaded.length} modules`);
  assert.ok(packages.has("zod") && loaded.includes("server/server.ts"), "what it uses is seen");
});

test("a thread of SQLite loads what reads and writes rows, and no library", () => {
  const thread = new Set(
    loadedBy("#server/storage/sqlite/sqlite-writer.ts", "#server/storage/sqlite/sqlite-text-index.ts"),
  );
  assert.ok(thread.has("server/storage/sqlite/sqlite-writer.ts"));
  const libraries = [...packagesOf([...thread])].filter((name) => !/^(?:node:|protocol$|kit$|server$)/u.test(name));
  assert.deepEqual(libraries, []);
  assert.ok(thread.size < 60, `${thread.size} modules`);
});
