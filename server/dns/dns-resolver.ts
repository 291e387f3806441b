import { isIP } from "node:net";
import type { Env } from "#kit/env.ts";
import { DnsError, type DnsAnswer, type RecordType, type RecordTypes } from "./dns-answer.ts";
import { DnsCache } from "./dns-cache.ts";
import { ask, type ResolverPlace } from "./dns-exchange.ts";
import { dnsCodes, dnsQuery, type DnsFound } from "./dns-message.ts";
import { isLoopback } from "./address-ranges.ts";
import type { HostsTable } from "./system-files.ts";

/** Aliases (CNAME) that are followed from one question. */
const aliasesMax = 8;
/** Times that each resolver is asked. */
const rounds = 2;
/** How long an answer may take in the first round; twice as long in the second. */
const answerMsMax = 2_000;
/** Questions that may be open at once. */
const openQuestionsMax = 512;
const cacheBytesMax = 8 * 1024 * 1024;
/** Nobody changes their servers without leaving the old ones on for a day. */
const lifeMsMax = 24 * 3_600_000;
/** RFC 2308 §5 allows more; who has just set up a server should not have to wait. */
const lifeOfNothingMsMax = 5 * 60_000;
const nameBytesMax = 253;
const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/;
/** Names that are never asked of DNS: RFC 6761 §6.4, RFC 7686 §2. */
const unheardOf = /(?:^|\.)(?:invalid|onion)$/;
const thisMachine = /(?:^|\.)localhost$/;

export interface ResolverSettings {
  /** Asked in turn; never empty. */
  readonly places: readonly ResolverPlace[];
  /** Whether what these resolvers say of having validated an answer may be believed. */
  readonly validating: boolean;
}

export interface DnsResolverParts {
  readonly env: Pick<Env, "now" | "setTimer" | "entropy">;
  readonly settings: () => Promise<ResolverSettings>;
  /** Addresses that go before those of DNS. */
  readonly hosts: () => Promise<HostsTable>;
}

interface OpenQuestion {
  readonly answer: Promise<DnsAnswer>;
  readonly abandon: AbortController;
  waiting: number;
}

/** Asks resolvers, remembers what they said, and asks nothing twice at once. */
export class DnsResolver {
  readonly #parts: DnsResolverParts;
  readonly #cache = new DnsCache(cacheBytesMax);
  readonly #open = new Map<string, OpenQuestion>();
  #turn = 0;
  #settings: ResolverSettings | undefined;

  constructor(parts: DnsResolverParts) {
    this.#parts = parts;
  }

  /**
   * What DNS, or the hosts file, has of a name, its aliases followed.
   *
   * @param name in ASCII (A-labels), without a dot at its end
   * @throws DnsError when nobody could say; the signal's reason when it was aborted
   */
  async resolve<Type extends RecordType>(name: string, type: Type, signal: AbortSignal): Promise<DnsAnswer<Type>> {
    signal.throwIfAborted();
    const wanted = name.toLowerCase();
    const answer = (await this.#withoutAsking(wanted, type)) ?? (await this.#ask(wanted, type, signal));
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- of one type only records of that type are read
    return answer as DnsAnswer<Type>;
  }

  /** Questions that wait for an answer. */
  get openQuestions(): number {
    return this.#open.size;
  }

  async #withoutAsking(name: string, type: RecordType): Promise<DnsAnswer | undefined> {
    if (!isDnsName(name) || unheardOf.test(name)) return nothing;
    if (type !== "A" && type !== "AAAA") return thisMachine.test(name) ? nothing : undefined;
    const family = type === "A" ? 4 : 6;
    const own = (await this.#parts.hosts()).get(name) ?? (thisMachine.test(name) ? ["127.0.0.1", "::1"] : undefined);
    // Who is in the file at all is not asked for elsewhere, whatever family is wanted.
    return own && { ...nothing, records: own.filter((address) => isIP(address) === family) };
  }

  async #ask(name: string, type: RecordType, signal: AbortSignal): Promise<DnsAnswer> {
    const settings = await this.#currentSettings();
    signal.throwIfAborted();
    const key = `${type} ${name}`;
    const known = this.#cache.find(key, this.#parts.env.now());
    if (known !== undefined) return known;
    // Many open questions of one kind would be as many chances for one forged answer.
    const open = this.#open.get(key) ?? this.#begin(key, name, type, settings);
    return waitFor(open, signal);
  }

