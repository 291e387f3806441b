import { createHash } from "node:crypto";
import type { DomainJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import { keepYoungest } from "#kit/keep-youngest.ts";
import { buildChain, readChain, unfitLeaf, type ChainVerdict } from "./build-chain.ts";
import { checkDane, isUsable } from "./dane.ts";
import type { DaneTarget } from "./dane-targets.ts";
import type { PeerTrust, TrustQuestion, TrustVerdict } from "./peer-trust.ts";
import { listsCertificate } from "./posh-document.ts";
import type { PoshAnswer } from "./posh.ts";
import type { PeerCertificate } from "./read-certificate.ts";
import { namesServer } from "./server-identity.ts";
import type { Anchors } from "./trust-store.ts";

/** Chains whose verdict is remembered. */
const chainsMax = 1_000;
/** A verdict is looked into again after this. */
const verdictMsMax = 10 * 60_000;
/** What DNS says of a certificate is looked up again after this. */
const daneMsMax = 24 * 3_600_000;
/** How long looking up what DNS says of a peer that came to us may take. */
const lookupMsMax = 10_000;

export interface PeerTrustParts {
  readonly env: Pick<Env, "now" | "setTimer">;
  /** The authorities that are trusted; another object after a reload. */
  readonly anchors: () => Anchors;
  /** Looks up a domain's servers and what it says of them; undefined where no resolver validates. */
  readonly targets?: ((domain: DomainJid, signal: AbortSignal) => Promise<readonly DaneTarget[]>) | undefined;
  /** Asks a domain's web server; undefined where that is not wanted. */
  readonly posh?: ((domain: DomainJid) => Promise<PoshAnswer>) | undefined;
}

type Looked =
  | { readonly chain: readonly PeerCertificate[]; readonly path: ChainVerdict }
  | { readonly unreadable: string };

/**
 * Judges certificates of other servers: first by what the domain says in signed DNS, which decides wherever it says anything;
 * then by the authorities that are trusted; then by what the domain's web server says. RFC 7712 §5
 */
export class JudgePeers implements PeerTrust {
  readonly #parts: PeerTrustParts;
  readonly #looked = new Map<string, { readonly looked: Looked; readonly until: number }>();
  #anchors: Anchors | undefined;

  constructor(parts: PeerTrustParts) {
    this.#parts = parts;
  }

  /** Chains whose verdict is known. */
  get remembered(): number {
    return this.#looked.size;
  }

  readonly check = async (question: TrustQuestion): Promise<TrustVerdict> => {
    try {
      return await this.#judge(question);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { trusted: false, reason: `could not be found out: ${reason}` };
    }
  };

  async #judge(question: TrustQuestion): Promise<TrustVerdict> {
    const { remote, place } = question;
    const looked = this.#look(question.chain);
    const chain = "unreadable" in looked ? [] : looked.chain;
    const dane = place === undefined ? await this.#byLookup(chain, remote) : this.#byRecords(chain, question);
    if (dane !== undefined) return dane;
    // [rfc6120-13.7.2-01] [rfc6120-13.7.2-03] [rfc7590-3.4-03]
    if ("unreadable" in looked) return { trusted: false, reason: looked.unreadable };
    // [rfc7673-4.1-03] [rfc7673-4.1-04] [rfc9525-6.1.1-02]
    const host = place?.validated === true ? place.host : undefined;
    const pkix = byAuthorities(looked, { domain: remote, host });
    if (pkix.trusted) return pkix;
    return (await this.#byWebServer(looked.chain, remote)) ?? pkix;
  }

  /** The costly part, which depends on nothing but the certificates. */
  #look(shown: readonly Uint8Array[]): Looked {
    const anchors = this.#parts.anchors();
    if (anchors !== this.#anchors) this.#looked.clear();
    this.#anchors = anchors;
    const now = this.#parts.env.now();
    const key = keyOf(shown);
    const known = this.#looked.get(key);
    if (known !== undefined && known.until > now) return known.looked;
    const read = readChain(shown);
    const looked: Looked = read.ok
      ? { chain: read.chain, path: buildChain({ chain: read.chain, anchors, now }) }
      : { unreadable: read.reason };
    const ends = "path" in looked && looked.path.ok ? looked.path.until : Infinity;
    this.#looked.delete(key);
    this.#looked.set(key, { looked, until: Math.min(now + verdictMsMax, ends) });
    keepYoungest(this.#looked, chainsMax);
    return looked;
  }

  /** Of the very place that we connected to. Undefined where it says nothing. */
  #byRecords(chain: readonly PeerCertificate[], { place, remote }: TrustQuestion): TrustVerdict | undefined {
    if (place?.validated !== true) return undefined;
    const now = this.#parts.env.now();
    const reference = { domain: remote, host: place.host };
    const found = checkDane({ chain, tlsa: place.tlsa, reference, anchors: this.#parts.anchors(), now });
    if (found.kind === "silent") return undefined;
    if (found.kind === "match") return { trusted: true, by: "dane", until: Math.min(found.until, now + daneMsMax) };
    // [rfc7673-4.2-01]
    return { trusted: false, reason: `by the domain's TLSA records: ${found.reason}`, forbidden: true };
  }

  /** Of a peer that came to us: it may be any of the domain's servers, if it is one of them. */
  async #byLookup(chain: readonly PeerCertificate[], domain: DomainJid): Promise<TrustVerdict | undefined> {
    const { targets: lookUp, env, anchors } = this.#parts;
    if (lookUp === undefined || chain.length === 0) return undefined;
    const controller = new AbortController();
    const timer = env.setTimer(lookupMsMax, () => controller.abort(new Error("DNS took too long")));
    let targets: readonly DaneTarget[];
    try {
      targets = await lookUp(domain, controller.signal);
    } finally {
      timer.cancel();
    }
    const now = env.now();
    const reasons: string[] = [];
    for (const { host, tlsa } of targets) {
      const found = checkDane({ chain, tlsa, reference: { domain, host }, anchors: anchors(), now });
      if (found.kind === "match") return { trusted: true, by: "dane", until: Math.min(found.until, now + daneMsMax) };
      if (found.kind === "mismatch") reasons.push(found.reason);
    }
    // If all of them are described and this is none of them, an authority's word is not enough. Dialback may still find
    // out: servers that send need not be those that receive.
    const isComplete = targets.length > 0 && targets.every(({ tlsa }) => tlsa.some(isUsable));
    return isComplete ? { trusted: false, reason: `by the domain's TLSA records: ${reasons[0] ?? ""}` } : undefined;
  }

  /** What has expired is no good, whoever lists it. [rfc7711-6-04] */
  async #byWebServer(chain: readonly PeerCertificate[], domain: DomainJid): Promise<TrustVerdict | undefined> {
    const [leaf] = chain;
    const { posh, env } = this.#parts;
    if (posh === undefined || leaf === undefined || unfitLeaf(leaf, env.now()) !== undefined) return undefined;
    const answer = await posh(domain);
    if (!answer.ok || !listsCertificate(answer.fingerprints, leaf.der)) return undefined;
    return { trusted: true, by: "posh", until: Math.min(answer.until, leaf.notAfter) };
  }
}

function byAuthorities(
  { chain, path }: Extract<Looked, { chain: unknown }>,
  reference: { readonly domain: DomainJid; readonly host: string | undefined },
): TrustVerdict {
  const [leaf] = chain;
  if (leaf === undefined || !path.ok) return { trusted: false, reason: path.ok ? "" : path.reason };
  // [rfc6120-13.7.2-04] [rfc6120-13.7.2-05] [rfc9525-6.6-02] [rfc9525-6.6-04]
  if (!namesServer(leaf.names, reference)) {
    return { trusted: false, reason: `${leaf.title} is not for ${reference.domain}` };
  }
  return { trusted: true, by: "pkix", until: path.until };
}

function keyOf(shown: readonly Uint8Array[]): string {
  const hash = createHash("sha256");
  for (const der of shown) hash.update(`${der.length} `).update(der);
  return hash.digest("base64");
}
