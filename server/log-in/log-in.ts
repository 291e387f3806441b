import { unreachable } from "#protocol/assert.ts";
import { bareOf, makeJid, type BareJid, type DomainJid } from "#protocol/jid/jid.ts";
import type { CredentialRenewal } from "#protocol/sasl/server-exchange.ts";
import type { QuestionEffect, StreamEvent } from "#protocol/stream/stream-effect.ts";
import type { AnswerInput } from "#protocol/stream/stream-input.ts";
import { DerivationRefused, type Env } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import type { Accounts } from "../account/accounts.ts";
import type { CoreObserver } from "../core-settings.ts";
import { answerEarlyIq } from "../host/early-iq.ts";
import { LocalEarlyPeer } from "../host/early-peer.ts";
import type { LocalHost } from "../host/local-host.ts";
import type { LoginAttempt, LoginThrottle } from "./login-throttle.ts";
import { isOutage } from "../store-log.ts";
import type { TokenLogIns } from "./token-log-ins.ts";
import { addressGroup } from "../link/address-group.ts";

/** What log-ins ask of the server around them. */
export interface LogInServices {
  readonly env: Pick<Env, "deriveKey">;
  readonly log: Log;
  readonly observer: Pick<CoreObserver, "limitHit" | "loginSucceeded" | "loginFailed">;
  readonly accounts: Accounts;
  readonly tokens: TokenLogIns;
  readonly throttle: LoginThrottle;
  readonly host: (domain: DomainJid | undefined) => LocalHost;
}

/** What the stream machine asks until somebody has come in, and answered by {@link LogIn.answer}. */
export type LogInQuestion = Exclude<
  QuestionEffect,
  { readonly type: "earlyRequest" | "bindResource" | "enableSm" | "resumeSm" }
>;

type Asked<Type extends QuestionEffect["type"]> = Extract<QuestionEffect, { readonly type: Type }>;

/** Whose stream it is. */
export interface LogInStream {
  readonly id: string;
  readonly remoteAddress: string;
}

/** The way of one client to its session: who it says it is, and what it has proven, until a resource is bound. */
export class LogIn {
  readonly #stream: LogInStream;
  readonly #services: LogInServices;
  readonly #authenticated: (() => void) | undefined;
  #user: BareJid | undefined;
  #isGuest = false;
  #earlyPeer: LocalEarlyPeer | undefined;

  /** @param authenticated told when somebody has logged in */
  constructor(stream: LogInStream, services: LogInServices, authenticated?: () => void) {
    this.#stream = stream;
    this.#services = services;
    this.#authenticated = authenticated;
  }

  /** Who is logging in, or has logged in. */
  get user(): BareJid | undefined {
    return this.#user;
  }

  /** Whoever has logged in has no account: one in memory will do (RFC 4505). */
  get isGuest(): boolean {
    return this.#isGuest;
  }

