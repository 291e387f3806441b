import type { Jid } from "#protocol/jid/jid.ts";
import type { Host } from "#kit/host.ts";
import type { Stanza } from "#kit/stanza.ts";
import type { CarriedRows } from "../account/carried-rows.ts";
import type { Steps } from "./steps.ts";

/** A host whose features are sorted into steps: what its accounts and their sessions need of it. */
export interface SteppedHost extends Host {
  readonly steps: Steps;
  /** Whether an address is that of an account, existing or not, of one of this server's hosts. */
  readonly isOwnerHere: (to: Jid) => boolean;
  /** Takes a stanza for an account of one of this server's hosts, with what was written about it. */
  readonly handOver: (stanza: Stanza, rows: CarriedRows) => void;
}
