import { childrenOf, contextTag, DerError, expectTag, readDer, tags, type DerValue } from "./der.ts";
import { readGeneralName, type GeneralName } from "./presented-names.ts";
import { asciiDomain } from "./ascii-domain.ts";
import { domainOfSrvName } from "./srv-name.ts";

/** Names times constraints along a chain; certificates of the world have a few hundred. */
export const comparisonsMax = 50_000;

/** Which names an authority may certify. RFC 5280 §4.2.1.10 */
export interface NameConstraints {
  readonly permitted: readonly GeneralName[];
  readonly excluded: readonly GeneralName[];
}

/** @throws DerError */
export function readNameConstraints(extension: Uint8Array): NameConstraints {
  const members = childrenOf(readDer(extension, tags.sequence));
  const [permitted, excluded] = [0, 1].map((number) =>
    readSubtrees(members.find(({ tag }) => tag === contextTag(number, "constructed"))),
  );
  return { permitted: permitted ?? [], excluded: excluded ?? [] };
}

/** Why an authority with these constraints may not certify these names; undefined when it may. */
export function violation(names: readonly GeneralName[], constraints: NameConstraints): string | undefined {
  if (names.length * (constraints.permitted.length + constraints.excluded.length) > comparisonsMax) {
    return "there are too many name constraints";
  }
  for (const name of names) {
    const form = formOf(name);
    const permitted = constraints.permitted.filter((base) => formOf(base) === form);
    const excluded = constraints.excluded.filter((base) => formOf(base) === form);
    if (form === "other" || form === "uri" || form === "email") {
      // What we cannot compare must not be there. RFC 5280 §4.2.1.10
      if (permitted.length + excluded.length > 0) return "there are name constraints that are not understood";
      continue;
    }
    if (permitted.length > 0 && !permitted.some((base) => isWithin(name, base))) {
      return `the name ${textOf(name)} is not one that its issuer may certify`;
    }
    if (excluded.some((base) => isWithin(name, base) || mayBe(name, base))) {
      return `the name ${textOf(name)} is one that its issuer must not certify`;
    }
  }
  return undefined;
}

/**
 * Who may certify only some domains may do so in no other form either: SRVName and XmppAddr are held to the constraints of
 * dNSName. RFC 9525 §7.6 [rfc9525-7.6-01] [rfc9525-7.6-02]
 */
function formOf({ kind }: GeneralName): GeneralName["kind"] {
  return kind === "srv" || kind === "xmpp" ? "dns" : kind;
}

function isWithin(name: GeneralName, base: GeneralName): boolean {
  if (name.kind === "ip" && base.kind === "ip") return isAddressWithin(name.octets, base.octets);
  if (name.kind === "directory" && base.kind === "directory") {
    return base.parts.every((part, index) => name.parts[index] === part);
  }
  const [domain, limit] = [domainText(name), domainText(base)];
  if (domain === undefined || limit === undefined) return false;
  if (limit === "") return true;
  return limit.startsWith(".") ? domain.endsWith(limit) : domain === limit || domain.endsWith(`.${limit}`);
}

/** Whether a wildcard stands for the very name that is excluded, among others. */
function mayBe(name: GeneralName, base: GeneralName): boolean {
  const [domain, limit] = [domainText(name), domainText(base)?.replace(/^\./, "")];
  if (domain?.startsWith("*.") !== true || limit === undefined) return false;
  const dot = limit.indexOf(".");
  return dot !== -1 && limit.slice(dot) === domain.slice(1);
}

function domainText(name: GeneralName): string | undefined {
  switch (name.kind) {
    case "dns":
      return name.text.toLowerCase();
    case "srv":
      return domainOfSrvName(name.text)?.toLowerCase() ?? name.text.toLowerCase();
    case "xmpp": {
      const domain = name.text.replace(/\/.*$/s, "").replace(/^.*@/s, "");
      return asciiDomain(domain);
    }
    default:
      return undefined;
  }
}

function isAddressWithin(address: Uint8Array, range: Uint8Array): boolean {
  if (range.length !== address.length * 2) return false;
  return address.every((octet, index) => {
    const mask = range[address.length + index] ?? 0;
    return (octet & mask) === ((range[index] ?? 0) & mask);
  });
}

function readSubtrees(subtrees: DerValue | undefined): readonly GeneralName[] {
  if (subtrees === undefined) return [];
  return childrenOf(subtrees).map((subtree) => {
    const [base, ...range] = childrenOf(expectTag(subtree, tags.sequence));
    // minimum is 0 and maximum absent. RFC 5280 §4.2.1.10
    if (range.length > 0) throw new DerError("a name constraint with a range");
    return readGeneralName(expectTag(base, undefined));
  });
}

function textOf(name: GeneralName): string {
  return name.kind === "ip" || name.kind === "directory" || name.kind === "other" ? `(${name.kind})` : name.text;
}
