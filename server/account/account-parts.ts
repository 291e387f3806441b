import type { BareJid } from "#protocol/jid/jid.ts";
import type { Account } from "#kit/account.ts";
import type { LoadedOwner } from "#kit/storage.ts";
import type { SteppedHost } from "../host/stepped-host.ts";
import type { RunQueue } from "../run-queue.ts";
import type { AccountStage } from "./account-stage.ts";
import type { AccountStore } from "./account-store.ts";

/** What an account is made of. */
export interface AccountParts<Owner extends Account> {
  readonly jid: BareJid;
  readonly host: SteppedHost;
  readonly stage: AccountStage<Owner>;
  readonly store: AccountStore;
  readonly queue: RunQueue;
  /** Whether what was loaded is an account's data at all. */
  readonly exists: (loaded: LoadedOwner) => boolean;
  /** Who owns the address when this object has been put to sleep. */
  readonly successor: () => Owner;
  readonly mailboxStanzasMax: number;
}
