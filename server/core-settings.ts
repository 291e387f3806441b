import type { DomainJid } from "#protocol/jid/jid.ts";
import type { SaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import type { Option } from "#kit/option.ts";
import type { ServerModule } from "#kit/server-module.ts";
import type { ComponentLimits, ComponentSettings } from "./components/component-settings.ts";
import type { ConnectionLimits } from "./link/link-limits.ts";
import type { LinkLimits, LimitName } from "./link/link-limits.ts";
import type { FederationObserver } from "./s2s/federation-observer.ts";
import type { FederationLimits } from "./s2s/federation-limits.ts";
import type { Tally } from "./tally.ts";
import type { FederationPolicy } from "./s2s/policy.ts";
import type { RecipientLimit } from "./session/recipient-count.ts";
import type { SessionLimits } from "./session/session-limits.ts";

/** A virtual host as the administrator wants it. */
export interface HostSettings {
  readonly domain: DomainJid;
  /** By purpose ("admin", "abuse", …), URIs (XEP-0157). */
  readonly contacts: Readonly<Record<string, readonly string[]>>;
  /** Whether a module runs here. */
  readonly enabled: (module: ServerModule) => boolean;
  /** The administrator's value of an option, checked; undefined for the default. */
  readonly configured: (module: ServerModule, option: Option) => unknown;
  /** What it asks of other servers; absent where it talks to none. */
  readonly federation?: FederationPolicy;
}

/** What happens when a client asks for a resource that is bound already (RFC 6120 §7.7.2.2). */
export type ResourceConflict = "replace-old" | "refuse-new" | "rename-new";

export interface CoreSettings {
  readonly hosts: readonly [HostSettings, ...HostSettings[]];
  readonly sasl: SaslServerPolicy;
  readonly link: LinkLimits;
  readonly session: SessionLimits;
  readonly resourceConflict: ResourceConflict;
  readonly sessionsPerAccountMax: number;
  /** To how many different addresses a session may write within a time; absent: to all. */
  readonly recipients?: RecipientLimit;
  /** Stanzas that may wait for one account. */
  readonly mailboxStanzasMax: number;
  /** Failed log-ins of one address, and for one account, within the window; then further ones are refused. */
  readonly failedLogins: { readonly max: number; readonly windowMs: number } | undefined;
  /** Failed log-ins on one connection, after which it is closed. */
  readonly failedLoginsPerConnectionMax: number;
  /** Addresses that are kept parsed. */
  readonly jidCacheEntriesMax: number;
  /** The external components that there are from the start, and the bounds of all of them. */
  readonly components: readonly ComponentSettings[];
  readonly componentLimits: ComponentLimits;
  /** Bounds of what other servers may cost; by default those of federation-limits.ts. */
  readonly federation?: FederationLimits;
  /** Bounds of their connections; by default those of clients. */
  readonly serverLink?: ConnectionLimits;
  /** How long the name of a deleted account stays taken, in milliseconds. */
  readonly tombstoneMs: number;
}

/** What a listener lets its clients do. */
export interface ListenerPolicy {
  readonly startTls: "required" | "optional" | "none";
  /** Overrides what the hosts allow: PLAIN on a connection that nothing protects. */
  readonly plainWithoutTls: boolean;
  /** Where its clients are to come back to when their connection broke (XEP-0198); absent: wherever they look. */
  readonly location?: string | undefined;
}

/** What happens in the core and is counted. */
export interface CoreObserver extends FederationObserver {
  readonly tally: Tally;
  readonly streamClosed: (condition: string | undefined) => void;
  readonly limitHit: (limit: LimitName) => void;
  readonly loginSucceeded: (mechanism: string) => void;
  readonly loginFailed: (mechanism: string, condition: string) => void;
  /** What a feature counts; see {@link Host.counted}. */
  readonly counted?: (what: string, by: number) => void;
}
