import { byteTables, unitTables } from "./characters.ts";
import type { XmlLimits } from "./limits.ts";
import type { DecodeUtf8 } from "./source.ts";
import type { TagSource } from "./tag-pool.ts";
import { TreeReader, type TreeReaderOptions } from "./tree-reader.ts";

/** Tree readers that are kept for the next element; more are in use only where so many elements are cut at a time. */
const freeMax = 32;

/** How the streams that share tree readers are read. */
export interface TreeReaderPoolOptions {
  /** "bytes": a character is a byte of UTF-8 (`Buffer.latin1Slice`). "utf16": it is a code unit. */
  readonly input: "bytes" | "utf16";
  /** Asked only for "bytes", and only for what is valid UTF-8. */
  readonly decodeUtf8: DecodeUtf8;
  readonly tags: TagSource;
}

/**
 * The tree readers of many streams. A stream has one only while it is in the middle of an element, so that those which
 * say nothing, most of them, cost nothing of it.
 */
export class TreeReaderPool {
  readonly #options: TreeReaderOptions;
  readonly #free: TreeReader[] = [];

  constructor({ input, decodeUtf8, tags }: TreeReaderPoolOptions) {
    this.#options =
      input === "bytes"
        ? { tables: byteTables, decodeUtf8, pool: tags }
        : { tables: unitTables, decodeUtf8: undefined, pool: tags };
  }

  /** One that keeps these bounds and reads this namespace as `jabber:client`. */
  take(limits: XmlLimits, contentNamespace: string): TreeReader {
    const tree = this.#free.pop() ?? new TreeReader(this.#options);
    tree.serve(limits, contentNamespace);
    return tree;
  }

  /** It has nothing begun: its element was taken from it, or given up. */
  giveBack(tree: TreeReader): void {
    if (this.#free.length < freeMax) this.#free.push(tree);
  }
}
