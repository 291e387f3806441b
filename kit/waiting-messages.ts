import type { Account } from "./account.ts";
import type { Host } from "./host.ts";
import type { MessageDelivery } from "./server-module.ts";
import type { Session } from "./session.ts";
import type { Stanza } from "./stanza.ts";

/** The messages that wait for any client of an account, for features that bring them another way than all at once. */
export interface WaitingMessages {
  /**
   * What is wanted of each, the oldest first; `stored` of each is its name. They may be far more than there is room for in
   * memory, so no more is kept of one than `take` gives. `names`: only these.
   *
   * @param take throws to break it off; told also how large the message is, in UTF-16 code units
   * @throws StoreError; what `take` throws
   */
  readonly list: <T>(
    account: Account,
    take: (message: Stanza, length: number) => T,
    names?: readonly string[],
  ) => Promise<readonly T[]>;
  /**
   * Which of these messages are in the store to come to a client, be it that they wait or that a session owes them.
   *
   * @throws StoreError
   */
  readonly holds: (account: Account, names: readonly string[]) => Promise<ReadonlySet<string>>;
  /**
   * A session is about to get these messages in another stanza: of those that are in the store, which are told, that stanza
   * carries the name as `stored`, so that they are forgotten when the client has it.
   *
   * @throws StoreError
   */
  readonly lend: (account: Account, names: readonly string[]) => Promise<ReadonlySet<string>>;
  /** Sends what was read, or a likeness of it, to a session: whether or not its client takes that, it goes on waiting. */
  readonly show: (session: Session, message: Stanza) => void;
  /** A session is sent what waits after all, as if it had just become available; nothing where it is not. */
  readonly offer: (account: Account, session: Session) => void;
  /** Whoever they are for does not want them any more. Joins the account's batch. */
  readonly discard: (account: Account, names: readonly string[]) => void;
}

/** Who delivers messages on a host. To be asked once all modules have started. */
export function messagesOf(host: Host): MessageDelivery | undefined {
  for (const { parts } of host.modules) if (parts.messages !== undefined) return parts.messages;
  return undefined;
}
