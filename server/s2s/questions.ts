/** Who waits for a peer's answers, by what was asked: it is asked once, however many wait for the same. */
export class Questions<Answer> {
  /** Absent while nobody waits, as most of the time. */
  #waiting: Map<string, ((answer: Answer) => void)[]> | undefined;

  /** How many things are asked. */
  get size(): number {
    return this.#waiting?.size ?? 0;
  }

  /**
   * @param key what is asked
   * @param ask asks it, where nobody waits for it yet
   */
  put(key: string, ask?: () => void): Promise<Answer> {
    const { promise, resolve } = Promise.withResolvers<Answer>();
    const waiting = (this.#waiting ??= new Map<string, ((answer: Answer) => void)[]>());
    const others = waiting.get(key);
    if (others !== undefined) others.push(resolve);
    else {
      waiting.set(key, [resolve]);
      ask?.();
    }
    return promise;
  }

  /** Tells those who wait for this. */
  answer(key: string, answer: Answer): void {
    const resolvers = this.#waiting?.get(key);
    this.#waiting?.delete(key);
    for (const resolve of resolvers ?? []) resolve(answer);
    if (this.#waiting?.size === 0) this.#waiting = undefined;
  }

  /** Tells everybody. */
  answerAll(answer: Answer): void {
    for (const key of this.#waiting?.keys() ?? []) this.answer(key, answer);
  }
}
