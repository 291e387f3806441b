import { isCreatableLocalpart } from "#protocol/jid/creatable-localpart.ts";
import { bareOf, domainOf, isBare, localpartOf, type BareJid, type DomainJid, type Jid } from "#protocol/jid/jid.ts";
import { makeCredentials } from "#protocol/sasl/make-credentials.ts";
import type { SaslServerPolicy } from "#protocol/sasl/server-policy.ts";
import type { CredentialRenewal } from "#protocol/sasl/server-exchange.ts";
import type { StoredCredentials } from "#protocol/sasl/stored-credentials.ts";
import { DerivationRefused, type Env } from "#kit/env.ts";
import type { AccountAdministration, AccountChange, NewAccountOptions } from "#kit/host.ts";
import { passwordChanged } from "#kit/lifecycle.ts";
import type { Store } from "#kit/storage.ts";
import type { LocalHost } from "../host/local-host.ts";
import { durable, failed, inTurn, unknownAccount } from "./account-change.ts";
import { accountRecordCodec, type AccountRecord } from "./account-record.ts";
import { accountRecord, tombstone } from "./account-slots.ts";
import { accountStore } from "./account-store.ts";
import { Deletions } from "./deletions.ts";
import type { AccountRegistry } from "./registry.ts";
import { Lookalikes } from "./lookalikes.ts";

/** Longest password, in UTF-16 code units. */
export const passwordLengthMax = 1_023;

export interface AccountsParts {
  readonly env: Env;
  readonly store: Store;
  readonly registry: AccountRegistry;
  readonly host: (domain: DomainJid) => LocalHost | undefined;
  readonly sasl: SaslServerPolicy;
  /** How long the name of a deleted account stays taken, in milliseconds. */
  readonly tombstoneMs: number;
  /** Told when what somebody may have proven just now, without having a session yet, holds no more (A55). */
  readonly credentialsGone: (jid: BareJid) => void;
}

/** Creates, changes, deletes and lists the accounts of all hosts. */
export class Accounts implements AccountAdministration {
  readonly #parts: AccountsParts;
  /** Of accounts that are on their way out. */
  readonly deletions: Deletions;
  readonly #lookalikes: Lookalikes;

  constructor(parts: AccountsParts) {
    this.#parts = parts;
    this.deletions = new Deletions(parts);
    this.#lookalikes = new Lookalikes(parts.store);
  }

  readonly create = async (jid: Jid, password: string, options: NewAccountOptions = {}): Promise<AccountChange> => {
    const host = this.#parts.host(domainOf(jid));
    const name = localpartOf(jid);
    if (host === undefined) return failed("bad-name", `${domainOf(jid)} is not a host of this server`);
    // [rfc6120-C-01]
    if (name === undefined || !isBare(jid)) return failed("bad-name", "an account is named name@host");
    if (!isCreatableLocalpart(name))
      return failed(
        "bad-name",
        "older servers or people could take this name for another; choose letters of one script that all write alike",
      );
    return this.#lookalikes.inTurn(jid, async () => {
      if (options.refuseLookalikes === true && (await this.#hasLookalike(jid)))
        return failed("lookalike", "this name looks like another that is taken");
      return this.#withCredentials(jid, password, (credentials) =>
        inTurn(this.#parts.registry.get(host, jid), async (account) => {
          if (account !== undefined && !account.isLeaving) return failed("exists", `${jid} exists already`);
          if (account !== undefined || (await this.#isBuried(bareOf(jid))))
            return failed("tombstone", `${jid} was deleted and its name is not free yet`);
          const value = accountRecord.codec.encode({ createdAt: this.#parts.env.now(), credentials });
          await this.#parts.store.commit([
            { op: "wipe", owner: jid },
            { op: "set", store: accountStore, owner: jid, key: "", value },
            await this.#lookalikes.noted(jid),
          ]);
          this.#parts.registry.get(host, jid).reload();
          return { ok: true };
        }),
      );
    });
  };

