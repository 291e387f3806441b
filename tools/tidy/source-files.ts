import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { readCode, type CodeText } from "./code-text.ts";

/** A file of the repository as the rules see it. */
export interface SourceFile {
  /** Relative to the root, with slashes. */
  readonly path: string;
  readonly text: string;
  /** What {@link readCode} makes of the text, where it is kept: many rules ask. */
  readonly codeText?: CodeText;
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
    .map((path) => new StoredFile(path, readFileSync(join(root, path), "utf8")));
}

class StoredFile implements SourceFile {
  readonly path: string;
  readonly text: string;
  #codeText: CodeText | undefined;

  constructor(path: string, text: string) {
    this.path = path;
    this.text = text;
  }

  get codeText(): CodeText {
    return (this.#codeText ??= readCode(this.text));
  }
}

/** A program's code, told from its comments and strings. */
export function codeOf({ codeText, text }: SourceFile): CodeText {
  return codeText ?? readCode(text);
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
