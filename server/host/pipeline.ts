import { bareOf, isBare, resourceOf } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Verdict } from "#kit/server-module.ts";
import { makeStanza, type Stanza } from "#kit/stanza.ts";
import type { LocalAccount } from "../account/account.ts";
import type { AccountStage } from "../account/account-stage.ts";
import type { LocalSession } from "../session/session.ts";
import { isOutage } from "../store-log.ts";
import { answerAccountIq, refuseIqToNobody } from "./iq-dispatch.ts";
import type { SteppedHost } from "./stepped-host.ts";
import { asStanzaError, faultOfOurs, refuse, storageFailure } from "./refusal.ts";
import { inboundVerdict, outboundVerdict } from "./verdict.ts";

/**
 * The named steps that a stanza passes on one host: guard → rewrite → record → copy → deliver, for the account that
 * sends and then, wherever that lives, for the account that it is for.
 */
export function pipelineOf(host: SteppedHost, mailboxFull: () => void): AccountStage<LocalAccount> {
  return {
    woken: (account) => wake(host, account),
    outbound: (account, stanza, session) => sendOut(host, account, stanza, session),
    inbound: (account, stanza) => takeIn(host, account, stanza),
    outboundVerdict: (account, stanza, session) => outboundVerdict(host.steps, account, stanza, session),
    isOwnerHere: host.isOwnerHere,
    handOver: host.handOver,
    absent: (stanza) => answerForNobody(host, stanza),
    // An error to one of its own sessions must not go by the account, which cannot be read. [rfc6121-2.2-04]
    unreadable: (stanza, cause, session) => refuse(host, stanza, storageFailure(cause), session),
    unwritten: (stanza, cause) => {
      const { stored, to } = stanza;
      if (stored !== undefined && to !== undefined) {
        // Nothing is lost that waits in storage: it goes to whoever is there next, in its turn.
        host.post(bareOf(to), (account) => {
          if (account !== undefined) host.steps.messages.undelivered(account, stanza, "session-ended");
        });
        return;
      }
      // What presence would have told has not happened.
      if (stanza.kind !== "presence") refuse(host, stanza, storageFailure(cause));
    },
    crowdedOut: (stanza, session) => {
      mailboxFull();
      const text = "too much is waiting for this account";
      refuse(host, stanza, new StanzaError("resource-constraint", { text }), session);
    },
    crashed: (account, cause, stanza, session) => {
      host.log.error({ account, error: cause }, "handling what came to an account broke down; this is a bug");
      if (stanza !== undefined) refuse(host, stanza, faultOfOurs(), session);
    },
    storeFailed: (account, error) => {
      const level = isOutage(error) ? "debug" : "warn";
      host.log[level]({ account, error }, "an account's data is out of reach at present");
    },
  };
}

/** Nothing to wait for, as nearly always, costs no promise. */
function wake(host: SteppedHost, account: LocalAccount): Promise<void> | undefined {
  const pending = host.steps.woken.map((run) => run(account)).filter((promise) => promise !== undefined);
  return pending.length === 0 ? undefined : Promise.all(pending).then(() => undefined);
}

/** What comes for an account that does not exist: the answers give away as little as the RFC allows (RFC 6121 §8.5.1). */
function answerForNobody(host: SteppedHost, stanza: Stanza): void {
  const { kind, type, from, id } = stanza;
  if (kind === "presence") {
    // Whoever asks has a subscription to cancel; all other presence is ignored. [rfc6121-8.5.1-03] [rfc6121-8.5.1-04]
    // [rfc6120-10.5.3.1-02]
    // [rfc3921-11.1-03]
    if (type !== "probe" || stanza.to === undefined) return;
    // [rfc6121-8.5.1-05] [rfc6121-4.3.2-01]
    host.route(makeStanza("presence", { from: bareOf(stanza.to), to: bareOf(from), type: "unsubscribed", id }));
  } else if (kind === "iq" && stanza.to !== undefined && isBare(stanza.to)) {
    // [rfc6121-8.5.1-01] [rfc6120-10.5.3.1-03]
    refuseIqToNobody(host, stanza);
  } else if (kind === "iq" || type !== "headline") {
    // [rfc3921-11.1-03] [rfc6121-8.5.1-01] [rfc6121-8.5.1-02] [rfc6120-10.5.3.1-01] [rfc6120-10.5.3.1-03]
    refuse(host, stanza, new StanzaError("service-unavailable"));
  }
}

