import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A file of the repository as the rules see it. */
export interface SourceFile {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** The repository's hand-written and generated files: what git would keep, found without git, so that it works in a plain copy too. */
export function listFiles(root: string, folder = ""): readonly string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (ignored.has(path) || entry.name === "node_modules") return [];
    if (entry.isDirectory() && entry.name.startsWith(".") && entry.name !== ".ci") return [];
    if (entry.isDirectory()) return listFiles(root, path);
    return entry.isFile() && !ignoredEndings.some((ending) => path.endsWith(ending)) ? [path] : [];
  });
}

/** Reads the files that the rules look into: programs and documents. */
export function readSources(root: string): readonly SourceFile[] {
  return listFiles(root)
    .filter((path) => readEndings.some((ending) => path.endsWith(ending)) || path === "balcony")
    .map((path) => ({ path, text: readFileSync(join(root, path), "utf8") }));
}

/** Whether people, not `tools/generate.ts`, wrote the file. */
export function isHandWritten(path: string): boolean {
  return !path.endsWith(".generated.ts");
}

export function isTest(path: string): boolean {
  return path.endsWith(".test.ts");
}

const ignored = new Set(["data", "scratch", "coverage", "balcony.toml", "package-lock.json"]);
const ignoredEndings = [".log"];
const readEndings = [".ts", ".md", ".json", ".sh", ".toml", ".xml", ".yml", ".yaml"];
