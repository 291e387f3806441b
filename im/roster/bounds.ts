import { StanzaError } from "#protocol/stanza/stanza-error.ts";

/** Longest name of a contact or a group, in UTF-16 code units. */
const nameLengthMax = 1_023;
/** Groups that one contact is in. */
const groupsMax = 64;

/**
 * What a client wants to call and to group a contact.
 *
 * @throws StanzaError
 */
export function checkNames(item: { readonly name?: string | undefined; readonly groups: readonly string[] }): void {
  const { name = "", groups } = item;
  // [rfc6121-2.3.3-03]
  if (new Set(groups).size < groups.length) throw new StanzaError("bad-request", { text: "a group is named twice" });
  // [rfc6121-2.3.3-04]
  if (groups.includes("")) throw new StanzaError("not-acceptable", { text: "a group has no name" });
  if (groups.length > groupsMax) throw new StanzaError("not-acceptable", { text: "too many groups" });
  // [rfc6121-2.3.3-04]
  if ([name, ...groups].some((each) => each.length > nameLengthMax))
    throw new StanzaError("not-acceptable", { text: "a name is too long" });
}
