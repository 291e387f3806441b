import type { DomainJid } from "#protocol/jid/jid.ts";
import type { DomainPair } from "#protocol/stream/servers/domain-pair.ts";
import type { ServerAnswer } from "#protocol/stream/servers/server-input.ts";
import type { ServerSm } from "#protocol/stream/servers/server-config.ts";
import { randomToken, type Env } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import type { FederationLimits } from "./federation-limits.ts";
import type { FederationPolicy } from "./policy.ts";
import { randomMs } from "./random-ms.ts";
import { failureOf } from "./server-dialer.ts";
import type { ServerLink } from "./server-link.ts";
import type { ServerStream } from "./server-stream.ts";
import type { ServerStreams } from "./streams.ts";

export interface ResumptionParts {
  readonly env: Env;
  readonly log: Log;
  readonly limits: FederationLimits;
  readonly streams: ServerStreams;
  readonly stopped: AbortSignal;
  /** What one of our domains asks of a connection. */
  readonly securityOf: (local: DomainJid) => FederationPolicy["security"] | undefined;
  /**
   * Connects for a pair and asks to take a stream up.
   *
   * @throws RouteFailure
   */
  readonly dial: (pair: DomainPair, sm: ServerSm) => Promise<unknown>;
}

/** Streams that were cut and go on over another connection, whoever takes them up (XEP-0198 §5). */
export class Resumptions {
  readonly #parts: ResumptionParts;
  /** Those that are being resumed by us, by the ids that the peers gave them. */
  readonly #resuming = new Map<string, ServerStream>();
  /** Those that their peers may take up, the longest cut first. */
  readonly #waiting = new Set<ServerStream>();

  constructor(parts: ResumptionParts) {
    this.#parts = parts;
  }

  /** A stream was cut that only its peer can take up. There is no end of names under which one can come (A15). */
  await(stream: ServerStream): void {
    this.#waiting.delete(stream);
    this.#waiting.add(stream);
    if (this.#waiting.size <= this.#parts.limits.suspendedMax) return;
    for (const other of this.#waiting) if (other.state !== "suspended") this.#waiting.delete(other);
    const [oldest] = this.#waiting;
    if (oldest === undefined || this.#waiting.size <= this.#parts.limits.suspendedMax) return;
    this.#waiting.delete(oldest);
    oldest.end();
  }

  /** Takes a stream up again that was cut, as long as it can be and anybody can wait for it. */
  async takeUp(stream: ServerStream): Promise<void> {
    const { env, log, limits, stopped, dial } = this.#parts;
    let retryMs = limits.retryMsMin;
    // Not at the same moment as all others whose streams broke with this one. [rfc6120-3.3-01]
    await pause(env, randomMs(env, retryMs));
    for (;;) {
      await new Promise<void>((resolve) => stream.whenSettled(resolve));
      const { resumption } = stream;
      if (stream.state !== "suspended" || resumption === undefined || stopped.aborted) return;
      const previous = { ...resumption, pairs: [...stream.pairs.values()] };
      this.#resuming.set(resumption.id, stream);
      try {
        await dial(stream.main, { resumable: true, secondsMax: limits.resumeSecondsMax, previous });
        return;
      } catch (error) {
        const failure = failureOf(error);
        log.debug({ ...stream.main, reason: failure.message }, "a stream cannot be resumed at present");
        if (failure.lasting) stream.end();
      } finally {
        this.#resuming.delete(resumption.id);
      }
      await pause(env, retryMs / 2 + randomMs(env, retryMs));
      // [rfc6120-3.3-02]
      retryMs = Math.min(retryMs * 2, limits.retryMsMax);
    }
  }

  /** Streams to which a way is looked for. */
  get size(): number {
    return this.#resuming.size;
  }

  /** The stream that a link was made to take up. */
  previousOf({ errand }: ServerLink): ServerStream | undefined {
    return this.#resuming.get(errand?.errand.sm?.previous?.id ?? "");
  }

  /** The peer has taken up a stream of ours over this connection. */
  accepted(link: ServerLink, h: number | undefined): void {
    const stream = this.previousOf(link);
    if (stream === undefined) return;
    link.stream = stream;
    stream.resume(link);
    if (h !== undefined) stream.acknowledged(h);
    this.#goesOn(stream, link);
  }

  /** The peer wants its stream to be managed. */
  enable(
    link: ServerLink,
    { resume, secondsMax }: { readonly resume: boolean; readonly secondsMax: number | undefined },
  ): ServerAnswer {
    const { env, limits, streams } = this.#parts;
    const { stream } = link;
    if (stream === undefined) return { type: "smFailed", condition: "unexpected-request" };
    // A server that begins anew will not take up what it had before.
    for (const old of streams.withPair(stream.main)) {
      if (old === stream) continue;
      if (!old.initiated && old.state === "suspended") old.end();
      else old.doubt();
    }
    const seconds = Math.min(secondsMax ?? limits.resumeSecondsMax, limits.resumeSecondsMax);
    stream.countOutgoing(false);
    if (!resume || seconds === 0) {
      stream.countIncoming(undefined);
      return { type: "smEnabled" };
    }
    const id = randomToken(env);
    stream.countIncoming({ id, ms: seconds * 1_000 });
    streams.resumableAs(id, stream);
    return { type: "smEnabled", resumption: { id, secondsMax: seconds } };
  }

  /** The peer wants to take its stream up. */
  resume(
    link: ServerLink,
    wish: { readonly previous: string; readonly h: number; readonly pairs: readonly DomainPair[] },
    answer: (input: ServerAnswer) => void,
  ): void {
    const { streams } = this.#parts;
    const stream = streams.byResumption(wish.previous);
    // Only who is the server that it was may take it up.
    const isTheirs = stream !== undefined && wish.pairs.some((pair) => isSame(pair, stream.main));
    // Pairs that have not shown anew who they are come along only where what was asked of this one is asked of them.
    const isEnough = isTheirs && this.#isEnoughFor(stream, wish.pairs);
    if (!isTheirs || !isEnough || stream.state === "ended") {
      const h = streams.handledOf(wish.previous);
      answer({ type: "smFailed", condition: "item-not-found", ...(h === undefined ? {} : { h }) });
      return;
    }
    stream.detach();
    stream.whenSettled(() => {
      if (stream.state === "ended" || !link.open) {
        answer({ type: "smFailed", condition: "item-not-found" });
        return;
      }
      const tooHigh = stream.acknowledged(wish.h);
      if (tooHigh !== undefined) {
        link.close(tooHigh);
        return;
      }
      const begun = link.stream;
      link.stream = stream;
      stream.resume(link);
      if (begun !== stream) begun?.giveWay();
      answer({ type: "smResumed", h: stream.handled ?? 0, pairs: [...stream.pairs.values()] });
      this.#goesOn(stream, link);
    });
  }

  #isEnoughFor({ main, pairs }: ServerStream, shown: readonly DomainPair[]): boolean {
    const { securityOf } = this.#parts;
    const security = securityOf(main.local);
    for (const pair of pairs.values())
      if (securityOf(pair.local) !== security && !shown.some((other) => isSame(other, pair))) return false;
    return true;
  }

  #goesOn(stream: ServerStream, { id }: ServerLink): void {
    const fields = { stream: stream.id, by: id, ...stream.main };
    this.#parts.log.info(fields, "a stream with another server is resumed");
    stream.repeat();
  }
}

function pause(env: Env, ms: number): Promise<void> {
  return new Promise((resolve) => void env.setTimer(ms, resolve));
}

function isSame(one: DomainPair, other: DomainPair): boolean {
  return one.local === other.local && one.remote === other.remote;
}
