import { assert } from "#protocol/assert.ts";
import type { BareJid } from "#protocol/jid/jid.ts";
import type { LoadedOwner, Write } from "#kit/storage.ts";
import { deletionStore, type AccountStore } from "./account-store.ts";
import type { Batches } from "./batches.ts";
import { LiveSlots } from "./live-slots.ts";
import { notPutBack } from "./write-journal.ts";

export interface AccountDataParts {
  readonly jid: BareJid;
  readonly store: AccountStore;
  /** Whether what was loaded is an account's data at all. */
  readonly exists: (loaded: LoadedOwner) => boolean;
  readonly stage: { readonly storeFailed: (account: BareJid, cause: unknown) => void };
}

/**
 * What is stored of an account, as far as it is in memory: all slots are read in one request, at first use and again when a
 * batch could not be written.
 */
export class AccountData {
  readonly #parts: AccountDataParts;
  readonly #batches: Batches;
  #phase: "asleep" | "waking" | "awake" | "absent" = "asleep";
  #slots: LiveSlots | undefined;

  constructor(parts: AccountDataParts, batches: Batches) {
    this.#parts = parts;
    this.#batches = batches;
  }

  /** Absent is an account that does not exist. */
  get phase(): "asleep" | "waking" | "awake" | "absent" {
    return this.#phase;
  }

  /** Of an account that is awake. */
  get slots(): LiveSlots {
    assert(this.#slots !== undefined, "slots are used by an account that is awake");
    return this.#slots;
  }

  /**
   * Reads it, and has what failed and is stored all the same put back.
   *
   * @param write joins the account's batch
   * @param then told whether the account is being deleted, or why its data cannot be used at present: it is asleep then
   */
  read(
    write: (write: Write) => void,
    then: (outcome: { readonly isLeaving: boolean } | { readonly cause: unknown }) => void,
  ): void {
    const { jid, store, exists, stage } = this.#parts;
    const { journal } = this.#batches;
    this.#phase = "waking";
    this.#batches.readAnew();
    store.load(jid).then(
      (loaded) => {
        const isThere = exists(loaded);
        if (!isThere) journal.forget();
        const putBack = journal.putBack(jid, loaded);
        if (putBack === undefined) {
          this.#phase = "asleep";
          return then({ cause: notPutBack() });
        }
        for (const each of putBack.writes) this.#batches.add(each);
        this.#phase = isThere ? "awake" : "absent";
        this.#slots = new LiveSlots({ owner: jid, loaded: putBack.should, store, write, note: journal.note });
        then({ isLeaving: putBack.should.has(deletionStore) });
      },
      (cause: unknown) => {
        stage.storeFailed(jid, cause);
        this.#phase = "asleep";
        then({ cause });
      },
    );
  }

  /** What was read cannot be put right: it counts as not read. */
  sleep(): void {
    this.#phase = "asleep";
  }
}
