import type { Mutate, Mutation } from "./mutation.ts";

/**
 * Changes that keep XML looking like XML: they work on tags, attributes and texts instead of bytes. What they make is
 * often still well-formed, and so gets past the first check.
 */
export const xmlMutations: readonly Mutate[] = [
  removeToken,
  repeatToken,
  swapTokens,
  wrap,
  nestDeeply,
  insertElement,
  insertOdd,
  addAttribute,
  addNeighbours,
  insertKnownElement,
  changeValue,
  changeName,
  changeText,
  takeElement,
  repeatElement,
  closeWhatIsOpen,
];

const tokenPattern = /<!\[CDATA\[[^]*?\]\]>|<[^<>]*>|[^<]+|</gu;

function tokensOf(input: string): string[] {
  return input.match(tokenPattern) ?? [];
}

function removeToken(input: string, { random }: Mutation): string {
  const tokens = tokensOf(input);
  tokens.splice(random.below(tokens.length), 1);
  return tokens.join("");
}

function repeatToken(input: string, { random }: Mutation): string {
  const tokens = tokensOf(input);
  const at = random.below(tokens.length);
  tokens.splice(random.below(tokens.length + 1), 0, tokens[at] ?? "");
  return tokens.join("");
}

function swapTokens(input: string, { random }: Mutation): string {
  const tokens = tokensOf(input);
  const [a, b] = [random.below(tokens.length), random.below(tokens.length)];
  [tokens[a], tokens[b]] = [tokens[b] ?? "", tokens[a] ?? ""];
  return tokens.join("");
}

const names = ["a", "b", "p:a", "item", "query", "x", "stream:error", "xml:b", "\u00c3\u00a9", "_", "a.b-c"];
const namespaces = [
  "u",
  "v",
  "",
  "jabber:client",
  "jabber:server",
  "http://etherx.jabber.org/streams",
  "http://www.w3.org/XML/1998/namespace",
  "http://www.w3.org/2000/xmlns/",
];
const values = ["", "1", "en", "a b", "&lt;", "&#9;", "&#x1F600;", "\t", "\n", "\r\n", "'", ">", "\u00c3\u00a9"];
const texts = [
  "x",
  " ",
  "\n",
  "\r\n",
  "\r",
  "&amp;",
  "&#65;",
  "&#x1F600;",
  "]]&gt;",
  "\u00c3\u00a9",
  "\u00f0\u009f\u0098\u0080",
  "<![CDATA[<&>]]>",
  "<![CDATA[]]>",
  "<![CDATA[]]]]><![CDATA[>]]>",
];
const odd = [
  "]]>",
  "<!-- -->",
  "<?x?>",
  "<?xml version='1.0'?>",
  "<!DOCTYPE a>",
  "&nbsp;",
  "&#0;",
  "&#xD800;",
  "&#xFFFE;",
  "&",
  "<",
  "\u0001",
  "\u00ef\u00bf\u00be",
  "\u00ed\u00a0\u0080",
  "\u00c0\u0080",
  "\u00ef\u00bb\u00bf",
  "</stream:stream>",
];

function name({ random, words }: Mutation): string {
  const word = random.oneIn(2) ? (random.pick(words) ?? "") : "";
  return /^[A-Za-z_][\w.-]*$/u.test(word) ? word : (random.pick(names) ?? "a");
}

