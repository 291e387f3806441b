import { assert } from "#protocol/assert.ts";
import { bareOf, resourceOf, withResource, type BareJid, type FullJid, type Jid } from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { AnswerInput } from "#protocol/stream/stream-input.ts";
import { randomToken, type Env } from "#kit/env.ts";
import { sessionBound } from "#kit/lifecycle.ts";
import type { LocalAccount } from "../account/account.ts";
import type { AccountRegistry } from "../account/registry.ts";
import type { CoreObserver, CoreSettings } from "../core-settings.ts";
import type { LocalHost } from "../host/local-host.ts";
import { storageFailure } from "../host/refusal.ts";
import type { Link } from "../link/link.ts";
import { EndedSessions } from "./ended-sessions.ts";
import type { Admission } from "./admit.ts";
import { RecipientCount } from "./recipient-count.ts";
import { LocalSession } from "./session.ts";

export interface BinderParts {
  readonly env: Env;
  readonly settings: CoreSettings;
  readonly observer: CoreObserver;
  readonly registry: AccountRegistry;
  readonly host: (user: BareJid) => LocalHost;
  readonly parseJid: (text: string) => Jid | undefined;
}

type Answer = (input: AnswerInput) => void;

/** Gives connections that have authenticated a session: a new one (RFC 6120 §7), or theirs of before (XEP-0198 §5). */
export class Binder {
  readonly #parts: BinderParts;
  readonly #endedSessions = new EndedSessions();
  readonly #guests = new WeakSet<Link>();

  constructor(parts: BinderParts) {
    this.#parts = parts;
  }

  /** Who is on this link has no account: one in memory will do (RFC 4505). */
  expectGuest(link: Link): void {
    this.#guests.add(link);
  }

  bind(
    link: Link,
    user: BareJid,
    wish: { readonly resource: string | undefined; readonly language: string | undefined },
    answer: Answer,
  ): void {
    const refused = (error: StanzaError): void => answer({ type: "bindFailed", error });
    this.#account(link, user).request(
      (account) => {
        if (account === undefined) return refused(new StanzaError("not-authorized"));
        const place = this.#choosePlace(account, wish.resource);
        if (place instanceof StanzaError) return refused(place);
        // [rfc3921-3-09] [rfc3921-3-10]
        place.old?.end("conflict", "another client took this resource");
        const session = this.#newSession(link, account, place.jid, wish.language);
        account.sessions.set(session.resource, session);
        link.attach(session);
        return answer({ type: "bound", jid: session.jid });
      },
      (cause) => refused(storageFailure(cause)),
    );
  }

  resume(link: Link, user: BareJid, previous: string, h: number, answer: Answer): void {
    this.#account(link, user).request(
      (account) => {
        // Nobody resumes but who bound it: only the account's own sessions are looked through.
        for (const session of account?.sessions.values() ?? [])
          if (session.resumptionId === previous) return this.#goOn(session, link, h, answer);
        const handled = this.#endedSessions.handledBy(user, previous);
        return answer({
          type: "smFailed",
          condition: "item-not-found",
          ...(handled === undefined ? {} : { h: handled }),
        });
      },
      () => answer({ type: "smFailed", condition: "resource-constraint" }),
    );
  }

  /** The client knows its address: features may speak to it. */
  announce(jid: FullJid): void {
    const { registry, host } = this.#parts;
    const user = bareOf(jid);
    registry.get(host(user), user).postLocal((account) => {
      const session = account?.sessions.get(resourceOf(jid) ?? "");
      if (account !== undefined && session !== undefined) host(user).emit(sessionBound, { account, session });
    });
  }

  #account(link: Link, user: BareJid): LocalAccount {
    const { registry, host } = this.#parts;
    return this.#guests.has(link) ? registry.temporary(host(user), user) : registry.get(host(user), user);
  }

  #goOn(session: LocalSession, link: Link, h: number, answer: Answer): void {
    session.resume(link, h, (outcome) => {
      switch (outcome.type) {
        case "resumed":
          link.attach(session);
          return answer({ type: "smResumed", jid: session.jid, h: outcome.h });
        case "impossible":
          return link.close(outcome.error);
        default:
          return answer({ type: "smFailed", condition: "item-not-found" });
      }
    });
  }

  /** The resource is ours to choose even when the client asked for one. RFC 6120 §7.6, §7.7 */
  #choosePlace(
    account: LocalAccount,
    requested: string | undefined,
  ): { readonly jid: FullJid; readonly old?: LocalSession } | StanzaError {
    const { env, settings, observer } = this.#parts;
    // [rfc6120-7.6-01] [rfc6120-7.6-02] [rfc6120-7.7.1-01]
    const wanted = requested ?? randomToken(env, 10);
    // In the form that RFC 7622 has for it. [rfc6120-4.3.6-06]
    const jid = withResource(account.jid, wanted);
    // [rfc6120-7.7.2.1-01]
    if (jid === undefined) return new StanzaError("bad-request", { text: "not a resource that RFC 7622 allows" });
    const old = account.sessions.get(resourceOf(jid) ?? "");
    // [rfc6120-7.7.2.2-01] Who refuses means sessions that somebody uses, not what a cut has left behind.
    if (old !== undefined && settings.resourceConflict === "refuse-new" && old.connected)
      // [rfc3921-3-11]
      return new StanzaError("conflict");
    // [rfc6120-7.5-01]
    if (old !== undefined && settings.resourceConflict !== "rename-new") return { jid, old };
    // [rfc6120-7.1-04] [rfc6120-7.6.2.1-01] [rfc6120-13.12-06] [rfc6120-13.12-07]
    if (account.sessions.size >= settings.sessionsPerAccountMax) {
      observer.limitHit("sessions-per-account");
      return new StanzaError("resource-constraint", { text: "too many sessions of this account" });
    }
    // [rfc6120-7.1-03]
    if (old === undefined) return { jid };
    // [rfc3920-7-09]
    // [rfc6120-7.7.1-02]
    const renamed = withResource(account.jid, `${wanted}-${randomToken(env, 5)}`);
    // A name as long as names may be leaves no room: then all of it is ours.
    return { jid: renamed ?? jidOfOurOwn(account, env) };
  }

  /** What keeps a client from writing to everybody; its own account is not counted. */
  #recipientLimit(own: BareJid): Pick<Admission, "mayWriteTo"> {
    const { env, settings, observer } = this.#parts;
    if (settings.recipients === undefined) return {};
    const count = new RecipientCount(settings.recipients, env.now);
    return {
      mayWriteTo: (recipient) => {
        if (recipient === own || count.admits(recipient)) return true;
        observer.limitHit("recipients");
        return false;
      },
    };
  }

  #newSession(link: Link, account: LocalAccount, jid: FullJid, language: string | undefined): LocalSession {
    const { env, settings, observer, host, parseJid } = this.#parts;
    return new LocalSession({
      jid,
      resource: resourceOf(jid) ?? "",
      account,
      host: host(account.jid),
      env,
      limits: settings.session,
      admission: { language, parseJid, ...this.#recipientLimit(account.jid) },
      link,
      endedSessions: this.#endedSessions,
      tally: observer.tally,
    });
  }
}

function jidOfOurOwn(account: LocalAccount, env: Env): FullJid {
  const jid = withResource(account.jid, randomToken(env));
  assert(jid !== undefined, "letters and digits are a resource");
  return jid;
}
