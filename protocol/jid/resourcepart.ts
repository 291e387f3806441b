/** The canonical resourcepart, `undefined` if it cannot be one. RFC 7622 §3.4. */
export function prepareResourcepart(input: string): string | undefined {
  return /^[ -~]{1,1023}$/.test(input) ? input : undefined;
}