  /** Another account of the host, or one that was there lately, with a name that people may take for this one (A19). */
  async #hasLookalike(jid: Jid): Promise<boolean> {
    for (const other of await this.#lookalikes.of(jid))
      if ((await this.exists(other)) || (await this.#isBuried(other))) return true;
    return false;
  }

  async #isBuried(jid: BareJid): Promise<boolean> {
    const { store, env, tombstoneMs } = this.#parts;
    const buried = await store.get(tombstone.name, jid, "");
    return buried !== undefined && tombstone.codec.decode(buried).deletedAt + tombstoneMs > env.now();
  }

  readonly setPassword = async (jid: BareJid, password: string, except?: string): Promise<AccountChange> => {
    const host = this.#parts.host(domainOf(jid));
    if (host === undefined) return unknownAccount(jid);
    return this.#withCredentials(jid, password, (credentials) =>
      inTurn(this.#parts.registry.get(host, jid), (account) => {
        if (account === undefined || account.isLeaving) return Promise.resolve(unknownAccount(jid));
        const record = account.value(accountRecord);
        record.set({ createdAt: record.get()?.createdAt ?? this.#parts.env.now(), credentials });
        host.emit(passwordChanged, { account });
        return durable(account, () => {
          this.#parts.credentialsGone(jid);
          for (const session of account.sessions.values())
            if (session.resource !== except) session.end("not-authorized", "the password was changed");
        });
      }),
    );
  };

  /** Keeps the same password's new keys, unless it was changed since it was proven. Sessions stay. */
  readonly renewCredentials = async (jid: BareJid, { from, to }: CredentialRenewal): Promise<AccountChange> => {
    const host = this.#parts.host(domainOf(jid));
    if (host === undefined) return unknownAccount(jid);
    return inTurn(this.#parts.registry.get(host, jid), (account) => {
      if (account === undefined || account.isLeaving) return Promise.resolve(unknownAccount(jid));
      const record = account.value(accountRecord);
      const now = record.get();
      if (now === undefined || !areSame(now.credentials, from))
        return Promise.resolve(failed("bad-password", "the password was changed meanwhile"));
      record.set({ ...now, credentials: to });
      return durable(account, nothing);
    });
  };

  readonly delete = async (jid: BareJid, gone: () => void = nothing): Promise<AccountChange> => {
    const host = this.#parts.host(domainOf(jid));
    if (host === undefined) return unknownAccount(jid);
    const change = await this.deletions.begin(host, jid);
    if (!change.ok) return change;
    gone();
    const owner = this.#parts.registry.get(host, jid);
    // Whoever was told of it just now, by a session that is about to end: that is under way before the turn after next.
    await new Promise<void>((resolve) =>
      owner.postLocal(() => owner.postLocal((account) => (account ?? owner).whenDurable(resolve, () => resolve()))),
    );
    await this.deletions.clear(host, jid);
    return change;
  };

  readonly exists = async (jid: BareJid): Promise<boolean> => (await this.find(jid)) !== undefined;

  /** What is stored of an account's log-in. */
  readonly find = async (jid: BareJid): Promise<AccountRecord | undefined> => {
    const text = await this.#parts.store.get(accountStore, jid, "");
    return text === undefined ? undefined : accountRecord.codec.decode(text);
  };

  /** Accounts of a host in the order of their names, a page at a time. */
  readonly list = (domain: DomainJid, after: string | undefined, limit: number): Promise<readonly string[]> =>
    this.#parts.store.owners(accountStore, { domain, limit, ...(after === undefined ? {} : { after }) });

  async #withCredentials(
    jid: Jid,
    password: string,
    then: (credentials: StoredCredentials) => Promise<AccountChange>,
  ): Promise<AccountChange> {
    if (password === "" || password.length > passwordLengthMax)
      return failed("bad-password", `a password has 1 to ${passwordLengthMax} characters`);
    try {
      const credentials = await this.#credentialsOf(jid, password);
      if (credentials === undefined)
        return failed("bad-password", "the password has characters that clients cannot send (control characters)");
      return await then(credentials);
    } catch (error) {
      if (error instanceof DerivationRefused) return failed("too-busy", "too many log-ins at present; try again");
      throw error;
    }
  }

  async #credentialsOf(jid: Jid, password: string): Promise<StoredCredentials | undefined> {
    const { env, sasl } = this.#parts;
    const maker = makeCredentials({
      username: localpartOf(jid) ?? "",
      domain: domainOf(jid),
      password,
      policy: sasl,
      random: env.entropy,
    });
    let step = maker.start();
    while (step.type === "derive") step = maker.derived(await env.deriveKey(step));
    return step.type === "made" ? step.credentials : undefined;
  }
}

function areSame(one: StoredCredentials, other: StoredCredentials): boolean {
  const text = (credentials: StoredCredentials): string => accountRecordCodec.encode({ createdAt: 0, credentials });
  return text(one) === text(other);
}

function nothing(): void {}
