/**
 * What characters are mapped to, as tools/generate-unicode.ts writes it: the distance from the code point before, then
 * each code point of the mapping relative to the one that is mapped; base 36.
 */
export function readMappings(entries: string): ReadonlyMap<string, string> {
  const map = new Map<string, string>();
  let codePoint = 0;
  for (const entry of entries.split(",")) {
    const [step = 0, ...mapping] = entry.split("/").map((digits) => Number.parseInt(digits, 36));
    codePoint += step;
    map.set(String.fromCodePoint(codePoint), String.fromCodePoint(...mapping.map((distance) => distance + codePoint)));
  }
  return map;
}