function sendOut(
  host: SteppedHost,
  account: LocalAccount,
  original: Stanza,
  session: LocalSession,
): void | Promise<void> {
  const verdict = outboundVerdict(host.steps, account, original, session);
  if (verdict !== undefined) return carryOut(host, original, verdict, session);
  if (original.kind === "presence") {
    try {
      host.steps.presence.outbound(account, original, session);
    } catch (error) {
      refuse(host, original, asStanzaError(host, error), session);
    }
    return undefined;
  }
  let stanza = original;
  for (const rewrite of host.steps.rewriteOutbound) stanza = rewrite(account, stanza, session);
  if (stanza.kind === "message") {
    // A message without `to` is for its sender's own account. [rfc6120-10.3.1-01]
    if (stanza.to === undefined) stanza = stanza.redirected(account.jid);
    let own = stanza;
    for (const record of host.steps.recordOutbound) own = record(account, own, session);
    // [xep0313-3.5-05]
    for (const copy of host.steps.copyOutbound) copy(account, own, session);
    // Under which id the account keeps it is nobody else's business. [xep0313-3.5-04]
    const sent = own !== stanza && bareOf(stanza.to ?? account.jid) === account.jid ? own : stanza;
    account.sendWithRows(sent);
    // The hold that the row of what one writes to oneself begins with.
    if (sent === own && own !== stanza) own.release();
    return undefined;
  }
  if (stanza.to === undefined || stanza.to === account.jid) {
    // [rfc6120-10.3-01] [rfc6120-10.3.3-01]
    return answerAccountIq(host, account, stanza, session);
  }
  account.send(stanza);
  return undefined;
}

function takeIn(host: SteppedHost, account: LocalAccount, original: Stanza): void | Promise<void> {
  // What would be wiped at once is not accepted. Its sessions may still await answers.
  if (account.isLeaving && original.kind !== "iq") return answerForNobody(host, original);
  const verdict = inboundVerdict(host.steps, account, original);
  if (verdict !== undefined) return carryOut(host, original, verdict);
  let stanza = original;
  for (const rewrite of host.steps.rewriteInbound) stanza = rewrite(account, stanza);
  switch (stanza.kind) {
    case "message": {
      const { settlement } = stanza;
      for (const record of host.steps.recordInbound) stanza = record(account, stanza);
      try {
        const delivered = host.steps.messages.deliver(account, stanza);
        for (const copy of host.steps.copyInbound) copy(account, stanza, delivered);
      } finally {
        // The hold that a record's row begins with: whoever has still to do with it has added one.
        if (stanza.settlement !== settlement) stanza.release();
      }
      return undefined;
    }
    case "presence":
      host.steps.presence.inbound(account, stanza);
      return undefined;
    default:
      return takeIqIn(host, account, stanza);
  }
}

function takeIqIn(host: SteppedHost, account: LocalAccount, stanza: Stanza): void | Promise<void> {
  const to = stanza.to ?? account.jid;
  // [rfc6121-8.5.2.1.3-01] [rfc6121-8.5.2.2.3-01] [rfc6120-10.5.3.2-05]
  if (isBare(to)) return answerAccountIq(host, account, stanza, undefined);
  const session = account.sessions.get(resourceOf(to) ?? "");
  // To a resource that is not there a request fails, and an answer is dropped. [rfc6121-8.5.3.2.3-01] [rfc6121-8.5.3.1-02]
  if (session === undefined) refuse(host, stanza, new StanzaError("service-unavailable"));
  // [rfc6121-6-01] [rfc6120-8-01] [rfc6120-10.5.4-02]
  else session.send(stanza);
  return undefined;
}

function carryOut(host: SteppedHost, stanza: Stanza, verdict: Verdict, session?: LocalSession): undefined {
  if ("refuse" in verdict) refuse(host, stanza, verdict.refuse, session);
  return undefined;
}
