import { lineOf } from "./code-text.ts";
import { codeOf, isHandWritten, isTest, type SourceFile } from "./source-files.ts";
import type { Violation } from "./violation.ts";

/** Nothing at module scope changes: state lives in storage, closures, slots, streams and arguments. */
export function moduleState(files: readonly SourceFile[]): readonly Violation[] {
  return files
    .filter(({ path }) => stateless.test(path) && path.endsWith(".ts") && isHandWritten(path) && !isTest(path))
    .flatMap((file) =>
      [...codeOf(file).code.matchAll(changing)].map((match) => ({
        path: file.path,
        line: lineOf(file.text, match.index),
        message: `keeps state at module scope (${match[0].trim()} …): give it to an object that a host, a session or the caller owns`,
      })),
    );
}

const stateless = /^(?:protocol|kit|im|xep|server|client|gateways)\//u;

// The formatter indents everything but module scope. An empty collection there can only be meant for filling.
const changing =
  /^(?:export )?(?:let|var) \w+|^(?:export )?const \w+(?:: (?!Readonly|readonly )[^=\n]+)? = (?:new (?:Map|Set|WeakMap|WeakSet|Array)(?:<[^\n]*>)?\(\)|\[\]|\{\});/gmu;
