/**
 * A copy of the text that shares no memory with the string it was cut from.
 *
 * V8 keeps a slice of 13 characters and more as a pointer into its parent, so an address cut from a 64 KB read keeps
 * all 64 KB alive. There is no call for "copy" in the language: template strings, `normalize`, `toWellFormed` hand back
 * the slice itself. Putting a character in front makes a new string, and taking that character off again forces it to
 * be written out and points into it, and no further. A test measures that the chunks do go.
 */
export function detachString<Text extends string>(text: Text): Text {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same characters carry the same brand
  return ` ${text}`.slice(1) as Text;
}
