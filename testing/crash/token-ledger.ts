/** One token as the server has it. */
interface KeptToken {
  /** Undefined where the answer that told it was lost. */
  readonly text: string | undefined;
  /** The highest count that it was used with. */
  readonly count: number | undefined;
}

/** What the server may know of one account with one device. XEP-0484 §3.5, §5.1 */
interface Knowledge {
  readonly password: string;
  readonly current: KeptToken | undefined;
  /** Takes the place of the current one with its first use. */
  readonly fresh: KeptToken | undefined;
}

/** What is tried with the server. */
export type TokenAttempt =
  | {
      readonly by: "token";
      readonly token: string;
      readonly count?: number;
      /** All tokens of the device are to be good no more. */
      readonly invalidates?: boolean;
      /** Another one is asked for. */
      readonly asks?: boolean;
    }
  /** Which asks for a token. */
  | { readonly by: "password"; readonly password: string }
  /** By who is in. */
  | { readonly by: "change"; readonly password: string };

export interface TokenAnswer {
  readonly ok: boolean;
  /** The token that came with it. */
  readonly token?: string | undefined;
}

/**
 * Knows which tokens must let somebody in, and which never again, whatever happens to the server: what was answered
 * counts, and of what was under way each step may have been done or not, in their order.
 */
export class TokenLedger {
  /** One of these is what the server knows. */
  #possible: readonly Knowledge[];
  readonly #given: string[] = [];
  /** Answers that were certain beforehand. */
  kept = 0;

  constructor(password: string) {
    this.#possible = [{ password, current: undefined, fresh: undefined }];
  }

  /** All tokens that were given, oldest first. */
  get given(): readonly string[] {
    return this.#given;
  }

  /** The last that was given, if it may be good still. */
  get latest(): string | undefined {
    const last = this.#given.at(-1);
    return this.#possible.some(({ current, fresh }) => [current, fresh].some((token) => token?.text === last && last))
      ? last
      : undefined;
  }

  /** The passwords that may be the right one, the likeliest first. */
  get passwords(): readonly string[] {
    return [...new Set(this.#possible.map(({ password }) => password))];
  }

  /** The server has answered. Returns what is wrong with that, if anything is. */
  answered(attempt: TokenAttempt, answer: TokenAnswer): string | undefined {
    const before = this.#possible;
    const outcomes = before.map((knowledge) => outcomeOf(knowledge, attempt, answer.token));
    const fitting = outcomes.filter(({ ok }) => ok === answer.ok);
    if (answer.token !== undefined) this.#given.push(answer.token);
    if (fitting.length === outcomes.length) this.kept++;
    if (fitting.length === 0) return `${told(attempt)} ${answer.ok ? "succeeds" : "is refused"}, and must not be`;
    this.#possible = different(fitting.map(({ after }) => after));
    return answer.ok && asks(attempt) && answer.token === undefined ? `${told(attempt)} brought no token` : undefined;
  }

  /** The server was killed before it answered. */
  lost(attempt: TokenAttempt): void {
    this.#possible = different([
      ...this.#possible.flatMap((knowledge) => outcomeOf(knowledge, attempt, undefined).steps),
      ...this.#possible,
    ]);
  }
}

interface Outcome {
  readonly ok: boolean;
  /** What the server knows when it has answered. */
  readonly after: Knowledge;
  /** What it may know when its answer is not heard: the last step first. */
  readonly steps: readonly Knowledge[];
}

function outcomeOf(knowledge: Knowledge, attempt: TokenAttempt, given: string | undefined): Outcome {
  const refused = { ok: false, after: knowledge, steps: [] };
  if (attempt.by === "change") return done({ password: attempt.password, current: undefined, fresh: undefined });
  if (attempt.by === "password")
    return attempt.password === knowledge.password ? done(withFresh(knowledge, given)) : refused;
  const { count, invalidates, token } = attempt;
  const { current, fresh } = knowledge;
  const used = [fresh, current].find((each) => each?.text === token);
  if (used === undefined || (used.count !== undefined && (count ?? -1) <= used.count)) return refused;
  if (invalidates === true) return done({ ...knowledge, current: undefined, fresh: undefined });
  const next: Knowledge = {
    ...knowledge,
    current: { text: token, count: count ?? used.count },
    fresh: used === fresh ? undefined : fresh,
  };
  return asks(attempt) ? done(withFresh(next, given), next) : done(next);
}

function done(...steps: readonly [Knowledge, ...Knowledge[]]): Outcome {
  return { ok: true, after: steps[0], steps };
}

function withFresh(knowledge: Knowledge, text: string | undefined): Knowledge {
  return { ...knowledge, fresh: { text, count: undefined } };
}

function asks(attempt: TokenAttempt): boolean {
  return attempt.by === "password" || (attempt.by === "token" && attempt.asks === true);
}

function different(all: readonly Knowledge[]): readonly Knowledge[] {
  return [...new Map(all.map((knowledge) => [JSON.stringify(knowledge), knowledge])).values()];
}

function told(attempt: TokenAttempt): string {
  if (attempt.by === "token") return `a log-in by ${JSON.stringify({ ...attempt, token: attempt.token.slice(0, 8) })}`;
  return attempt.by === "password" ? "a log-in by password" : "a change of the password";
}
