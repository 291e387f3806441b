import type { BareJid } from "#protocol/jid/jid.ts";
import type { Host } from "./host.ts";
import type { Verdict } from "./server-module.ts";
import type { Session } from "./session.ts";
import type { AccountArchive, AccountMap, AccountValue, LiveArchive, LiveMap, LiveValue } from "./slots.ts";
import type { Stanza } from "./stanza.ts";

/**
 * Everything that concerns one local bare JID. It handles what comes to it in order, one thing at a time, and nothing
 * outside touches its state: others post to it.
 *
 * What is written while one thing is handled is committed as one batch. What is sent (`send`, `Session.send`) after a
 * write waits in the account's outbox, in order, until that batch is durable. If it cannot be committed, what the same
 * handling sent is not sent (messages and requests go back with an error), and the slots are read anew; what was handled
 * later leaves as ever.
 */
export interface Account {
  readonly jid: BareJid;
  readonly host: Host;
  /** By resource. Those whose stream is cut but may be resumed are among them. */
  readonly sessions: ReadonlyMap<string, Session>;
  readonly value: <T>(slot: AccountValue<T>) => LiveValue<T>;
  readonly map: <T>(slot: AccountMap<T>) => LiveMap<T>;
  readonly archive: (slot: AccountArchive) => LiveArchive;
  /** Sends a stanza on behalf of the account to wherever its `to` says; it passes no steps of this account again. */
  readonly send: (stanza: Stanza) => void;
  /**
   * What the outbound guards say to a stanza that `session` is about to send to one more recipient, such as each
   * contact that a broadcast presence goes to.
   */
  readonly outboundVerdict: (stanza: Stanza, session: Session) => Verdict | undefined;
  /**
   * Runs once all that was written so far is durable, in the outbox's order.
   *
   * @param failed runs instead when what this handling wrote could not be written
   */
  readonly whenDurable: (run: () => void, failed?: (cause: unknown) => void) => void;
  /**
   * Like `whenDurable`, for what tells what was read here rather than what this handling wrote.
   *
   * @param failed runs also when something written before could not be: what was read may not be what is stored. When it
   * has something posted, that reads anew
   */
  readonly whenConfirmed: (run: () => void, failed: (cause: unknown) => void) => void;
  /**
   * Resolves when the rows about all messages sent so far are durable, or will never be: those too that the recipients'
   * owners commit. For who reads beside the account's work; within that work it would have owners wait for one another.
   */
  readonly rowsCommitted: () => Promise<void>;
  /**
   * Has the account do something when it has done what waits already; not at all when the account is no more. A promise
   * keeps everything behind it waiting.
   */
  readonly post: (task: (account: Account) => void | Promise<void>) => void;
  /** Like `post`, but ahead of all that waits: for what belongs to what is being handled, and takes a promise. */
  readonly postNext: (task: (account: Account) => void | Promise<void>) => void;
}
