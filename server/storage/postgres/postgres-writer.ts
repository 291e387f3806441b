import pg from "pg";
import { StoreError } from "#kit/storage.ts";
import type { Write } from "#kit/storage.ts";
import { assert } from "#protocol/assert.ts";
import type { Failure } from "../backend.ts";
import { planGroup } from "./group-plan.ts";
import type { PlanContext } from "./group-plan.ts";
import { postgresError, postgresFailure } from "./postgres-failure.ts";
import { preparePostgresLayout } from "./postgres-schema.ts";
import { PostgresSession } from "./postgres-session.ts";
import type { StatementNames } from "./postgres-session.ts";

const reconnectMsMin = 50;
const reconnectMsMax = 10_000;
/** A server that was killed may leave its lock until PostgreSQL notices that the connection is gone. */
const lockTriesMax = 5;
const lockRetryMs = 100;
/** The first half of our advisory locks: "BALC". */
const lockClass = 0x42414c43;

export type WriterOptions = {
  readonly schema: string;
  readonly client: pg.ClientConfig;
  readonly names: StatementNames;
  readonly sent: () => void;
};

/**
 * The one connection that writes. It holds the advisory lock that keeps a second server out, so that whoever has lost
 * the lock has lost the means to write too.
 */
export class PostgresWriter {
  readonly #options: WriterOptions;
  #client: pg.Client | undefined;
  #session: PostgresSession | undefined;
  #reconnect: NodeJS.Timeout | undefined;
  #reconnectMs = reconnectMsMin;
  /** A connection that is being made anew. */
  #opening: Promise<void> | undefined;
  #closing = false;
  /** Told when the connection is gone and nobody has closed it. */
  onLost: ((error: StoreError) => void) | undefined;

  constructor(options: WriterOptions) {
    this.#options = options;
  }

  get isDown(): boolean {
    return this.#session === undefined;
  }

  /** Rejects with a StoreError; then nothing is tried again. */
  async open(): Promise<void> {
    const { schema, names, sent } = this.#options;
    const client = new pg.Client(this.#options.client);
    client.on("error", () => this.#lost(client));
    client.on("end", () => this.#lost(client));
    const session = new PostgresSession(client, names, sent);
    try {
      await client.connect();
      await takeLock(session, schema);
      await preparePostgresLayout(session, schema);
    } catch (error) {
      client.end().catch(() => {});
      throw postgresError(error);
    }
    this.#client = client;
    this.#session = session;
    this.#reconnectMs = reconnectMsMin;
  }

  /** Throws a StoreError where nobody may write. */
  get session(): PostgresSession {
    if (this.#session === undefined) throw new StoreError("unavailable", "not connected to PostgreSQL");
    return this.#session;
  }

  /** One transaction for all; only where a commit breaks it, once more with a savepoint for each. */
  async apply(group: readonly (readonly Write[])[], context: PlanContext): Promise<readonly (Failure | undefined)[]> {
    const session = this.session;
    try {
      await session.transaction(planGroup(group.flat(), context));
      return [];
    } catch (error) {
      if (!isOwnFault(postgresFailure(error))) throw postgresError(error);
    }
    try {
      return await this.#applyOneByOne(session, group, context);
    } catch (error) {
      await session.query("ROLLBACK").catch(() => {});
      throw postgresError(error);
    }
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#reconnect);
    // A connection that came up after this would keep the lock, and nobody would ever end it.
    await this.#opening;
    await this.#client?.end();
  }

  async #applyOneByOne(
    session: PostgresSession,
    group: readonly (readonly Write[])[],
    context: PlanContext,
  ): Promise<readonly (Failure | undefined)[]> {
    const failures: (Failure | undefined)[] = [];
    await session.query("BEGIN");
    for (const commit of group) {
      const statements = planGroup(commit, context);
      const results = await Promise.allSettled([
        session.query("SAVEPOINT one"),
        ...statements.map(({ text, parameters }) => session.query(text, parameters)),
        session.query("RELEASE SAVEPOINT one"),
      ]);
      const failed = results.find((result) => result.status === "rejected");
      const failure = failed === undefined ? undefined : postgresFailure(failed.reason);
      if (failed !== undefined && failure !== undefined) {
        if (!isOwnFault(failure)) throw failed.reason;
        await session.query("ROLLBACK TO SAVEPOINT one");
      }
      failures.push(failure);
    }
    const { command } = await session.result("COMMIT");
    assert(command === "COMMIT", "what failed was taken back to its savepoint");
    return failures;
  }

  #lost(client: pg.Client): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#session = undefined;
    if (this.#closing) return;
    this.onLost?.(new StoreError("unavailable", "the connection to PostgreSQL is gone"));
    this.#reconnectLater();
  }

  #reconnectLater(): void {
    this.#reconnect = setTimeout(() => {
      this.#opening = this.open().catch(() => {
        if (!this.#closing) this.#reconnectLater();
      });
    }, this.#reconnectMs);
    this.#reconnectMs = Math.min(this.#reconnectMs * 2, reconnectMsMax);
  }
}

async function takeLock(session: PostgresSession, schema: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    const [row] = await session.query("SELECT pg_try_advisory_lock($1::int, hashtext($2))", [lockClass, schema]);
    if (row?.[0] === true) return;
    if (tries === lockTriesMax) {
      throw new StoreError("locked", `another server works on the schema "${schema}" of this PostgreSQL database`);
    }
    await new Promise((resolve) => setTimeout(resolve, lockRetryMs));
  }
}

/** Whether the commit itself is to blame rather than the database. */
function isOwnFault({ kind }: Failure): boolean {
  return kind === "conflict" || kind === "too-large";
}
