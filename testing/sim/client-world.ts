import type { ClientSession } from "./client-session.ts";
import type { ClientEnd, Connection } from "./connection.ts";
import type { Ledger } from "./ledger.ts";
import type { RosterHistory } from "./roster-history.ts";
import type { SimClock } from "./sim-clock.ts";
import type { Trace } from "./trace.ts";

/** What a client has around it. */
export interface ClientWorld {
  readonly clock: SimClock;
  readonly trace: Trace;
  readonly ledger: Ledger;
  readonly rosters: RosterHistory;
  /** Undefined when nobody listens. */
  readonly connect: (client: ClientEnd) => Connection | undefined;
  /** A session began. */
  readonly began: (session: ClientSession) => void;
  readonly stanzaSent: () => void;
  /** Whether a session must be there still for its client to go on with. */
  readonly mustResume: (session: ClientSession) => boolean;
  /** Whether what was written lately may not have been. */
  readonly discFailed: () => boolean;
}