  /**
   * What the machine wants to know. Never rejects.
   *
   * @param domain the host that the stream is for
   */
  async answer(question: LogInQuestion, domain: DomainJid | undefined): Promise<AnswerInput> {
    try {
      return await this.#find(question, domain);
    } catch (error) {
      const { log, observer } = this.#services;
      if (question.type === "issueToken") {
        // Without a token the client is in all the same.
        log.warn({ stream: this.#stream.id, error }, "no token can be issued at present");
        return { type: "tokenIssued" };
      }
      if (error instanceof DerivationRefused) observer.limitHit("key-derivations");
      const level = isOutage(error) ? "debug" : "warn";
      log[level]({ stream: this.#stream.id, error }, "authentication is not possible at present");
      return { type: "authenticationFailed", condition: "temporary-auth-failure" };
    }
  }

  async #find(question: LogInQuestion, domain: DomainJid | undefined): Promise<AnswerInput> {
    switch (question.type) {
      case "lookupCredentials":
        return this.#credentials(question, domain);
      case "lookupTokens":
        return this.#tokens(question, domain);
      case "derive":
        return { type: "derived", key: await this.#services.env.deriveKey(question) };
      case "authorize":
        return this.#authorize(question);
      case "keepCredentials":
        return this.#keepCredentials(question);
      case "issueToken":
        return this.#services.tokens.issue(question.user, question.userAgent, question.mechanism);
      default:
        return unreachable(question);
    }
  }

  async #credentials({ username }: Asked<"lookupCredentials">, domain: DomainJid | undefined): Promise<AnswerInput> {
    const user = this.#begin(username, domain);
    if (this.#mustWait()) return tooManyFailures;
    const record = user === undefined ? undefined : await this.#services.accounts.find(user);
    return { type: "credentials", found: record?.credentials };
  }

  async #tokens({ username, device }: Asked<"lookupTokens">, domain: DomainJid | undefined): Promise<AnswerInput> {
    const user = this.#begin(username, domain);
    if (this.#mustWait()) return tooManyFailures;
    return { type: "tokens", found: user === undefined ? [] : await this.#services.tokens.candidates(user, device) };
  }

  /** Somebody says who they are, and has not proven it. */
  #begin(username: string, domain: DomainJid | undefined): BareJid | undefined {
    const jid = domain === undefined ? undefined : makeJid(username, domain);
    this.#user = jid && bareOf(jid);
    return this.#user;
  }

  #mustWait(): boolean {
    const refused = this.#services.throttle.refuses(this.#attempt);
    if (refused) this.#services.observer.limitHit("failed-logins");
    return refused;
  }

  get #attempt(): LoginAttempt {
    return { address: addressGroup(this.#stream.remoteAddress), account: this.#user };
  }

  async #authorize({ mechanism, user, anonymous, token }: Asked<"authorize">): Promise<AnswerInput> {
    const { observer, log, tokens, throttle } = this.#services;
    const refused = token === undefined ? undefined : await tokens.use(user, token);
    if (refused !== undefined) return { type: "authenticationFailed", condition: refused };
    this.#user = user;
    if (anonymous) this.#isGuest = true;
    else throttle.succeeded(this.#attempt);
    observer.loginSucceeded(mechanism);
    this.#authenticated?.();
    log.info({ stream: this.#stream.id, peer: this.#stream.remoteAddress, account: user, mechanism }, "logged in");
    return { type: "authorized", user };
  }

  async #keepCredentials({ user, renewal }: Asked<"keepCredentials">): Promise<AnswerInput> {
    const kept = await this.#services.accounts.renewCredentials(user, renewal);
    if (kept.ok) {
      this.#services.log.info({ stream: this.#stream.id, account: user }, "keys for a further mechanism were added");
      return { type: "credentialsKept" };
    }
    const condition = kept.reason === "bad-password" ? "not-authorized" : "temporary-auth-failure";
    return { type: "authenticationFailed", condition, text: kept.text };
  }

  /** New keys for a password that was just proven; nobody waits for it. */
  renewCredentials(user: BareJid, renewal: CredentialRenewal): void {
    const { log, accounts } = this.#services;
    const fields = { stream: this.#stream.id, account: user };
    accounts.renewCredentials(user, renewal).then(
      (renewed) => {
        if (renewed.ok) log.info(fields, "the keys of the password were made anew, as the configuration wants them");
        else log.warn({ ...fields, reason: renewed.reason }, "the keys of the password stay as they were");
      },
      (error: unknown) => log.error({ ...fields, error }, "the keys of the password cannot be renewed"),
    );
  }

  failed({ mechanism, condition }: Extract<StreamEvent, { readonly name: "authentication-failed" }>): void {
    const { observer, log, throttle } = this.#services;
    observer.loginFailed(mechanism, condition);
    throttle.failed(this.#attempt);
    const peer = this.#stream.remoteAddress;
    log.info({ stream: this.#stream.id, peer, mechanism, condition }, "log-in failed");
  }

  /** A request made before authentication. Rejects only for a bug. */
  async answerEarly({ element }: Asked<"earlyRequest">, domain: DomainJid | undefined): Promise<AnswerInput> {
    this.#earlyPeer ??= new LocalEarlyPeer(addressGroup(this.#stream.remoteAddress));
    return {
      type: "earlyReply",
      element: await answerEarlyIq(this.#services.host(domain), element, this.#earlyPeer),
    };
  }
}

const tooManyFailures: AnswerInput = {
  type: "authenticationFailed",
  condition: "temporary-auth-failure",
  text: "too many failed log-ins; try again later",
};
