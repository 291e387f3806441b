import type { DomainJid } from "#protocol/jid/jid.ts";
import type { ConnectionLimits } from "../link/link-limits.ts";

/** What happens when a component connects while it is connected already. */
export type ComponentConflict = "refuse-new" | "replace-old";

/** A component as the administrator wants it. */
export interface ComponentSettings {
  readonly domain: DomainJid;
  /** What it proves to know. XEP-0114 needs it as it is, so it cannot be kept hashed. */
  readonly secret: string;
  /** What it is called in lists; absent: what it calls itself. */
  readonly name?: string | undefined;
  /** The host that lists it; absent: the one whose domain it is below, if there is one. */
  readonly host?: DomainJid | undefined;
  /** Whether all names below its domain are its own, too. */
  readonly subdomains: boolean;
  readonly conflict: ComponentConflict;
}

/** Bounds of what components, and those who write to them, may cost us. */
export interface ComponentLimits {
  readonly link: ConnectionLimits;
  /** Silence after which it is asked whether it is there, in milliseconds; undefined for never. */
  readonly pingAfterMs: number | undefined;
  /** How long it may take to answer, in milliseconds. */
  readonly pingAnswerMsMax: number;
  /** Stanzas that wait for one component while it is away. */
  readonly queueStanzasMax: number;
  /** What they take together, in bytes. */
  readonly queueBytesMax: number;
  /** How long it may be away until what waits for it goes back to its senders, in milliseconds; 0: nothing waits. */
  readonly awayMsMax: number;
}

const MiB = 1_048_576;

/** What a server does that says nothing else. Components are trusted to be busy, so nothing slows them down. */
export function defaultComponentLimits(link: ConnectionLimits): ComponentLimits {
  return {
    link: { ...link, bytesRate: undefined, stanzasRate: undefined, unsentBytesMax: 16 * MiB },
    pingAfterMs: 60_000,
    pingAnswerMsMax: 30_000,
    queueStanzasMax: 1_000,
    queueBytesMax: 4 * MiB,
    awayMsMax: 20_000,
  };
}
