import type { XmlElement } from "#protocol/xml/element.ts";
import { readIq, resultOf } from "#protocol/stanza/iq.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { IqAnswer, IqHandler } from "#kit/iq.ts";
import { stanzaOf, type Stanza } from "#kit/stanza.ts";
import type { LocalAccount } from "../account/account.ts";
import type { LocalSession } from "../session/session.ts";
import type { SteppedHost } from "./stepped-host.ts";
import { asStanzaError, refuse, storageFailure } from "./refusal.ts";
import { iqKey } from "./steps.ts";

/** How often a request is handled at most when what its answer tells turns out not to be stored. */
const attemptsMax = 3;

/**
 * An iq to an account: exactly one handler answers (RFC 6120 §8.2.3). A promise comes back only when the account's
 * mailbox has to wait for it.
 *
 * @param session the account's own session that asks; undefined when somebody else does
 * @param attemptsLeft how often what is read may turn out not to be stored before the asker is told to wait
 */
export function answerAccountIq(
  host: SteppedHost,
  account: LocalAccount,
  stanza: Stanza,
  session: LocalSession | undefined,
  attemptsLeft = attemptsMax,
): void | Promise<void> {
  // [rfc6120-10.3.3-02]
  const asked = find(host, stanza, session, (key) => host.steps.accountIq.get(key));
  if (asked === undefined) return undefined;
  const { handler, payload } = asked;
  // [rfc6121-2-02]
  // [xep0280-4.1-01] [xep0280-5.1-01]
  if (session === undefined && handler.audience === "owner") {
    refuse(host, stanza, new StanzaError(handler.refusal ?? "service-unavailable"));
    return undefined;
  }
  // Where it read what then could not be written: once more, of what is stored.
  const again =
    handler.effect === "reads" && attemptsLeft > 1
      ? () => account.post(() => answerAccountIq(host, account, stanza, session, attemptsLeft - 1))
      : undefined;
  const answered = settle(
    host,
    stanza,
    session,
    () => handler.handle(payload, { stanza, account, from: stanza.from, session }),
    (answer) => sendAnswer(host, account, { stanza, session, answer, again }),
  );
  // What follows waits until it is done. [rfc6120-10.1-06]
  return handler.effect === "writes" ? answered : undefined;
}

/** An iq to an account that does not exist: what a stranger is told by one that does. */
export function refuseIqToNobody(host: SteppedHost, stanza: Stanza): void {
  const asked = find(host, stanza, undefined, (key) => host.steps.accountIq.get(key));
  if (asked === undefined) return;
  const { handler, payload } = asked;
  try {
    // The owner's requests are not even read when they are a stranger's.
    if (handler.audience === "anyone") handler.check?.(payload);
    throw new StanzaError(handler.refusal ?? "service-unavailable");
  } catch (error) {
    refuse(host, stanza, asStanzaError(host, error));
  }
}

/** An iq to the host's own address. */
export function answerHostIq(host: SteppedHost, stanza: Stanza, session: LocalSession | undefined): void {
  const asked = find(host, stanza, session, (key) => host.steps.hostIq.get(key));
  if (asked === undefined) return;
  const { handler, payload } = asked;
  void settle(
    host,
    stanza,
    session,
    () => handler.handle(payload, { stanza, from: stanza.from, session }),
    (answer) => host.route(resultStanza(host, stanza, answer)),
  );
}

function find<Handler extends IqHandler>(
  host: SteppedHost,
  stanza: Stanza,
  session: LocalSession | undefined,
  look: (key: string) => Handler | undefined,
): { readonly handler: Handler; readonly payload: XmlElement } | undefined {
  try {
    const iq = readIq(stanza.element);
    // Results and errors answer requests of ours; we make none that needs an answer. [rfc6121-2.1.6-05]
    if (iq.type === "result" || iq.type === "error") return undefined;
    const handler = look(iqKey(iq.type, iq.payload.ns, iq.payload.name));
    // [rfc6121-8.5.2.1.3-02] [rfc6121-8.5.2.2.3-02]
    // [rfc6120-8.3.1-01] [rfc6120-8.4-07] [rfc6120-8.4-08] [rfc6120-8.4-12] [rfc6120-10.3.3-03]
    if (handler === undefined) throw new StanzaError("service-unavailable");
    return { handler, payload: iq.payload };
  } catch (error) {
    refuse(host, stanza, asStanzaError(host, error), session);
    return undefined;
  }
}

/** Runs a handler, which may answer at once or later, and may throw. */
function settle(
  host: SteppedHost,
  stanza: Stanza,
  session: LocalSession | undefined,
  handle: () => IqAnswer | Promise<IqAnswer>,
  send: (answer: IqAnswer) => void,
): void | Promise<void> {
  const fail = (error: unknown): void => refuse(host, stanza, asStanzaError(host, error), session);
  try {
    const answer = handle();
    if (answer instanceof Promise) return answer.then(send).catch(fail);
    send(answer);
  } catch (error) {
    fail(error);
  }
  return undefined;
}

/**
 * The result leaves when what the handler wrote, or read of what others wrote, is durable; if that fails, the request is
 * handled again or an error leaves in its place.
 */
function sendAnswer(
  host: SteppedHost,
  account: LocalAccount,
  parts: {
    readonly stanza: Stanza;
    readonly session: LocalSession | undefined;
    readonly answer: IqAnswer;
    readonly again: (() => void) | undefined;
  },
): void {
  const { stanza, session, answer, again } = parts;
  const result = resultStanza(host, stanza, answer);
  // Nothing overtakes it that is written down for a session that is cut meanwhile.
  if (session !== undefined) session.queued += 1;
  // [rfc6121-2.3.2-02]
  account.whenConfirmed(
    () => {
      if (session === undefined) return host.route(result);
      session.queued -= 1;
      return session.transmit(result);
    },
    // [rfc6121-2.3.3-01]
    (cause) => {
      if (session !== undefined) session.queued -= 1;
      return again === undefined ? refuse(host, stanza, storageFailure(cause), session) : again();
    },
  );
}

function resultStanza(host: SteppedHost, stanza: Stanza, answer: IqAnswer): Stanza {
  return stanzaOf("iq", resultOf(stanza.element, answer), stanza.to ?? host.domain, stanza.from);
}