function value({ random, words }: Mutation): string {
  return (random.oneIn(2) ? random.pick(words)?.replaceAll(/["'<&]/gu, "") : random.pick(values)) ?? "";
}

function attribute(mutation: Mutation): string {
  const { random, words } = mutation;
  const quote = random.oneIn(2) ? "'" : '"';
  const quoted = (text: string): string => quote + text.replaceAll(quote, "") + quote;
  const space = random.oneIn(12) ? "\n " : " ";
  const equals = random.oneIn(20) ? " = " : "=";
  if (random.oneIn(3)) {
    const ns = random.pick(random.oneIn(2) ? namespaces : words.filter((word) => word.includes(":")));
    const prefix = random.oneIn(2) ? "" : `:${random.pick(["p", "q", "stream", "xml", "xmlns"]) ?? ""}`;
    return `${space}xmlns${prefix}${equals}${quoted((ns ?? "u").replaceAll(/[<&]/gu, ""))}`;
  }
  const prefix = random.oneIn(6) ? (random.pick(["p:", "q:", "xml:", "stream:"]) ?? "") : "";
  return `${space}${prefix}${name(mutation)}${equals}${quoted(value(mutation))}`;
}

function attributes(mutation: Mutation): string {
  const { random } = mutation;
  const count = random.oneIn(16) ? random.below(40) : random.below(3);
  return Array.from({ length: count }, () => attribute(mutation)).join("");
}

function someElement(mutation: Mutation, depth: number): string {
  const { random } = mutation;
  const tag = name(mutation);
  if (depth === 0 || random.oneIn(3)) return `<${tag}${attributes(mutation)}/>`;
  const children = Array.from({ length: random.below(4) }, () =>
    random.oneIn(2) ? (random.pick(texts) ?? "") : someElement(mutation, depth - 1),
  );
  return `<${tag}${attributes(mutation)}>${children.join("")}</${tag}>`;
}

function between(input: string, { random }: Mutation, text: string): string {
  const tokens = tokensOf(input);
  tokens.splice(random.below(tokens.length + 1), 0, text);
  return tokens.join("");
}

function insertElement(input: string, mutation: Mutation): string {
  return between(input, mutation, someElement(mutation, 3));
}

function insertOdd(input: string, mutation: Mutation): string {
  return between(input, mutation, mutation.random.pick(odd) ?? "");
}

function changeText(input: string, mutation: Mutation): string {
  const text = (mutation.random.oneIn(3) ? mutation.random.pick(mutation.words) : mutation.random.pick(texts)) ?? "";
  return between(input, mutation, text);
}

/** Where an element begins and ends, as far as one can tell by counting tags. */
function elementAt(tokens: readonly string[], start: number): number {
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    const token = tokens[at] ?? "";
    if (token.startsWith("</")) depth--;
    else if (token.startsWith("<") && !token.startsWith("<!") && !token.startsWith("<?") && !token.endsWith("/>"))
      depth++;
    if (depth <= 0) return at + 1;
  }
  return tokens.length;
}

function elementOf(tokens: readonly string[], { random }: Mutation): readonly [from: number, to: number] {
  const starts = [...tokens.keys()].filter((at) => /^<[^/!?]/u.test(tokens[at] ?? ""));
  const from = random.pick(starts) ?? 0;
  return [from, elementAt(tokens, from)];
}

function wrap(input: string, mutation: Mutation): string {
  const tokens = tokensOf(input);
  const [from, to] = elementOf(tokens, mutation);
  const tag = name(mutation);
  tokens.splice(to, 0, `</${tag}>`);
  tokens.splice(from, 0, `<${tag}${attributes(mutation)}>`);
  return tokens.join("");
}

function nestDeeply(input: string, mutation: Mutation): string {
  const { random } = mutation;
  const tag = name(mutation);
  const depth = random.length(80);
  const inner = random.oneIn(2) ? `<${tag}/>`.repeat(random.length(40)) : (random.pick(texts) ?? "");
  return between(input, mutation, `<${tag}>`.repeat(depth) + inner + `</${tag}>`.repeat(depth));
}

function takeElement(input: string, mutation: Mutation): string {
  const others = tokensOf(mutation.other);
  const [from, to] = elementOf(others, mutation);
  return between(input, mutation, others.slice(from, to).join(""));
}

function repeatElement(input: string, mutation: Mutation): string {
  const tokens = tokensOf(input);
  const [from, to] = elementOf(tokens, mutation);
  const times = mutation.random.oneIn(6) ? mutation.random.length(30) : 1;
  tokens.splice(to, 0, tokens.slice(from, to).join("").repeat(times));
  return tokens.join("");
}

function addAttribute(input: string, mutation: Mutation): string {
  return intoTag(input, mutation, attribute(mutation));
}

/** Words are asked for one after the other, such as the name of an attribute and then its value. */
function addNeighbours(input: string, mutation: Mutation): string {
  const { random, words } = mutation;
  const at = random.below(words.length);
  const name = words[at] ?? "";
  if (!/^[A-Za-z_][\w.:-]*$/u.test(name)) return input;
  const value = (words[at + 1] ?? "").replaceAll(/['<&]/gu, "");
  return intoTag(input, mutation, ` ${name}='${value}'`);
}

function intoTag(input: string, { random }: Mutation, text: string): string {
  const tag = random.pick([...input.matchAll(/<[^\s<>/!?]+/gu)]);
  if (tag === undefined) return input;
  const at = tag.index + tag[0].length;
  return input.slice(0, at) + text + input.slice(at);
}

/** An element of a name and a namespace that are asked for. */
function insertKnownElement(input: string, mutation: Mutation): string {
  const { random, words } = mutation;
  const tag = random.pick(words.filter((word) => /^[A-Za-z_][\w.-]*$/u.test(word))) ?? "x";
  const ns = random.pick(words.filter((word) => word.includes(":") && !/['<&]/u.test(word)));
  const declaration = ns === undefined ? "" : ` xmlns='${ns}'`;
  const content = random.oneIn(2) ? (random.pick(words) ?? "").replaceAll(/[<&]/gu, "") : "";
  return between(input, mutation, `<${tag}${declaration}>${content}</${tag}>`);
}

function changeValue(input: string, mutation: Mutation): string {
  const found = [...input.matchAll(/=\s*(?:'[^'<]*'|"[^"<]*")/gu)];
  const old = mutation.random.pick(found);
  if (old === undefined) return input;
  const text = value(mutation);
  const quoted = text.includes("'") ? `="${text.replaceAll('"', "")}"` : `='${text}'`;
  return input.slice(0, old.index) + quoted + input.slice(old.index + old[0].length);
}

/** Renames an element, in its end tag too. */
function changeName(input: string, mutation: Mutation): string {
  const tokens = tokensOf(input);
  const [from, to] = elementOf(tokens, mutation);
  const tag = name(mutation);
  tokens[from] = (tokens[from] ?? "").replace(/^<[^\s<>/]+/u, `<${tag}`);
  const last = to - 1;
  if (last > from) tokens[last] = (tokens[last] ?? "").replace(/^<\/[^\s<>]+/u, `</${tag}`);
  return tokens.join("");
}

/** End tags for whatever has none. */
function closeWhatIsOpen(input: string): string {
  const open: string[] = [];
  for (const token of tokensOf(input)) {
    const tag = /^<(\/?)([^\s<>/!?]+)[^]*?(\/?)>$/u.exec(token);
    if (tag === null) continue;
    if (tag[1] === "/") open.pop();
    else if (tag[3] !== "/") open.push(tag[2] ?? "");
  }
  return (
    input +
    open
      .toReversed()
      .map((tag) => `</${tag}>`)
      .join("")
  );
}
