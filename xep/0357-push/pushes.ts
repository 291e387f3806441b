import { readStanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Account } from "#kit/account.ts";
import type { Host } from "#kit/host.ts";
import type { Stanza } from "#kit/stanza.ts";
import { subscriptionRequests } from "#im/presence/slots.ts";
import { publishRequest } from "./elements.ts";
import type { News } from "./importance.ts";
import { currentOf, keyOf, note, noteWaiting, publishOptions, type Registration } from "./registrations.ts";
import { excerptOf, summaryOf, type Disclosure } from "./summary.ts";
import { Watches } from "./watches.ts";

/** Publications in a row that may fail for a passing reason; with the next one the registration is over. */
export const failuresInRowMax = 16;
/**
 * A client that is connected and silent is given so long, beyond what its session gave it already: its line may be slow. So is
 * one that is expected.
 */
export const silenceMs = 10_000;

/** Tells app servers that something waits for their clients (XEP-0357 §7). */
export class Pushes {
  readonly #host: Host;
  readonly #disclosure: Disclosure;
  readonly #watches: Watches;

  /** @param intervalMs between two pushes for one device that are equally important */
  constructor(host: Host, disclosure: Disclosure, intervalMs: number) {
    this.#host = host;
    this.#disclosure = disclosure;
    this.#watches = new Watches(host.env, intervalMs);
  }

  /**
   * Something waits for the client of this registration, and is safe.
   *
   * @param isExpected whether the client may be about to come by itself
   */
  notice(account: Account, registration: Registration, { importance, message }: News, isExpected = false): void {
    const watch = this.#watches.of(account.jid, nameOf(registration), registration.waiting);
    if (message !== undefined && importance === "high") {
      watch.messages += 1;
      watch.last = excerptOf(message, registration.wishes, this.#disclosure);
    }
    const isConnected = account.sessions.get(registration.resource)?.connected === true;
    const afterMs = isExpected || isConnected ? silenceMs : 0;
    this.#watches.schedule(watch, importance, afterMs, this.#look(account, registration));
  }

  /** Its client is there again, or does not want to be told any more. */
  forget(account: Account, registration: Registration): void {
    this.#watches.forget(account.jid, nameOf(registration));
    noteWaiting(account, registration, 0);
  }

  /** Nobody needs the account for now, or the server stops: what was counted goes on afterwards. */
  rest(account: Account, registration: Registration): void {
    const messages = this.#watches.messagesOf(account.jid, nameOf(registration));
    if (messages !== undefined) noteWaiting(account, registration, messages);
  }

  close(): void {
    this.#watches.close();
  }

  #look(account: Account, registration: Registration): () => void {
    return () =>
      this.#host.post(account.jid, (awake) => {
        if (awake !== undefined) this.#tell(awake, registration);
      });
  }

  #tell(account: Account, registration: Registration): void {
    const current = currentOf(account, registration);
    const session = account.sessions.get(registration.resource);
    // [xep0357-6-05]
    if (current === undefined || session?.responsive === true) return this.forget(account, registration);
    const watch = this.#watches.of(account.jid, nameOf(registration), current.waiting);
    if (watch.due !== undefined) {
      const summary = summaryOf(
        {
          importance: watch.due,
          messages: watch.messages,
          pendingSubscriptions: account.map(subscriptionRequests).size,
          last: watch.last,
        },
        this.#disclosure,
      );
      this.#watches.told(watch);
      this.#publish(account, current, publishRequest(current.node, summary, publishOptions(current)));
    }
    // Nobody tells when it answers after all; one that is cut off is heard of when it is back.
    if (session?.connected === true) this.#watches.lookLater(watch, silenceMs, this.#look(account, registration));
    return undefined;
  }

  #publish(account: Account, registration: Registration, payload: ReturnType<typeof publishRequest>): void {
    this.#host.counted("pushes", 1);
    this.#host.ask({ to: registration.jid, type: "set", payload }, (answer) =>
      this.#host.post(account.jid, (awake) => {
        if (awake !== undefined) this.#answered(awake, registration, answer);
      }),
    );
  }

  /** [xep0357-7.1-01] [xep0357-7.1-02] */
  #answered(account: Account, registration: Registration, answer: Stanza | undefined): void {
    const current = currentOf(account, registration);
    if (current === undefined) return;
    if (answer?.type === "result") {
      if (current.failures > 0) note(account, current, 0);
      return;
    }
    const error = answer === undefined ? undefined : readStanzaError(answer.element);
    const mayPass = error === undefined || error.type === "wait";
    if (mayPass && current.failures < failuresInRowMax) {
      note(account, current, current.failures + 1);
      return;
    }
    const reason = error?.condition ?? "no answer";
    this.#host.counted("push_registrations_given_up", 1);
    this.#host.log.info({ account: account.jid, appServer: current.jid, reason }, "a device is not notified any more");
    note(account, current, "disabled");
    this.forget(account, current);
  }
}

function nameOf({ jid, node }: Registration): string {
  return keyOf(jid, node);
}
