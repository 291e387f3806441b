import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";

/** A copy of the tree whose programs may be broken. The packages are those of the original. */
export class WorkCopy implements Disposable {
  readonly root: string;

  constructor(original: string) {
    this.root = mkdtempSync(join(tmpdir(), "balcony-audit-"));
    cpSync(original, this.root, {
      recursive: true,
      filter: (path) => !leftOut.has(relative(original, path).split("/")[0] ?? ""),
    });
    symlinkSync(join(original, "node_modules"), join(this.root, "node_modules"));
  }

  write(path: string, text: string): void {
    writeFileSync(join(this.root, path), text);
  }

  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

const leftOut = new Set([".git", "node_modules", "scratch", "data", "coverage"]);
