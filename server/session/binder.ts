import { assert } from "#protocol/assert.ts";
import {
  bareOf,
  domainOf,
  resourceOf,
  withResource,
  type BareJid,
  type DomainJid,
  type FullJid,
  type Jid,
} from "#protocol/jid/jid.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { QuestionEffect } from "#protocol/stream/stream-effect.ts";
import type { AnswerInput } from "#protocol/stream/stream-input.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { randomToken, type Env } from "#kit/env.ts";
import { sessionBound } from "#kit/lifecycle.ts";
import { userAgentSlot } from "#kit/log-in.ts";
import type { LocalAccount } from "../account/account.ts";
import type { AccountRegistry } from "../account/registry.ts";
import type { CoreObserver, CoreSettings } from "../core-settings.ts";
import type { LocalHost } from "../host/local-host.ts";
import { storageFailure } from "../host/refusal.ts";
import { resourceOfDevice, sessionsOfDevice } from "./device-resource.ts";
import { EndedSessions } from "./ended-sessions.ts";
import type { Admission } from "./admit.ts";
import { RecipientCount } from "./recipient-count.ts";
import { restoreSessions } from "./restore-sessions.ts";
import { LocalSession } from "./session.ts";
import type { SessionLink } from "./session-link.ts";
import type { StoredSession } from "./resumption.ts";

export interface BinderParts {
  readonly env: Env;
  readonly settings: CoreSettings;
  readonly observer: CoreObserver;
  readonly registry: AccountRegistry;
  readonly host: (domain: DomainJid) => LocalHost;
  readonly parseJid: (text: string) => Jid | undefined;
  /** Of this server: devices' resources are made of it. */
  readonly secret: Uint8Array;
}

/** A connection that is to get a session. */
export interface BindingLink extends SessionLink {
  /** Who is on it has no account: one in memory will do (RFC 4505). */
  readonly isGuest: boolean;
  /** The session that it serves from now on. */
  readonly attach: (session: LocalSession) => void;
}

/** What a client wants of its new resource. */
export interface BindWish {
  readonly user: BareJid;
  readonly resource: string | undefined;
  readonly language: string | undefined;
  readonly bind2?: Extract<QuestionEffect, { type: "bindResource" }>["bind2"];
}

/** Which session a client wants back, and how much it has had of it. */
export interface ResumptionWish {
  readonly user: BareJid;
  readonly previous: string;
  readonly h: number;
}

type Bind2Wish = NonNullable<BindWish["bind2"]>;

/** A new session's address, and whom it takes the place of. */
interface Place {
  readonly jid: FullJid;
  readonly old: readonly LocalSession[];
}

type Answer = (input: AnswerInput) => void;

/** Gives connections that have authenticated a session: a new one (RFC 6120 §7), or theirs of before (XEP-0198 §5). */
export class Binder {
  readonly #parts: BinderParts;
  readonly #endedSessions = new EndedSessions();

  constructor(parts: BinderParts) {
    this.#parts = parts;
  }

  bind(link: BindingLink, wish: BindWish, answer: Answer): void {
    const refused = (error: StanzaError): void => answer({ type: "bindFailed", error });
    const owner = this.#account(link, wish.user);
    const { bind2 } = wish;
    const enter = (account: LocalAccount, read: readonly XmlElement[]): void => {
      const place = bind2 === undefined ? this.#choosePlace(account, wish.resource) : this.#placeOf(account, bind2);
      if (place instanceof StanzaError) return refused(place);
      // [rfc3921-3-09] [rfc3921-3-10]
      for (const old of place.old) old.giveWay();
      const session = this.#newSession(link, account, place.jid, wish.language);
      account.sessions.set(session.resource, session);
      link.attach(session);
      if (bind2 === undefined) return answer({ type: "bound", jid: session.jid });
      return answer({ type: "bound", jid: session.jid, answers: [...read, ...this.#switchOn(session, bind2)] });
    };
    const begin = (): void =>
      owner.request(
        (account) => {
          if (account === undefined || account.isLeaving) return refused(new StanzaError("not-authorized"));
          const reading = bind2 === undefined ? undefined : this.#readAhead(account, bind2);
          return reading === undefined ? enter(account, []) : reading.then((read) => enter(account, read));
        },
        (cause) => refused(storageFailure(cause)),
      );
    // What other owners commit for this one is not waited for within its turn: two could wait for one another.
    if (bind2 === undefined) begin();
    else void owner.rowsCommitted().then(begin);
  }

  /**
   * What the features have to read, so that it is as it was at the very moment when the resource was bound: nothing else is
   * handled in between. [xep0386-3.2-11]
   */
  #readAhead(account: LocalAccount, { element }: Bind2Wish): Promise<readonly XmlElement[]> | undefined {
    const features = account.host.steps.bindFeatures.flatMap(({ read }) => read ?? []);
    if (features.length === 0) return undefined;
    const readings = features.map(async (read) => {
      try {
        return (await read(account, element)) ?? [];
      } catch (error) {
        account.host.log.warn({ account: account.jid, error }, "what a client is told when it binds cannot be read");
        return [];
      }
    });
    return Promise.all(readings).then((all) => all.flat());
  }

  /** Before anything can be sent to it. [xep0386-3.2-13] */
  #switchOn(session: LocalSession, { element, userAgent }: Bind2Wish): readonly XmlElement[] {
    if (userAgent !== undefined) session.set(userAgentSlot, userAgent);
    const features = session.account.host.steps.bindFeatures;
    return features.flatMap((feature) => feature.bind?.(session, element) ?? []);
  }

  /** A device gets the same resource each time, and has one session at most. [xep0386-3.2-09] */
  #placeOf(account: LocalAccount, { tag, userAgent }: Bind2Wish): Place | StanzaError {
    const { env, secret } = this.#parts;
    const device = userAgent?.id;
    // [xep0386-3.2.1-03] [xep0388-2.3-07]
    const name = resourceOfDevice(secret, env.entropy, { user: account.jid, tag, device });
    const old = sessionsOfDevice(account.sessions.values(), device);
    // [xep0386-3.2-02] [xep0386-3.2.1-01] [xep0386-3.2.1-02]
    const tagged = tag === undefined ? undefined : withResource(account.jid, `${tag}/${name}`);
    const jid = tagged ?? withResource(account.jid, name);
    assert(jid !== undefined, "letters and digits are a resource");
    const taken = account.sessions.get(resourceOf(jid) ?? "");
    const leaving = taken === undefined || old.includes(taken) ? old : [...old, taken];
    if (account.sessions.size - leaving.length < this.#parts.settings.sessionsPerAccountMax)
      return { jid, old: leaving };
    return this.#tooMany();
  }

  // [rfc6120-7.1-04] [rfc6120-7.6.2.1-01] [rfc6120-13.12-06] [rfc6120-13.12-07]
  #tooMany(): StanzaError {
    this.#parts.observer.limitHit("sessions-per-account");
    return new StanzaError("resource-constraint", { text: "too many sessions of this account" });
  }

