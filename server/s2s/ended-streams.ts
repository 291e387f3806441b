import { keepYoungest } from "#kit/keep-youngest.ts";

/** Ended streams that are remembered. */
const endedStreamsMax = 1_000;

/** How far streams got that ended without being resumed: a peer that comes back too late is told so (XEP-0198 §5, S8). */
export class EndedStreams {
  readonly #handled = new Map<string, { readonly h: number }>();

  /** @param handled how far it got; what it sent last may still be on its way to safety */
  remember(id: string, handled: { readonly h: number }): void {
    this.#handled.set(id, handled);
    keepYoungest(this.#handled, endedStreamsMax);
  }

  /** Undefined for one that was never known, or long ago. */
  handledOf(id: string): number | undefined {
    return this.#handled.get(id)?.h;
  }
}
