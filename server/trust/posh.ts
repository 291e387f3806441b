import type { DomainJid } from "#protocol/jid/jid.ts";
import type { Env } from "#kit/env.ts";
import { keepYoungest } from "#kit/keep-youngest.ts";
import { asciiDomain } from "./ascii-domain.ts";
import { HttpsError, type HttpsAnswer } from "./https-get.ts";
import { parsePoshDocument, type PoshDocument } from "./posh-document.ts";

/** [rfc7711-8-01] */
const path = "/.well-known/posh/xmpp-server.json";
/** RFC 7711 §10 recommends to stop at ten. [rfc7711-10-04] */
const redirectsMax = 5;
const fetchMsMax = 10_000;
const fetchesMax = 16;
const domainsMax = 1_000;
/** Longer than a domain asks for is never kept, and this is the most. [rfc7711-6-01] [rfc7711-6-03] [rfc7711-6-05] */
const lifeMsMax = 24 * 3_600_000;
/** Who has nothing there is not asked at each connection. */
const lifeOfNothingMs = 10 * 60_000;

/** What a domain lists, and until when that may be believed (milliseconds since the epoch). */
export interface PoshMaterial {
  readonly fingerprints: Extract<PoshDocument, { kind: "fingerprints" }>["fingerprints"];
  readonly until: number;
}

export type PoshAnswer = ({ readonly ok: true } & PoshMaterial) | { readonly ok: false; readonly reason: string };

export interface PoshParts {
  /** @throws HttpsError */
  readonly get: (url: URL, signal: AbortSignal) => Promise<HttpsAnswer>;
  readonly env: Pick<Env, "now" | "setTimer">;
}

/** Asks domains' web servers which certificates their XMPP servers have (RFC 7711), and remembers what they say. */
export class PoshSource {
  readonly #parts: PoshParts;
  readonly #known = new Map<DomainJid, { readonly answer: PoshAnswer; readonly until: number }>();
  readonly #open = new Map<DomainJid, Promise<PoshAnswer>>();

  constructor(parts: PoshParts) {
    this.#parts = parts;
  }

  /** Never rejects. */
  async find(domain: DomainJid): Promise<PoshAnswer> {
    const known = this.#known.get(domain);
    if (known !== undefined && known.until > this.#parts.env.now()) return known.answer;
    const open = this.#open.get(domain);
    if (open !== undefined) return open;
    // Strangers can make us ask: they name domains. That must not be a way to flood anybody (A36).
    if (this.#open.size >= fetchesMax) return { ok: false, reason: "too many other web servers are being asked" };
    const asked = this.#ask(domain);
    this.#open.set(domain, asked);
    try {
      return await asked;
    } finally {
      this.#open.delete(domain);
    }
  }

  async #ask(domain: DomainJid): Promise<PoshAnswer> {
    const { env } = this.#parts;
    const controller = new AbortController();
    const timer = env.setTimer(fetchMsMax, () => controller.abort(new HttpsError("took too long")));
    let answer: PoshAnswer;
    try {
      answer = await this.#fetchAll(domain, controller.signal);
    } catch (error) {
      answer = { ok: false, reason: error instanceof Error ? error.message : String(error) };
    } finally {
      timer.cancel();
    }
    this.#remember(domain, answer);
    return answer;
  }

  #remember(domain: DomainJid, answer: PoshAnswer): void {
    const until = answer.ok ? answer.until : this.#parts.env.now() + lifeOfNothingMs;
    this.#known.delete(domain);
    this.#known.set(domain, { answer, until });
    keepYoungest(this.#known, domainsMax);
  }

  async #fetchAll(domain: DomainJid, signal: AbortSignal): Promise<PoshAnswer> {
    const asked = this.#parts.env.now();
    const first = await this.#fetch(new URL(`https://${asciiDomain(domain)}${path}`), signal);
    const second = first.kind === "reference" ? await this.#fetch(new URL(first.url), signal) : first;
    // One step only, or they could go on for ever. [rfc7711-3.2-01]
    if (second.kind === "reference") return { ok: false, reason: "what it refers to refers to something else again" };
    // [rfc7711-6-02]
    const lifeMs = Math.min(first.lifeMs, second.lifeMs, lifeMsMax);
    return { ok: true, fingerprints: second.fingerprints, until: asked + lifeMs };
  }

  async #fetch(start: URL, signal: AbortSignal): Promise<PoshDocument> {
    let url = start;
    for (let i = 0; i <= redirectsMax; i += 1) {
      const { status, location, body } = await this.#parts.get(url, signal);
      // Each is for this time only. [rfc7711-10-03]
      if (status >= 300 && status < 400 && location !== undefined) {
        url = next(location, url);
        continue;
      }
      if (status < 200 || status > 299) throw new HttpsError(`${url.href} is answered with ${status}`);
      const document = parsePoshDocument(body);
      if (document === undefined) throw new HttpsError(`${url.href} is no document of POSH, or one that has expired`);
      return document;
    }
    throw new HttpsError(`${start.href} redirects too often`);
  }
}

/** [rfc7711-10-01] [rfc7711-3-01] */
function next(location: string, from: URL): URL {
  const url = URL.parse(location, from.href);
  if (url?.protocol !== "https:") throw new HttpsError(`${from.href} redirects to something that is not HTTPS`);
  return url;
}
