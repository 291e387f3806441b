import type { DomainJid } from "#protocol/jid/jid.ts";
import { keyOfPair, type DomainPair } from "#protocol/stream/servers/domain-pair.ts";
import type { Env, Timer } from "#kit/env.ts";
import { keepYoungest } from "#kit/keep-youngest.ts";

/** Who is told that what a domain last said of its users may not hold any more. */
export type InDoubt = (
  local: DomainJid,
  remotes: ReadonlySet<DomainJid>,
  /** Called for each of them that somebody would like to hear of, before or after this returns. */
  awaited: (remote: DomainJid) => void,
) => void;

export interface AbsenceParts {
  readonly env: Env;
  /** How long what is asked of a server may wait for its way, and its tries in between, in milliseconds. */
  readonly limits: { readonly deliveryMsMax: number; readonly retryMsMin: number; readonly retryMsMax: number };
  readonly inDoubt: InDoubt;
  /** Whether a stream is there for a pair, be it one way. */
  readonly isThere: (pair: DomainPair) => boolean;
  /** Looks for a way to it; rejects when there is none. */
  readonly reach: (pair: DomainPair) => Promise<unknown>;
}

/** How often it is looked what is due, in milliseconds. What breaks together is asked about together. */
const lookMs = 5_000;
/** A server that comes and goes has its users asked about so often at most, in milliseconds. */
const againMsMin = 300_000;
/** How long a server that is gone is looked for, in milliseconds. */
const soughtMsMax = 86_400_000;
/** Servers that are looked after at a time. */
const absencesMax = 1_000;

interface Absence {
  readonly pair: DomainPair;
  /** Its users are to be asked about. */
  due: boolean;
  askedAt: number | undefined;
  /** Somebody here has contacts there. */
  awaited: boolean;
  /** It was not there when it had been given time; since then. */
  absentSince: number | undefined;
  triedAt: number;
  retryMs: number;
  trying: boolean;
}

/**
 * Other servers whose stream was lost in the middle, be it that they died, were started anew or cannot be reached: nobody
 * told us which of their users are gone. Those are asked about, once the stream is lost and once more when the server is
 * found again, and until then it is looked for.
 */
export class Absences {
  readonly #parts: AbsenceParts;
  readonly #absences = new Map<string, Absence>();
  #timer: Timer | undefined;
  #stopped = false;

  constructor(parts: AbsenceParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#absences.size;
  }

  /** A stream has ended that carried these pairs, and nobody took leave. */
  lost(pairs: Iterable<DomainPair>): void {
    if (this.#stopped) return;
    for (const { local, remote } of pairs) {
      const key = keyOfPair({ local, remote });
      const known = this.#absences.get(key);
      if (known !== undefined) known.due = true;
      else this.#add(key, { local, remote });
    }
    if (this.#absences.size > 0) this.#timer ??= this.#parts.env.setTimer(lookMs, this.#look);
  }

  /** A stream is there for a pair. */
  found(pair: DomainPair): void {
    const absence = this.#absences.get(keyOfPair(pair));
    if (absence?.absentSince === undefined) return;
    absence.absentSince = undefined;
    // What was asked about it before went nowhere.
    absence.askedAt = undefined;
    absence.due = true;
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    this.#absences.clear();
  }

  #add(key: string, pair: DomainPair): void {
    this.#absences.set(key, {
      pair,
      due: true,
      askedAt: undefined,
      awaited: false,
      absentSince: undefined,
      triedAt: 0,
      retryMs: this.#parts.limits.retryMsMin,
      trying: false,
    });
    keepYoungest(this.#absences, absencesMax);
  }

  readonly #look = (): void => {
    this.#timer = undefined;
    const now = this.#parts.env.now();
    this.#askAbout([...this.#absences.values()].filter((absence) => isDue(absence, now)));
    for (const [key, absence] of this.#absences) if (this.#isOver(absence, now)) this.#absences.delete(key);
    if (this.#absences.size > 0 && !this.#stopped) this.#timer ??= this.#parts.env.setTimer(lookMs, this.#look);
  };

  #askAbout(absences: readonly Absence[]): void {
    const now = this.#parts.env.now();
    for (const [local, those] of Map.groupBy(absences, ({ pair }) => pair.local)) {
      for (const absence of those) Object.assign(absence, { due: false, askedAt: now, awaited: false });
      const byRemote = new Map(those.map((absence) => [absence.pair.remote, absence]));
      this.#parts.inDoubt(local, new Set(byRemote.keys()), (remote) => {
        const absence = byRemote.get(remote);
        if (absence !== undefined) absence.awaited = true;
      });
    }
  }

  /** Whether there is nothing to be done about it any more; does what is to be done now. */
  #isOver(absence: Absence, now: number): boolean {
    const { pair, due, askedAt } = absence;
    // What was asked has arrived by then, or has come back.
    if (due || askedAt === undefined || now < askedAt + this.#parts.limits.deliveryMsMax + lookMs) return false;
    if (this.#parts.isThere(pair)) {
      absence.absentSince = undefined;
      return now >= askedAt + againMsMin;
    }
    if (!absence.awaited) return true;
    absence.absentSince ??= now;
    if (now >= absence.absentSince + soughtMsMax) return true;
    if (!absence.trying && now >= absence.triedAt + absence.retryMs) this.#reach(absence, now);
    return false;
  }

  #reach(absence: Absence, now: number): void {
    const { limits, reach } = this.#parts;
    absence.trying = true;
    absence.triedAt = now;
    absence.retryMs = Math.min(absence.retryMs * 2, limits.retryMsMax);
    const tried = (): void => {
      absence.trying = false;
    };
    reach(absence.pair).then(tried, tried);
  }
}

function isDue({ due, askedAt }: Absence, now: number): boolean {
  return due && (askedAt === undefined || now >= askedAt + againMsMin);
}
