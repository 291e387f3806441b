import { confusableEntries } from "./confusables.generated.ts";
import { readMappings } from "./read-mappings.ts";

/**
 * What two localparts have in common that people may take for each other: equal skeletons are look-alikes (A19). It is
 * for comparing only, and no name itself. UTS #39 §4
 *
 * @param localpart in canonical form
 */
export function skeletonOf(localpart: string): string {
  const visible = localpart.normalize("NFD").replaceAll(/\p{Default_Ignorable_Code_Point}/gu, "");
  return Array.from(visible, (character) => prototypes.get(character) ?? character)
    .join("")
    .normalize("NFD");
}

const prototypes = readMappings(confusableEntries);
