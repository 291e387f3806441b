import type { DomainJid } from "#protocol/jid/jid.ts";
import { keyOfPair, type DomainPair, type HeldPair } from "#protocol/stream/servers/domain-pair.ts";
import { EndedStreams } from "./ended-streams.ts";
import type { ServerStream } from "./server-stream.ts";

/** The established streams with other servers, and by which pairs and ids they are found. */
export class ServerStreams {
  readonly #all = new Set<ServerStream>();
  readonly #byPair = new Map<string, ServerStream[]>();
  /** Those that a peer may resume, by the id that it was given. */
  readonly #byResumption = new Map<string, ServerStream>();
  readonly #ended = new EndedStreams();

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): IterableIterator<ServerStream> {
    return this.#all.values();
  }

  add(stream: ServerStream): void {
    this.#all.add(stream);
  }

  /** A pair may go by the stream, or may do so in a further direction. */
  addPair(stream: ServerStream, { local, remote, ways }: HeldPair): void {
    const key = keyOfPair({ local, remote });
    const held = stream.pairs.get(key);
    stream.pairs.set(key, { local, remote, ways: held === undefined || held.ways === ways ? ways : "both" });
    if (held === undefined) this.#byPair.set(key, (this.#byPair.get(key) ?? []).concat(stream));
  }

  /** From now on all that it carries may go both ways. */
  makeBidirectional(stream: ServerStream): void {
    for (const [key, pair] of stream.pairs) stream.pairs.set(key, { ...pair, ways: "both" });
  }

  /** All that carry a pair, in either direction, oldest first. */
  withPair(pair: DomainPair): readonly ServerStream[] {
    return this.#byPair.get(keyOfPair(pair)) ?? [];
  }

  /** One by which a pair may go out: open rather than cut. */
  forSending(pair: DomainPair): ServerStream | undefined {
    const usable = this.withPair(pair).filter((stream) => stream.maySend(pair));
    return usable.find(({ state }) => state === "open") ?? usable[0];
  }

  resumableAs(id: string, stream: ServerStream): void {
    this.#byResumption.set(id, stream);
  }

  byResumption(id: string): ServerStream | undefined {
    return this.#byResumption.get(id);
  }

  /** How many stanzas were handled of a stream that has ended; undefined for one that was never known, or long ago. */
  handledOf(id: string): number | undefined {
    return this.#ended.handledOf(id);
  }

  remove(stream: ServerStream): void {
    this.#all.delete(stream);
    for (const key of stream.pairs.keys()) {
      const left = (this.#byPair.get(key) ?? []).filter((other) => other !== stream);
      if (left.length === 0) this.#byPair.delete(key);
      else this.#byPair.set(key, left);
    }
    const id = stream.resumption?.id;
    if (id === undefined || this.#byResumption.get(id) !== stream) return;
    this.#byResumption.delete(id);
    if (stream.acknowledgements !== undefined) this.#ended.remember(id, stream.acknowledgements);
  }

  /** Streams between us and a remote domain, whoever opened them. */
  *of(remote: DomainJid): IterableIterator<ServerStream> {
    for (const stream of this.#all)
      for (const pair of stream.pairs.values())
        if (pair.remote === remote) {
          yield stream;
          break;
        }
  }
}
