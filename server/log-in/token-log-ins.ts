import { domainOf, type BareJid, type DomainJid } from "#protocol/jid/jid.ts";
import type { SaslCondition } from "#protocol/sasl/sasl-condition.ts";
import type { TokenCandidate } from "#protocol/sasl/token-candidate.ts";
import type { PresentedToken } from "#protocol/stream/stream-effect.ts";
import type { AnswerInput } from "#protocol/stream/stream-input.ts";
import type { UserAgent } from "#protocol/stream/user-agent.ts";
import type { Store } from "#kit/storage.ts";
import type { TokenDevice } from "#kit/login-tokens.ts";
import { formatDateTime } from "#xep/0082-date-time/date-time.ts";
import { accountRecord } from "../account/account-slots.ts";
import type { LocalAccount } from "../account/account.ts";
import type { AccountRegistry } from "../account/registry.ts";
import type { LocalHost } from "../host/local-host.ts";

export interface TokenLogInsParts {
  readonly store: Store;
  readonly registry: AccountRegistry;
  readonly host: (domain: DomainJid) => LocalHost;
}

/** Log-in by tokens, between the streams and the module that keeps them (XEP-0484). */
export class TokenLogIns {
  readonly #parts: TokenLogInsParts;

  constructor(parts: TokenLogInsParts) {
    this.#parts = parts;
  }

  /**
   * What a device may present. One look into the store, as for a password: whether there is such an account, and whether
   * somebody uses it just now, cannot be told from it.
   */
  async candidates(user: BareJid, device: string): Promise<readonly TokenCandidate[]> {
    const tokens = this.#host(user).steps.loginTokens;
    if (tokens === undefined) return [];
    const stored = await this.#parts.store.get(tokens.slotName, user, device);
    return stored === undefined ? [] : tokens.candidates(stored);
  }

  /** In the owner's turn, so that of two who come with the same at once one is refused. Undefined when it was good. */
  async use(user: BareJid, token: PresentedToken): Promise<SaslCondition | undefined> {
    const checked = { isGood: false };
    const use = (account: LocalAccount | undefined): SaslCondition | undefined => {
      const refused = account === undefined ? "not-authorized" : this.#useNow(account, token);
      checked.isGood = refused === undefined;
      return refused;
    };
    try {
      return await this.#perform(user, use);
    } catch (error) {
      // What could not be written is only when it was used: as with a password, a full disc keeps nobody out.
      if (checked.isGood && token.count === undefined && !token.invalidate) return undefined;
      throw error;
    }
  }

  #useNow(account: LocalAccount, token: PresentedToken): SaslCondition | undefined {
    // Those of an account that is closed are as good as none.
    const record = account.value(accountRecord).get();
    if (record === undefined) return "not-authorized";
    const status = record.credentials.status ?? "active";
    if (status !== "active") return status === "disabled" ? "account-disabled" : "credentials-expired";
    return this.#host(account.jid).steps.loginTokens?.use(account, token);
  }

  async issue(
    user: BareJid,
    userAgent: UserAgent & { readonly id: string },
    mechanism: string | undefined,
  ): Promise<AnswerInput> {
    const issued = await this.#perform(user, (account) =>
      account === undefined ? undefined : this.#host(user).steps.loginTokens?.issue(account, userAgent, mechanism),
    );
    if (issued === undefined) return { type: "tokenIssued" };
    const expiry = formatDateTime(issued.expiresAt);
    return { type: "tokenIssued", issued: { token: issued.token, expiry } };
  }

  devices(user: BareJid): Promise<readonly TokenDevice[]> {
    return this.#perform(user, (account) =>
      account === undefined ? [] : (this.#host(user).steps.loginTokens?.devices(account) ?? []),
    );
  }

  /** Resolves with how many devices lost theirs. */
  revoke(user: BareJid, device: string | undefined): Promise<number> {
    return this.#perform(user, (account) =>
      account === undefined ? 0 : (this.#host(user).steps.loginTokens?.revoke(account, device) ?? 0),
    );
  }

  /** Resolves when what was written is durable. */
  #perform<T>(user: BareJid, task: (account: LocalAccount | undefined) => T): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const failed = (cause: unknown): void =>
      reject(cause instanceof Error ? cause : new Error("not stored", { cause }));
    this.#parts.registry.get(this.#host(user), user).request((account) => {
      const outcome = task(account);
      if (account === undefined) resolve(outcome);
      else account.whenDurable(() => resolve(outcome), failed);
    }, failed);
    return promise;
  }

  #host(user: BareJid): LocalHost {
    return this.#parts.host(domainOf(user));
  }
}