  resume(link: BindingLink, { user, previous, h }: ResumptionWish, answer: Answer): void {
    this.#account(link, user).request(
      (account) => {
        // Nobody resumes but who bound it: only the account's own sessions are looked through.
        for (const session of account?.sessions.values() ?? [])
          if (session.management?.id === previous) return this.#goOn(session, link, h, answer);
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

  /** Gives an account that was just read back what sessions it had before the server was started. */
  restore(account: LocalAccount): Promise<void> | undefined {
    return restoreSessions(account, this.#endedSessions, (_, stored) => {
      const jid = withResource(account.jid, stored.session.resource);
      return jid && this.#newSession(stored, account, jid, stored.session.language);
    });
  }

  /** The client knows its address: features may speak to it. */
  announce(jid: FullJid): void {
    const { registry, host } = this.#parts;
    const user = bareOf(jid);
    registry.get(host(domainOf(user)), user).postLocal((account) => {
      const session = account?.sessions.get(resourceOf(jid) ?? "");
      if (account !== undefined && session !== undefined) account.host.emit(sessionBound, { account, session });
    });
  }

  #account(link: BindingLink, user: BareJid): LocalAccount {
    const { registry, host } = this.#parts;
    const home = host(domainOf(user));
    return link.isGuest ? registry.temporary(home, user) : registry.get(home, user);
  }

  #goOn(session: LocalSession, link: BindingLink, h: number, answer: Answer): void {
    session.resume(link, h, (outcome) => {
      switch (outcome.type) {
        case "resumed":
          link.attach(session);
          return answer({ type: "smResumed", jid: session.jid, h: outcome.h });
        case "impossible":
          return link.close(outcome.error);
        case "unavailable":
          return answer({ type: "smFailed", condition: "resource-constraint" });
        default:
          return answer({ type: "smFailed", condition: "item-not-found" });
      }
    });
  }

  /** The resource is ours to choose even when the client asked for one. RFC 6120 §7.6, §7.7 */
  #choosePlace(account: LocalAccount, requested: string | undefined): Place | StanzaError {
    const { env, settings } = this.#parts;
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
    if (old !== undefined && settings.resourceConflict !== "rename-new") return { jid, old: [old] };
    if (account.sessions.size >= settings.sessionsPerAccountMax) return this.#tooMany();
    // [rfc6120-7.1-03]
    if (old === undefined) return { jid, old: [] };
    // [rfc3920-7-09]
    // [rfc6120-7.7.1-02]
    const renamed = withResource(account.jid, `${wanted}-${randomToken(env, 5)}`);
    // A name as long as names may be leaves no room: then all of it is ours.
    return { jid: renamed ?? jidOfOurOwn(account, env), old: [] };
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

  #newSession(
    begin: SessionLink | StoredSession,
    account: LocalAccount,
    jid: FullJid,
    language: string | undefined,
  ): LocalSession {
    const { env, settings, observer, parseJid } = this.#parts;
    return new LocalSession({
      jid,
      resource: resourceOf(jid) ?? "",
      account,
      env,
      limits: settings.session,
      admission: { language, parseJid, ...this.#recipientLimit(account.jid) },
      begin,
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
