/** A program's text in two masks of the same length and lines, so that a place in one is the same place in the other. */
export interface CodeText {
  /** Comments, and what stands inside strings, templates and regular expressions, are spaces. */
  readonly code: string;
  /** Everything but comments is spaces. */
  readonly comments: string;
}

/** Tells a TypeScript program's code from its comments and strings. */
export function readCode(text: string): CodeText {
  const code = text.replaceAll(/[^\n]/g, " ").split("");
  const comments = [...code];
  const units = text.split("");
  const keep = (into: string[], from: number, to: number) => {
    for (let at = from; at < to; at += 1) into[at] = units[at] ?? " ";
  };
  const templates: number[] = [];
  let braces = 0;
  let before = "";
  let at = 0;
  const template = (from: number) => {
    const end = templateEnd(text, from);
    keep(code, end - (text.startsWith("${", end - 2) ? 2 : 1), end);
    if (text.startsWith("${", end - 2)) {
      templates.push(braces);
      before = "{";
    } else before = "`";
    return end;
  };
  while (at < text.length) {
    const one = text.charAt(at);
    const two = text.slice(at, at + 2);
    if (two === "//" || two === "/*") {
      const end = two === "//" ? indexOrEnd(text, "\n", at) : indexOrEnd(text, "*/", at + 2) + 2;
      keep(comments, at, Math.min(end, text.length));
      at = end;
    } else if (one === '"' || one === "'") {
      const end = closing(text, at + 1, one);
      code[at] = one;
      code[end - 1] = one;
      before = one;
      at = end;
    } else if (one === "`") {
      code[at] = one;
      at = template(at + 1);
    } else if (one === "}" && templates.at(-1) === braces) {
      templates.pop();
      code[at] = one;
      at = template(at + 1);
    } else if (one === "/" && regexMayFollow(before)) {
      const end = regexEnd(text, at + 1);
      code[at] = one;
      before = ")";
      at = end;
    } else {
      const word = /^[\w$#]+/u.exec(text.slice(at, at + 200))?.[0] ?? one;
      if (one === "{") braces += 1;
      if (one === "}") braces -= 1;
      keep(code, at, at + word.length);
      if (word.trim() !== "") before = word;
      at += word.length;
    }
  }
  return { code: code.join(""), comments: comments.join("") };
}

/** The line, counted from 1, of a place in a text. */
export function lineOf(text: string, at: number): number {
  let line = 1;
  for (let next = text.indexOf("\n"); next !== -1 && next < at; next = text.indexOf("\n", next + 1)) line += 1;
  return line;
}

function indexOrEnd(text: string, wanted: string, from: number): number {
  const found = text.indexOf(wanted, from);
  return found === -1 ? text.length : found;
}

function closing(text: string, from: number, quote: string): number {
  for (let at = from; at < text.length; at += 1) {
    const one = text[at];
    if (one === "\\") at += 1;
    else if (one === quote || one === "\n") return at + 1;
  }
  return text.length;
}

/** Just after the back-tick, or after the `${` that interrupts the template. */
function templateEnd(text: string, from: number): number {
  for (let at = from; at < text.length; at += 1) {
    if (text[at] === "\\") at += 1;
    else if (text[at] === "`") return at + 1;
    else if (text.startsWith("${", at)) return at + 2;
  }
  return text.length;
}

function regexEnd(text: string, from: number): number {
  let inClass = false;
  for (let at = from; at < text.length; at += 1) {
    const one = text[at];
    if (one === "\\") at += 1;
    else if (one === "[") inClass = true;
    else if (one === "]") inClass = false;
    else if (one === "\n") return at;
    else if (one === "/" && !inClass) return at + 1;
  }
  return text.length;
}

/** A slash after a value divides; after an operator, an opening bracket or a keyword it begins a regular expression. */
function regexMayFollow(before: string): boolean {
  return before === "" || /^[({[,;=:!&|?+\-*%~^<>]$/u.test(before) || wordsBeforeRegex.has(before);
}

const wordsBeforeRegex = new Set(["return", "typeof", "case", "in", "of", "do", "else", "await", "yield", "throw"]);
