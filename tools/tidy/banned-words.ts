import { posix } from "node:path";
import { lineOf } from "./code-text.ts";
import { codeOf, isTest, type SourceFile } from "./source-files.ts";
import type { Violation } from "./violation.ts";

/** Words that may not be written, each with what to write instead. */
export function bannedWords(files: readonly SourceFile[]): readonly Violation[] {
  return files
    .filter(({ path }) => !aboutWords.has(path))
    .flatMap((file) => {
      const masks = { ...maskText(file), text: file.text };
      return [...pathsThatLeave(file), ...badName(file), ...words.flatMap((word) => occurrences(file, masks, word))];
    });
}

interface Word {
  readonly pattern: RegExp;
  readonly instead: string;
  /** Where the word is looked for: by default in code, without comments and strings. */
  readonly within?: "code" | "comments" | "text";
  /** Files that the word is banned from: all by default. */
  readonly from?: RegExp;
  /** Files that may use it nevertheless. */
  readonly except?: RegExp;
}

/** Files that speak about the words. */
const aboutWords = new Set([
  "tools/tidy/banned-words.ts",
  "tools/tidy/banned-words.test.ts",
  "tools/test-run/run-tests.test.ts",
]);

/** Rooms whose time, chance and output come from Env and the host's log. */
const pure = /^(?:protocol|kit|im|xep|client)\/|^server\/(?:account|host|link|session|config)\//u;
const programs = /\.ts$/u;
/** Descriptions of packages that others wrote. */
const types = /\.d\.ts$/u;
const tests = /\.test\.ts$/u;
const front = /^(?:cli|tools|bench|testing)\//u;

const words: readonly Word[] = [
  { pattern: /\benum \w/gu, instead: "a union of string literals" },
  { pattern: /:\s*any\b|\bas any\b|<any\b|\bany\[\]/gu, instead: "unknown, narrowed where it is used" },
  { pattern: /\bexport default\b/gu, instead: "a named export", except: types },
  { pattern: /\bexport \* from\b/gu, instead: "imports from the file that says what is in it (no barrels)" },
  {
    pattern: /^(?:export )?(?:declare )?(?:namespace|module) [\w."]/gmu,
    instead: "a file of its own",
    except: types,
  },
  { pattern: /\bDate\.now\(|\bnew Date\(\)|\bperformance\.now\(/gu, instead: "env.now()", from: pure, except: tests },
  { pattern: /\bMath\.random\(/gu, instead: "env.entropy()", except: /^(?:bench|testing)\// },
  {
    pattern: /\bset(?:Timeout|Interval|Immediate)\(|\bqueueMicrotask\(/gu,
    instead: "env.setTimer() or env.defer()",
    from: pure,
    except: tests,
  },
  { pattern: /\bconsole\./gu, instead: "the host's log", except: front },
  {
    pattern: /\bprocess\.exit\(/gu,
    instead: "process.exitCode, and let what is open be closed",
    except: /^(?:bench|testing)\//,
  },
  {
    pattern: /\bextends EventEmitter\b|\bnew EventEmitter\b/gu,
    instead: "an event value (kit/events.ts), an iterator or a plain call",
    except: types,
  },
  {
    pattern: /\b(?:test|it|describe|suite)\.(?:only|skip|todo)\b|\bt\.(?:skip|todo)\(/gu,
    instead: "a test that runs, or none",
  },
  { pattern: /\{[^{}\n]*\b(?:skip: |todo: |only: true)/gu, instead: "a test that runs, or none", from: tests },
  { pattern: /\bmock\.\w/gu, instead: "a memory store, a virtual clock or another true part", from: tests },
  { pattern: /\beval\(|\bnew Function\(/gu, instead: "a program that is written down" },
  { pattern: /\b(?:TODO|FIXME|XXX|HACK)\b/gu, instead: "the finished thing, or an issue", within: "comments" },
  { pattern: /@ts-(?:ignore|nocheck|expect-error)/gu, instead: "a type that is true", within: "comments" },
  {
    pattern: /(?<!\/\/ [^\n]+\n *\/\/ )(?:ox|es)lint-disable(?!.* -- \S)/gu,
    instead: "`-- reason` after the rule's name",
    within: "comments",
  },
  {
    pattern: /(?<![\w.:/"'`-])\/(?:work|home|root|Users|mnt)\/\w/gu,
    instead: "a path relative to the repository or to the data directory",
    within: "text",
    except: /^docs\/admin\//,
  },
  {
    pattern: /["'`]\/(?:work|home|root|Users|mnt)\/\w/gu,
    instead: "a path relative to the repository or to the data directory",
    within: "text",
    except: tests,
  },
  { pattern: /https?:\/\/(?:registry|npm|pypi|proxy|mirror)\.\S+/gu, instead: "the package's name", within: "text" },
];

const emptyNames = new Set([
  "utils.ts",
  "util.ts",
  "helpers.ts",
  "common.ts",
  "misc.ts",
  "index.ts",
  "types.ts",
  "shared.ts",
]);

function occurrences(file: SourceFile, masks: Masks, word: Word): readonly Violation[] {
  const { pattern, instead, within = "code", from, except } = word;
  if (from?.test(file.path) === false || except?.test(file.path) === true) return [];
  if (within !== "text" && !programs.test(file.path)) return [];
  return [...masks[within].matchAll(pattern)].map((match) => ({
    path: file.path,
    line: lineOf(file.text, match.index),
    message: `says "${match[0].trim()}": write ${instead}`,
  }));
}

type Masks = Readonly<Record<"code" | "comments" | "text", string>>;

function maskText(file: SourceFile): Omit<Masks, "text"> {
  return programs.test(file.path) ? codeOf(file) : { code: "", comments: "" };
}

function badName({ path }: SourceFile): readonly Violation[] {
  const name = posix.basename(path);
  if (!programs.test(path)) return [];
  if (emptyNames.has(name)) return [{ path, message: `is called ${name}: name a file after the one idea in it` }];
  return /^[a-z0-9]+(?:[.-][a-z0-9]+)*\.ts$/u.test(name)
    ? []
    : [{ path, message: "has a name that is not in kebab-case" }];
}

/** What the repository needs is in the repository. */
function pathsThatLeave({ path, text }: SourceFile): readonly Violation[] {
  const depth = path.split("/").length - 1;
  return [...text.matchAll(/(?<![\w.…/])(?:\.\.\/)+\w/gu)].flatMap((match) => {
    const ups = match[0].split("../").length - 1;
    if (ups <= depth || isTest(path)) return [];
    return [{ path, line: lineOf(text, match.index), message: `names a path outside the repository (${match[0]}…)` }];
  });
}
