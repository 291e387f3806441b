import pg from "pg";
import { assert } from "#protocol/assert.ts";
import type { SqlDialect, SqlParameter } from "../sql-select.ts";

/** Statements beyond this many different texts are parsed each time. */
const preparedMax = 200;
/** OID of bigint, which pg gives as text; our integers are safe ones. */
const bigintOid = 20;

export type SqlText = { readonly text: string; readonly parameters: readonly SqlParameter[] };

/** What is sent over one connection: prepared once, pipelined, rows as arrays. */
export class PostgresSession {
  readonly #client: pg.ClientBase;
  readonly #names: StatementNames;
  readonly #sent: () => void;

  constructor(client: pg.ClientBase, names: StatementNames, sent: () => void = () => {}) {
    this.#client = client;
    this.#names = names;
    this.#sent = sent;
  }

  /** Sent at once, whatever else is under way: results come in order. */
  async query(text: string, parameters: readonly SqlParameter[] = []): Promise<readonly (readonly unknown[])[]> {
    return (await this.result(text, parameters)).rows;
  }

  result(text: string, parameters: readonly SqlParameter[] = []): Promise<pg.QueryArrayResult<unknown[]>> {
    this.#sent();
    const name = this.#names.of(text);
    const values = [...parameters];
    return this.#client.query<unknown[]>(
      name === undefined ? { text, values, rowMode: "array" } : { name, text, values, rowMode: "array" },
    );
  }

  /**
   * One transaction in one round trip: everything is sent before anything is answered. A statement that fails makes
   * the rest fail, and the end of the transaction take everything back.
   */
  async transaction(statements: readonly SqlText[]): Promise<void> {
    const [only] = statements;
    if (only !== undefined && statements.length === 1) {
      await this.result(only.text, only.parameters);
      return;
    }
    const sent = [this.result("BEGIN"), ...statements.map((one) => this.result(one.text, one.parameters))];
    const ended = this.result("COMMIT");
    const results = await Promise.allSettled([...sent, ended]);
    for (const result of results) if (result.status === "rejected") throw result.reason;
    assert((await ended).command === "COMMIT", "a transaction in which nothing failed is committed");
  }
}

/** Names for prepared statements, the same on every connection of a store. */
export class StatementNames {
  readonly #names = new Map<string, string>();

  of(text: string): string | undefined {
    const known = this.#names.get(text);
    if (known !== undefined || this.#names.size >= preparedMax) return known;
    const name = `balcony_${this.#names.size}`;
    this.#names.set(text, name);
    return name;
  }
}

export const postgresTypes: pg.CustomTypesConfig = {
  getTypeParser: (oid, format) => {
    // oxlint-disable-next-line typescript/no-unsafe-assignment -- pg types its parsers as any
    const parse: (text: string) => unknown = oid === bigintOid ? Number : pg.types.getTypeParser(oid, format);
    return parse;
  },
};

/**
 * That a row of the archive has this key, in words that fit only its primary key, all of it: with `=` a planner that
 * knows nothing of the table may as well read all rows of the owner by time, or all rows of the id. It takes this for
 * many rows: a subquery that looks one up needs LIMIT 1, and a session without sequential scans.
 */
export function hasKey(row: string, id: string, owner: string, store: string): string {
  const ofRow = `(${row}.id, ${row}.owner, ${row}.store)`;
  const key = `(${id}, ${owner}, ${store})`;
  return `${ofRow} >= ${key} AND ${ofRow} <= ${key}`;
}

export function postgresDialect(schema: string): SqlDialect {
  return {
    table: (name) => `"${schema}"."${name}"`,
    parameter: (n) => `$${n}`,
    isIn: (column, n, type) => `${column} = ANY ($${n}::${type === "text" ? "text" : "bigint"}[])`,
    list: (values) => values.map(String),
    archiveById: `"${schema}"."archive"`,
    unindexed: (column) => `${column} || ''`,
  };
}
