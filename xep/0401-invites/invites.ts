import { formatXmppUri } from "#protocol/jid/xmpp-uri.ts";
import { bareOf, makeJid, parseJid, type BareJid, type DomainJid } from "#protocol/jid/jid.ts";
import { randomToken, type Env } from "#kit/env.ts";
import type { LiveTable } from "#kit/host.ts";
import type { Row, TableShape } from "#kit/storage.ts";

/** An invitation to make an account on a host. */
export interface Invite {
  readonly token: string;
  readonly host: DomainJid;
  /** Localpart that the account will have; chosen by who is invited where it is undefined. */
  readonly account: string | undefined;
  /** Whose invitation it is; undefined for the administrator's. */
  readonly createdBy: BareJid | undefined;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly uses: number;
  readonly usesMax: number;
}

/** The invitations of all hosts. Those of a deleted account go with it. */
export const inviteTable = {
  shape: "table",
  name: "invites",
  version: 1,
  columns: {
    token: "text",
    host: "text",
    account: "text",
    created_by: "text",
    expires_at: "integer",
    uses: "integer",
    uses_max: "integer",
  },
  key: ["token"],
  indexes: [["host", "account"], ["expires_at"], ["created_by"]],
  owner: "created_by",
} as const satisfies TableShape;

/** Invitations of one host that may be out at a time (A15). */
export const invitesMax = 10_000;
/** How long an expired invitation is kept for those who had shown it before it expired. */
const keptMs = 24 * 3_600_000;
/** Invitations for one name that are looked at. */
const sameNameMax = 100;

export interface NewInvite {
  readonly account?: string | undefined;
  readonly createdBy?: BareJid | undefined;
  readonly validMs: number;
  readonly usesMax: number;
}

export type Redemption<T> =
  | { readonly ok: true; readonly result: T }
  /** It was revoked, or has been used as often as it may be. */
  | { readonly ok: false };

/** The invitations of one host. */
export class Invites {
  readonly #env: Pick<Env, "now" | "entropy">;
  readonly #table: LiveTable;
  readonly #host: DomainJid;
  /** The end of what is being done with an invitation, by token. */
  readonly #busy = new Map<string, Promise<void>>();

  constructor(host: {
    readonly domain: DomainJid;
    readonly env: Pick<Env, "now" | "entropy">;
    readonly table: (shape: TableShape) => LiveTable;
  }) {
    this.#env = host.env;
    this.#host = host.domain;
    this.#table = host.table(inviteTable);
  }

  /** A new invitation, durable; undefined when there are too many. */
  async create({ account, createdBy, validMs, usesMax }: NewInvite): Promise<Invite | undefined> {
    const now = this.#env.now();
    await this.#table.write([{ op: "deleteRows", where: [{ column: "expires_at", is: "<", value: now - keptMs }] }]);
    if ((await this.list()).length >= invitesMax) return undefined;
    const invite: Invite = {
      token: randomToken(this.#env),
      host: this.#host,
      account,
      createdBy,
      expiresAt: Math.floor(now + validMs),
      uses: 0,
      usesMax,
    };
    await this.#table.write([{ op: "insert", row: rowOf(invite) }]);
    return invite;
  }

  /** Every invitation that can still be used. */
  async list(): Promise<readonly Invite[]> {
    const rows = await this.#table.select({
      where: [{ column: "host", is: "=", value: this.#host }],
      limit: invitesMax,
    });
    return rows.map((row) => inviteOf(row, this.#host)).filter((invite) => this.#isUsable(invite));
  }

  /** The invitation with this token if it can be used now (XEP-0445 §4). */
  async find(token: string): Promise<Invite | undefined> {
    const invite = await this.#read(token);
    return invite !== undefined && this.#isUsable(invite) ? invite : undefined;
  }

  /** Whether somebody has been promised this name. XEP-0401 §6.2, XEP-0445 §5 */
  async isPromised(account: string): Promise<boolean> {
    const rows = await this.#table.select({
      where: [
        { column: "host", is: "=", value: this.#host },
        { column: "account", is: "=", value: account },
      ],
      limit: sameNameMax,
    });
    return rows.map((row) => inviteOf(row, this.#host)).some((invite) => this.#isUsable(invite));
  }

  /**
   * Does what the invitation is for and counts it as used if that succeeds. One at a time for each invitation, so that
   * none is used more often than it may be. That it has expired since it was shown does not matter (XEP-0445 §4).
   */
  redeem<T extends { readonly ok: boolean }>(token: string, run: () => Promise<T>): Promise<Redemption<T>> {
    return this.#exclusively(token, async () => {
      const invite = await this.#read(token);
      if (invite === undefined || invite.uses >= invite.usesMax) return { ok: false };
      const result = await run();
      if (result.ok) await this.#table.write([{ op: "upsert", row: rowOf({ ...invite, uses: invite.uses + 1 }) }]);
      return { ok: true, result };
    });
  }

  /** False when there is none. */
  async revoke(token: string): Promise<boolean> {
    if ((await this.#read(token)) === undefined) return false;
    await this.#table.write([
      {
        op: "deleteRows",
        where: [
          { column: "token", is: "=", value: token },
          { column: "host", is: "=", value: this.#host },
        ],
      },
    ]);
    return true;
  }

  #isUsable({ expiresAt, uses, usesMax }: Invite): boolean {
    return expiresAt > this.#env.now() && uses < usesMax;
  }

  async #read(token: string): Promise<Invite | undefined> {
    const [row] = await this.#table.select({
      where: [
        { column: "token", is: "=", value: token },
        { column: "host", is: "=", value: this.#host },
      ],
      limit: 1,
    });
    return row === undefined ? undefined : inviteOf(row, this.#host);
  }

  async #exclusively<T>(token: string, run: () => Promise<T>): Promise<T> {
    const before = this.#busy.get(token);
    const { promise: mine, resolve } = Promise.withResolvers<void>();
    this.#busy.set(token, mine);
    await before;
    try {
      return await run();
    } finally {
      resolve();
      if (this.#busy.get(token) === mine) this.#busy.delete(token);
    }
  }
}

/** The link that is given to who is invited (XEP-0401 §5.4). */
export function inviteUri({ host, account, token }: Invite): string {
  const address = account === undefined ? host : makeJid(account, host);
  return formatXmppUri({
    ...(address === undefined ? {} : { address }),
    query: { type: "register", parameters: [["preauth", token]] },
  });
}

function rowOf(invite: Invite): Row {
  return {
    token: invite.token,
    host: invite.host,
    account: invite.account ?? "",
    created_by: invite.createdBy ?? "",
    expires_at: invite.expiresAt,
    uses: invite.uses,
    uses_max: invite.usesMax,
  };
}

function inviteOf(row: Row, host: DomainJid): Invite {
  const account = String(row["account"] ?? "");
  const createdBy = parseJid(String(row["created_by"] ?? ""));
  return {
    token: String(row["token"]),
    host,
    account: account === "" ? undefined : account,
    createdBy: createdBy === undefined ? undefined : bareOf(createdBy),
    expiresAt: Number(row["expires_at"]),
    uses: Number(row["uses"]),
    usesMax: Number(row["uses_max"]),
  };
}
