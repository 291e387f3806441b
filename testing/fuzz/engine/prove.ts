import type { PlantedCode } from "./instrumented-imports.ts";
import { runThread } from "./run-thread.ts";

/** A bug as rare as real ones: the reader throws at an element of a certain name, attribute, content and depth. */
const planted: PlantedCode = {
  path: "protocol/xml/read.ts",
  before: "if (spaceEnd(text, end) < text.length)",
  code: `
    let depth = 0;
    for (let inner: XmlElement | undefined = element; inner !== undefined; inner = inner.firstElement) {
      depth++;
      if (inner.name === "proof") {
        if (inner.attr("kind") === "planted") {
          if (inner.text === "crash") {
            if (depth === 4) throw new Error("planted");
          }
        }
      }
    }
    `,
};

/** Enough for the guided run, with some to spare. */
const executionsMax = 200_000;
const proofTarget = "../proof/parse-element.ts";
const seed = 3;

export interface Proof {
  readonly guided: boolean;
  readonly found: boolean;
  readonly executions: number;
  readonly input: string | undefined;
}

/** Looks for a planted bug, with guidance and without, otherwise in the same way and as often. */
export async function prove(guided: boolean, max: number = executionsMax): Promise<Proof> {
  const thread = runThread({
    target: proofTarget,
    seed,
    guided,
    milliseconds: Infinity,
    executionsMax: max,
    untilFound: true,
    inputs: [],
    planted,
  });
  const { findings, progress } = await thread.report;
  const finding = findings.find(({ report }) => report.includes("planted"));
  return { guided, found: finding !== undefined, executions: progress.executions, input: finding?.input };
}
