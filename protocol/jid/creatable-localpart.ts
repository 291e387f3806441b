import { prepareLocalpart } from "./localpart.ts";
import { nodeprep } from "./stringprep.ts";

/**
 * Whether an account, room or node of ours may be given this name: peers that still prepare localparts by stringprep
 * (RFC 6122) must arrive at the same name, else they would reach somebody else or show one person as two.
 * `ΟΔΟΣ` (ς or σ at the end) and `ß` (or ss) are where the two differ.
 *
 * Letters younger than Unicode 3.2 are allowed: to old peers they are letters without properties, which they pass on
 * or refuse, but never change. Names of other domains are not asked this; they stay as their own domain spelt them.
 */
export function isCreatableLocalpart(local: string): boolean {
  const prepared = prepareLocalpart(local);
  return prepared !== undefined && nodeprep(prepared, { unassigned: "allowed" }) === prepared;
}