  #begin(key: string, name: string, type: RecordType, settings: ResolverSettings): OpenQuestion {
    if (this.#open.size >= openQuestionsMax) throw new DnsError("busy", "too many questions to DNS are open");
    const abandon = new AbortController();
    const answer = this.#follow(name, type, settings, abandon.signal);
    const open: OpenQuestion = { answer, abandon, waiting: 0 };
    this.#open.set(key, open);
    const forget = (): void => {
      if (this.#open.get(key) === open) this.#open.delete(key);
    };
    abandon.signal.addEventListener("abort", forget);
    answer.then((found) => {
      forget();
      if (settings === this.#settings) this.#cache.keep(key, found, this.#parts.env.now());
    }, forget);
    return open;
  }

  /** What was cached of other resolvers is not theirs. */
  async #currentSettings(): Promise<ResolverSettings> {
    const settings = await this.#parts.settings();
    if (this.#settings === settings) return settings;
    this.#cache.clear();
    this.#settings = settings;
    return settings;
  }

  async #follow(name: string, type: RecordType, settings: ResolverSettings, signal: AbortSignal): Promise<DnsAnswer> {
    let at = name;
    let validated = true;
    let lifeSeconds = Infinity;
    const seen = new Set<string>();
    for (let i = 0; i <= aliasesMax; i += 1) {
      seen.add(at);
      const found = await this.#askAll(at, type, settings, signal);
      validated &&= found.authentic && settings.validating;
      lifeSeconds = Math.min(lifeSeconds, found.lifeSeconds);
      if (found.final) return answerOf(found.records, validated, lifeSeconds);
      if (seen.has(found.at) || !isDnsName(found.at)) break;
      at = found.at;
    }
    throw new DnsError("failed", `the aliases of ${name} lead nowhere`);
  }

  async #askAll(name: string, type: RecordType, settings: ResolverSettings, signal: AbortSignal): Promise<DnsFound> {
    const { places, validating } = settings;
    const codes = new Set<number>();
    for (let round = 0; round < rounds; round += 1) {
      const turn = this.#turn;
      // Who was asked in vain is not asked first by the next one.
      for (let i = 0; i < places.length; i += 1) {
        const place = places[(turn + i) % places.length];
        if (place === undefined) continue;
        const outcome = await this.#askOne(place, name, type, { validating, round, signal });
        signal.throwIfAborted();
        if (outcome.kind === "found") return { ...outcome, authentic: outcome.authentic && isLoopback(place.address) };
        this.#turn = (turn + i + 1) % places.length;
        if (outcome.kind === "failed") codes.add(outcome.code);
      }
      // A resolver that has tried for seconds and failed would only try the same again.
      if (codes.size > 0) break;
    }
    const isRefusal = codes.size === 1 && codes.has(dnsCodes.refused);
    const reason = codes.size === 0 ? "timeout" : isRefusal ? "refused" : "failed";
    throw new DnsError(reason, `${type} of ${name}: ${sentences[reason]}`);
  }

  async #askOne(
    place: ResolverPlace,
    name: string,
    type: RecordType,
    {
      validating,
      round,
      signal,
    }: { readonly validating: boolean; readonly round: number; readonly signal: AbortSignal },
  ) {
    const { env } = this.#parts;
    const parts = { env, waitMsMax: answerMsMax * (round + 1), signal };
    const outcome = await ask(place, dnsQuery(env, name, type, { extended: true, dnssec: validating }), parts);
    const isOld =
      outcome.kind === "failed" && (outcome.code === dnsCodes.formatError || outcome.code === dnsCodes.notImplemented);
    // RFC 6891 §7: it does not know of extensions, and hence validates nothing either.
    if (!isOld || validating) return outcome;
    return ask(place, dnsQuery(env, name, type, { extended: false, dnssec: false }), parts);
  }
}

/** Whether it can be asked for: a name of letters, digits and hyphens, and underscores before services. */
export function isDnsName(name: string): boolean {
  return name.length <= nameBytesMax && name.split(".").every((part) => label.test(part));
}

const sentences = {
  timeout: "no resolver answered",
  failed: "the resolver could not find out (SERVFAIL), or must not believe what it found",
  refused: "the resolver refuses to serve us",
} as const;

const nothing: DnsAnswer = { records: [], validated: false, lifeMs: 0 };

function answerOf(records: readonly RecordTypes[RecordType][], validated: boolean, lifeSeconds: number): DnsAnswer {
  const max = records.length === 0 ? lifeOfNothingMsMax : lifeMsMax;
  return { records, validated, lifeMs: Math.min(lifeSeconds * 1_000, max) };
}

/** The last one who goes ends the question. */
async function waitFor(open: OpenQuestion, signal: AbortSignal): Promise<DnsAnswer> {
  const { promise, reject } = Promise.withResolvers<never>();
  const aborted = (): void => reject(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
  signal.addEventListener("abort", aborted);
  open.waiting += 1;
  try {
    return await Promise.race([open.answer, promise]);
  } finally {
    signal.removeEventListener("abort", aborted);
    open.waiting -= 1;
    if (open.waiting === 0) open.abandon.abort();
  }
}
