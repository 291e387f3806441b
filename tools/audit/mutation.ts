import { lineOf } from "../tidy/code-text.ts";

/** One way to break a place: text between two places becomes another. */
export interface Mutation {
  /** What is done, such as `never takes the branch`. */
  readonly what: string;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
}

export function applyMutation(text: string, { start, end, replacement }: Mutation): string {
  return text.slice(0, start) + replacement + text.slice(end);
}

/** The mutation for people: its line, what it does and to what. */
export function showMutation(text: string, { what, start, end }: Mutation): string {
  const broken = text.slice(start, end).replaceAll(/\s+/g, " ").trim();
  const shown = broken.length > shownCharactersMax ? `${broken.slice(0, shownCharactersMax)}…` : broken;
  return `line ${lineOf(text, start)}: ${what}: ${shown}`;
}

const shownCharactersMax = 100;
