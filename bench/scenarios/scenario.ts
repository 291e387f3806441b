import type { Goal } from "../load/client.ts";
import type { Mechanism } from "../target.ts";

/** Something that is done to a server, and what is measured of it. */
export interface Scenario {
  readonly name: string;
  readonly summary: string;
  readonly tls: boolean;
  /** Archives are on; else they are off, on every server. */
  readonly archive?: boolean;
  /** It is about sessions without a connection; a server that has none is left out. */
  readonly resumption?: boolean;
  /** It weighs what remains when the garbage is gone, where the server can be told to collect it. */
  readonly inspected?: boolean;
  /** How long it may take, in milliseconds, where that is longer than others may. */
  readonly msMax?: number;
  /** The mechanism that it is about, or with accounts that can have contacts; otherwise the target says how sessions log in. */
  readonly mechanism?: Mechanism;
  readonly figures: readonly Figure[];
  /** Runs in the load's process. Returns the figures by their keys. */
  readonly run: (goal: Goal, serverPid: number) => Promise<Readonly<Record<string, number>>>;
}

export interface Figure {
  readonly key: string;
  readonly title: string;
  /** Shown as ratios to the floor, to ejabberd, and to the better of the peers too; less is better. */
  readonly compared?: boolean;
}

/** Counts events and the server's CPU time over a span of time, after a warm-up. */
export interface Span {
  readonly warmUpMs: number;
  readonly measureMs: number;
}
