import type { Mutate, Mutation } from "./mutation.ts";

/** Changes to an input that is a list of lines, each of which means something by itself. */
export const lineMutations: readonly Mutate[] = [
  (input, { random }) => {
    const lines = input.split("\n");
    lines.splice(random.below(lines.length), random.length(Math.min(lines.length, 8)));
    return lines.join("\n");
  },
  (input, { random }) => {
    const lines = input.split("\n");
    const from = random.below(lines.length);
    lines.splice(random.below(lines.length + 1), 0, ...lines.slice(from, from + random.length(4)));
    return lines.join("\n");
  },
  (input, { random }) => {
    const lines = input.split("\n");
    const [line = ""] = lines.splice(random.below(lines.length), 1);
    lines.splice(random.below(lines.length + 1), 0, line);
    return lines.join("\n");
  },
  (input, { other, random }) => {
    const lines = input.split("\n");
    const others = other.split("\n");
    const from = random.below(others.length);
    lines.splice(random.below(lines.length + 1), 0, ...others.slice(from, from + random.length(8)));
    return lines.join("\n");
  },
  replaceLine,
  insertLine,
  insertLine,
];

function insertLine(input: string, { lines: known, random }: Mutation): string {
  const lines = input.split("\n");
  lines.splice(random.below(lines.length + 1), 0, random.pick(known) ?? "");
  return lines.join("\n");
}

function replaceLine(input: string, { lines: known, random }: Mutation): string {
  const lines = input.split("\n");
  lines[random.below(lines.length)] = random.pick(known) ?? "";
  return lines.join("\n");
}
