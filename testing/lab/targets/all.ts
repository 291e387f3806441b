import type { Target } from "../target.ts";
import { balcony } from "./balcony.ts";
import { ejabberd } from "./ejabberd.ts";
import { prosody } from "./prosody.ts";

const targets: readonly Target[] = [balcony, prosody, ejabberd];
export const targetNames: readonly string[] = targets.map((target) => target.name);

export function targetNamed(name: string | undefined): Target {
  const found = targets.find((target) => target.name === name);
  if (found === undefined) throw new Error(`there is no target "${name}"; there are ${targetNames.join(", ")}`);
  return found;
}
