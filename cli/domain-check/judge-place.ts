import type { DomainJid } from "#protocol/jid/jid.ts";
import { buildChain, readChain } from "#server/trust/build-chain.ts";
import { checkDane, isUsable } from "#server/trust/dane.ts";
import { listsCertificate } from "#server/trust/posh-document.ts";
import type { PoshAnswer } from "#server/trust/posh.ts";
import type { PeerCertificate } from "#server/trust/read-certificate.ts";
import { namesServer } from "#server/trust/server-identity.ts";
import type { Anchors } from "#server/trust/trust-store.ts";
import type { PlaceSurvey } from "./survey-dns.ts";

/** What each way of trusting a certificate comes to, by itself. */
export interface PlaceJudgement {
  /** The peer's own; undefined when it could not be read. */
  readonly leaf: PeerCertificate | undefined;
  /** Whether authorities that are trusted here stand behind it, whatever its name. */
  readonly chain: { readonly ok: true; readonly authority: string; readonly until: number } | Unproven;
  readonly pkix: Proven | Unproven;
  readonly dane: Proven | Unproven | { readonly state: "silent"; readonly reason: string };
  readonly posh: Proven | Unproven;
  /** By which of them another server goes, in the order in which ours does. */
  readonly verdict:
    | { readonly trusted: true; readonly by: "dane" | "pkix" | "posh" }
    | { readonly trusted: false; readonly forbidden: boolean };
}

export interface Proven {
  readonly ok: true;
}
export interface Unproven {
  readonly ok: false;
  readonly reason: string;
}

export interface JudgePlaceParts {
  readonly domain: DomainJid;
  readonly anchors: Anchors;
  readonly now: number;
  readonly posh: PoshAnswer;
}

/** Looks at a certificate in every way in which another server could come to trust it. */
export function judgePlace(
  shown: readonly Uint8Array[],
  place: PlaceSurvey,
  { domain, anchors, now, posh }: JudgePlaceParts,
): PlaceJudgement {
  const read = readChain(shown);
  if (!read.ok) {
    const unproven = { ok: false, reason: read.reason } as const;
    const verdict = { trusted: false, forbidden: false } as const;
    return { leaf: undefined, chain: unproven, pkix: unproven, dane: unproven, posh: unproven, verdict };
  }
  const [leaf] = read.chain;
  const host = place.validated ? place.host : undefined;
  const found = buildChain({ chain: read.chain, anchors, now });
  const chain: PlaceJudgement["chain"] = found.ok
    ? { ok: true, authority: found.path.at(-1)?.title ?? "", until: found.until }
    : { ok: false, reason: found.reason };
  const isNamed = namesServer(leaf?.names ?? [], { domain, host });
  const wrongName = {
    ok: false,
    reason: `${leaf?.title ?? "it"} is for ${namesText(leaf)}, not for ${domain}`,
  } as const;
  const pkix = found.ok ? (isNamed ? proven : wrongName) : { ok: false as const, reason: found.reason };
  const dane = byDane(read.chain, place, { domain, anchors, now });
  const isListed =
    posh.ok && leaf !== undefined && leaf.notAfter >= now && listsCertificate(posh.fingerprints, leaf.der);
  const notListed = posh.ok ? "its web server lists other certificates" : posh.reason;
  const web = isListed ? proven : ({ ok: false, reason: notListed } as const);
  return { leaf, chain, pkix, dane, posh: web, verdict: verdictOf(dane, pkix, web) };
}

/** The names in a certificate, for people. */
export function namesText(leaf: PeerCertificate | undefined): string {
  const names = (leaf?.names ?? []).flatMap((name) => ("text" in name ? [name.text] : []));
  if (names.length === 0) return "nobody";
  const shown = names.slice(0, 5).join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}

function byDane(
  chain: readonly PeerCertificate[],
  { validated, tlsa, host, port }: PlaceSurvey,
  { domain, anchors, now }: Omit<JudgePlaceParts, "posh">,
): PlaceJudgement["dane"] {
  if (!tlsa.ok) return { state: "silent", reason: tlsa.reason };
  if (tlsa.records.length === 0) return { state: "silent", reason: `_${port}._tcp.${host} has no TLSA record` };
  if (!validated || !tlsa.validated) {
    return { state: "silent", reason: "there are TLSA records, but the way to them was not validated (DNSSEC)" };
  }
  if (!tlsa.records.some(isUsable)) return { state: "silent", reason: "none of its TLSA records can be understood" };
  const found = checkDane({ chain, tlsa: tlsa.records, reference: { domain, host }, anchors, now });
  if (found.kind === "match") return proven;
  return { ok: false, reason: found.kind === "mismatch" ? found.reason : "" };
}

function verdictOf(
  dane: PlaceJudgement["dane"],
  pkix: PlaceJudgement["pkix"],
  posh: PlaceJudgement["posh"],
): PlaceJudgement["verdict"] {
  if ("ok" in dane) return dane.ok ? { trusted: true, by: "dane" } : { trusted: false, forbidden: true };
  if (pkix.ok) return { trusted: true, by: "pkix" };
  return posh.ok ? { trusted: true, by: "posh" } : { trusted: false, forbidden: false };
}

const proven: Proven = { ok: true };
