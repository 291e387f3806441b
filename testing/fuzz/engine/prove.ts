import type { PlantedCode } from "./instrumented-imports.ts";
import { runThread } from "./run-thread.ts";

/** A bug as rare as real ones: the reader throws at an element of a certain name, with a certain attribute and content. */
const planted: PlantedCode = {
  path: "protocol/xml/read.ts",
  before: "if (spaceEnd(text, end) < text.length)",
  code: `
    for (let inner: XmlElement | undefined = element; inner !== undefined; inner = inner.firstElement) {
      if (inner.name === "proof") {
        if (inner.attr("kind") === "planted") {
          if (inner.text === "crash") throw new Error("planted");
        }
      }
    }
    `,
};

/** It begins anew, by another chance, after so many. Most find it in half of that. */
const executionsMax = 150_000;
const beginningsMax = 8;
/** Quick, and finds nothing by itself. */
export const proofTarget = "../proof/parse-element.ts";

export interface Proof {
  readonly guided: boolean;
  readonly found: boolean;
  readonly executions: number;
  readonly input: string | undefined;
}

/**
 * Looks for a planted bug, with guidance or without, otherwise in the same way.
 *
 * @param enough inputs to be tried at most; without, as many as it should take and some to spare
 */
export async function prove(guided: boolean, enough: number = executionsMax * beginningsMax): Promise<Proof> {
  let executions = 0;
  for (let seed = 1; executions < enough; seed++) {
    const thread = runThread({
      target: proofTarget,
      seed,
      guided,
      milliseconds: Infinity,
      executionsMax: Math.min(executionsMax, enough - executions),
      untilFound: true,
      inputs: [],
      planted,
    });
    const { findings, progress } = await thread.report;
    executions += progress.executions;
    const finding = findings.find(({ report }) => report.includes("planted"));
    if (finding !== undefined) return { guided, found: true, executions, input: finding.input };
  }
  return { guided, found: false, executions, input: undefined };
}
