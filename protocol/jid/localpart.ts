/** The canonical localpart, `undefined` if it cannot be one. RFC 7622 §3.3. */
export function prepareLocalpart(input: string): string | undefined {
  return /^[!-~]{1,1023}$/.test(input) && !/["&'/:<>@]/.test(input) ? input.toLowerCase() : undefined;
}
