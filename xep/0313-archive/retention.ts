import type { Account } from "#kit/account.ts";
import type { Host } from "#kit/host.ts";
import { integerOption } from "#kit/option.ts";
import type { AccountArchive } from "#kit/slots.ts";

export const retentionDays = integerOption({
  key: "retention_days",
  default: 0,
  min: 0,
  max: 36_500,
  unit: "days",
  description: "How long messages are kept; 0 for ever.",
});

export const messagesMax = integerOption({
  key: "messages_max",
  default: 0,
  min: 0,
  max: 100_000_000,
  unit: "messages",
  description: "How many messages are kept of an account, the newest ones; 0 for all.",
});

const dayMs = 24 * 3_600_000;
/** How often one account's archive is looked at. */
const tidyAfterMs = 6 * 3_600_000;
/** Rows that are removed at once. */
const removedAtOnceMax = 500;

/** Removes from archives what is too old or too much: the oldest first, so that no gap is left. [xep0313-3.2-02] */
export class Retention {
  readonly #host: Host;
  readonly #slot: AccountArchive;
  readonly #tidied = new WeakMap<Account, number>();

  constructor(host: Host, slot: AccountArchive) {
    this.#host = host;
    this.#slot = slot;
  }

  /** To be called from within the account's work, as often as one likes. */
  async tidy(account: Account): Promise<void> {
    const days = this.#host.setting(retentionDays);
    const max = this.#host.setting(messagesMax);
    const now = this.#host.env.now();
    if ((days === 0 && max === 0) || now < (this.#tidied.get(account) ?? -Infinity) + tidyAfterMs) return;
    this.#tidied.set(account, now);
    const archive = account.archive(this.#slot);
    // [xep0313-3.2-01] [xep0313-3.2-02]
    if (days > 0) archive.truncate(now - days * dayMs);
    if (max === 0) return;
    const counted = await archive.page({ max: 0, direction: "forward", countRows: true });
    for (let excess = (counted.found ? (counted.count ?? 0) : 0) - max; excess > 0; excess -= removedAtOnceMax) {
      const oldest = await archive.page({ max: Math.min(excess, removedAtOnceMax), direction: "forward" });
      if (oldest.found) archive.remove(oldest.rows.map(({ id }) => id));
    }
  }
}
