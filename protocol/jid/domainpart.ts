/** The canonical domainpart, `undefined` if it cannot be one. RFC 7622 §3.2. */
export function prepareDomainpart(input: string): string | undefined {
  const domain = input.toLowerCase().replace(/\.$/, "");
  const label = "(?!..--)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?";
  return domain.length <= 253 && new RegExp(`^${label}(?:\\.${label})*$`).test(domain) ? domain : undefined;
}
