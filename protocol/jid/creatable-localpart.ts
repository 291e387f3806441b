import { prepareLocalpart } from "./localpart.ts";
import { nodeprep } from "./stringprep.ts";

/**
 * Whether an account, room or node of ours may be given this name: peers that still prepare localparts by stringprep
 * (RFC 6122) must arrive at the same name, else they would reach somebody else or show one person as two.
 * `ΟΔΟΣ` (ς or σ at the end) and `ß` (or ss) are where the two differ. And people must not take it for another name.
 *
 * Letters younger than Unicode 3.2 are allowed: to old peers they are letters without properties, which they pass on
 * or refuse, but never change. Names of other domains are not asked this; they stay as their own domain spelt them.
 */
export function isCreatableLocalpart(local: string): boolean {
  const prepared = prepareLocalpart(local);
  // [rfc6122-2.3-01]
  if (prepared === undefined || nodeprep(prepared, { unassigned: "allowed" }) !== prepared) return false;
  // The scripts that names here may have, and not together (A19). [rfc6122-4.3.2-01] [rfc6122-4.3.2-02]
  return scriptsOfLookalikes.filter((script) => script.test(prepared)).length <= 1;
}

/** Scripts whose letters look like those of the others; all further scripts go with any of them. RFC 6122 §4.3.2, UTS #39 */
const scriptsOfLookalikes: readonly RegExp[] = [
  /\p{Script=Latin}/u,
  /\p{Script=Greek}/u,
  /\p{Script=Cyrillic}/u,
  /\p{Script=Armenian}/u,
  /\p{Script=Cherokee}/u,
  /\p{Script=Coptic}/u,
  /\p{Script=Lisu}/u,
];
