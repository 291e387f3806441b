/** A place in the tree of a TOML document: names of keys, and indexes of arrays. */
export type TomlPath = readonly (string | number)[];

/** A `[table]` or `[[array of tables]]` line. */
export interface TomlHeader {
  readonly path: TomlPath;
  readonly line: number;
}

/** Where things are in a TOML document; lines count from 1. */
export interface TomlLines {
  /** The line of a key; of the nearest table around it where the key itself is not in the document. */
  readonly lineOf: (path: TomlPath) => number;
  /** Whether the document has this key or table. */
  readonly has: (path: TomlPath) => boolean;
  readonly headers: readonly TomlHeader[];
}

/**
 * Finds the line of every key, because the TOML library keeps none. For documents that it has accepted: what is not
 * TOML 1.0 gives wrong lines, but always an end.
 */
export function locateToml(source: string): TomlLines {
  return new Scanner(source).scan();
}

class Scanner {
  readonly #source: string;
  #at = 0;
  #line = 1;
  readonly #lines = new Map<string, number>();
  readonly #headers: TomlHeader[] = [];
  /** How many tables each array of tables has so far. */
  readonly #tables = new Map<string, number>();

  constructor(source: string) {
    this.#source = source;
  }

  scan(): TomlLines {
    let table: TomlPath = [];
    for (this.#skipBlank(); this.#at < this.#source.length; this.#skipBlank()) {
      if (this.#peek() === "[") table = this.#header();
      else this.#keyValue(table);
    }
    return {
      lineOf: (path) => this.#lineOf(path),
      has: (path) => this.#lines.has(JSON.stringify(path)),
      headers: this.#headers,
    };
  }

  #lineOf(path: TomlPath): number {
    for (let length = path.length; length > 0; length--) {
      const line = this.#lines.get(JSON.stringify(path.slice(0, length)));
      if (line !== undefined) return line;
    }
    return 1;
  }

  #header(): TomlPath {
    const line = this.#line;
    const isArray = this.#source.startsWith("[[", this.#at);
    this.#advance(isArray ? 2 : 1);
    const names = this.#dottedKey();
    this.#advance(isArray ? 2 : 1);
    let path: TomlPath = [];
    for (const [i, name] of names.entries()) {
      path = [...path, name];
      const isNew = isArray && i === names.length - 1;
      const count = this.#tables.get(JSON.stringify(path));
      if (isNew) this.#tables.set(JSON.stringify(path), (count ?? 0) + 1);
      this.#note(path, line);
      if (isNew || count !== undefined) path = [...path, isNew ? (count ?? 0) : (count ?? 1) - 1];
    }
    this.#note(path, line);
    this.#headers.push({ path, line });
    return path;
  }

  #keyValue(table: TomlPath): void {
    const line = this.#line;
    const names = this.#dottedKey();
    for (let length = 1; length <= names.length; length++) this.#note([...table, ...names.slice(0, length)], line);
    if (this.#peek() === "=") this.#advance(1);
    this.#skipSpace();
    this.#value([...table, ...names]);
  }

  #dottedKey(): readonly string[] {
    const names: string[] = [];
    for (;;) {
      this.#skipSpace();
      names.push(this.#simpleKey());
      this.#skipSpace();
      if (this.#peek() !== ".") return names;
      this.#advance(1);
    }
  }

  #simpleKey(): string {
    const quote = this.#peek();
    if (quote === '"' || quote === "'") return this.#string();
    const bare = this.#match(/[\w-]*/y);
    // Not a key at all: one character further, so that the scan ends.
    if (bare === "") this.#advance(1);
    return bare;
  }

  #value(path: TomlPath): void {
    const first = this.#peek();
    if (first === '"' || first === "'") this.#string();
    else if (first === "[") this.#array(path);
    else if (first === "{") this.#inlineTable(path);
    else this.#match(/[^,\]}\n#]*/y);
  }

  #array(path: TomlPath): void {
    this.#advance(1);
    for (let index = 0; ; index++) {
      this.#skipBlank();
      if (this.#at >= this.#source.length || this.#peek() === "]") break;
      this.#note([...path, index], this.#line);
      this.#value([...path, index]);
      this.#skipBlank();
      if (this.#peek() === ",") this.#advance(1);
      else if (this.#peek() !== "]") break;
    }
    this.#advance(1);
  }

  #inlineTable(path: TomlPath): void {
    this.#advance(1);
    for (;;) {
      this.#skipBlank();
      if (this.#at >= this.#source.length || this.#peek() === "}") break;
      this.#keyValue(path);
      this.#skipBlank();
      if (this.#peek() === ",") this.#advance(1);
      else if (this.#peek() !== "}") break;
    }
    this.#advance(1);
  }

  /** Any of the four kinds; gives its text, with the escapes that keys are written with resolved. */
  #string(): string {
    const quote = this.#peek();
    const isLong = this.#source.startsWith(quote.repeat(3), this.#at);
    const isBasic = quote === '"';
    const body = isLong
      ? this.#match(isBasic ? /"""(?:[^\\]|\\[^])*?"""(?:"{0,2}(?!"))/y : /'''[^]*?'''(?:'{0,2}(?!'))/y)
      : this.#match(isBasic ? /"(?:[^"\\\n]|\\.)*"?/y : /'[^'\n]*'?/y);
    if (body === "") this.#advance(this.#source.length);
    const text = isLong ? body.slice(3, -3) : body.slice(1, -1);
    return isBasic ? unescape(text) : text;
  }

  #note(path: TomlPath, line: number): void {
    const key = JSON.stringify(path);
    if (!this.#lines.has(key)) this.#lines.set(key, line);
  }

  #peek(): string {
    return this.#source.charAt(this.#at);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#source)?.[0] ?? "";
    this.#advance(found.length);
    return found;
  }

  #advance(length: number): void {
    const end = Math.min(this.#at + length, this.#source.length);
    for (; this.#at < end; this.#at++) if (this.#peek() === "\n") this.#line += 1;
  }

  #skipSpace(): void {
    this.#match(/[ \t]*/y);
  }

  /** White space, line ends and comments. */
  #skipBlank(): void {
    this.#match(/(?:[\s\uFEFF]|#[^\n]*)*/y);
  }
}

function unescape(text: string): string {
  if (!text.includes("\\")) return text;
  return text.replace(
    /\\(?:u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))/g,
    (_, short, long, letter: string | undefined) => {
      if (letter === undefined)
        return String.fromCodePoint(Math.min(Number.parseInt(String(short ?? long), 16), 0x10ffff));
      return { b: "\b", t: "\t", n: "\n", f: "\f", r: "\r" }[letter] ?? letter;
    },
  );
}
