import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import type { Config, HostConfig } from "./config.ts";
import type { CrossProblem } from "./cross-problem.ts";

/** Names that no public authority issues certificates for, however they are asked (RFC 6761). */
const neverIssued = /(^|\.)localhost$/;
/** Names of one certificate, the host's own included: what Let's Encrypt takes. */
const namesMax = 100;

/** What must be right between `[acme]` and the hosts that want it. */
export function acmeProblems(config: Config): readonly CrossProblem[] {
  const first = config.hosts.findIndex(({ acme }) => acme);
  const wanting = first !== -1;
  const { challenge, dnsHook, termsAgreed, directory, externalAccountId, externalAccountKey } = config.acme;
  const problems: CrossProblem[] = config.hosts.flatMap((host, i) =>
    hostProblems(host, challenge).map(({ key, text }) => ({ path: ["hosts", i, key], text })),
  );
  if (wanting && !termsAgreed)
    problems.push({
      path: ["hosts", first, "acme"],
      text: `a host has acme = true, but nobody has agreed to the terms of ${new URL(directory).host}: read them, and then say terms_agreed = true under [acme]`,
    });
  if (wanting && challenge === "dns-01" && dnsHook === undefined)
    problems.push({
      path: ["acme", "challenge"],
      text: 'dns-01 needs a program that makes the records: dns_hook = "…"',
    });
  if ((externalAccountId === undefined) !== (externalAccountKey === undefined))
    problems.push({ path: ["acme"], text: "external_account_id and external_account_key go together" });
  return problems;
}

function hostProblems(
  { domain, acme, acmeNames, certificate }: HostConfig,
  challenge: string,
): readonly { readonly key: string; readonly text: string }[] {
  if (!acme) {
    return acmeNames.length === 0 ? [] : [{ key: "acme_names", text: `${domain} has acme_names, but not acme = true` }];
  }
  const problems: { key: string; text: string }[] = [];
  const ascii = domainToASCII(domain);
  if (certificate !== undefined)
    problems.push({
      key: "acme",
      text: `${domain} has a certificate of its own and acme = true; take one of them away`,
    });
  if (ascii === "" || isIP(ascii) !== 0 || domain.startsWith("[") || neverIssued.test(ascii))
    problems.push({ key: "acme", text: `no authority issues a certificate for ${domain}; take acme = true away` });
  if (acmeNames.length >= namesMax)
    problems.push({ key: "acme_names", text: `a certificate has at most ${namesMax} names; give ${domain} fewer` });
  for (const name of acmeNames) {
    const plain = domainToASCII(name.replace(/^\*\./, ""));
    const isBelow = plain.endsWith(`.${ascii}`) || (name.startsWith("*.") && plain === ascii);
    if (plain === "" || !isBelow)
      problems.push({ key: "acme_names", text: `${name} is not below ${domain}; acme_names are its sub-domains` });
    else if (name.startsWith("*.") && challenge !== "dns-01")
      problems.push({ key: "acme_names", text: `${name} can be had by challenge = "dns-01" only` });
  }
  return problems;
}
