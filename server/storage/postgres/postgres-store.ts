import pg from "pg";
import type { BackupProgress, Store, StoreShape, TableShape, TextIndexHealth, Write } from "#kit/storage.ts";
import { assert } from "#protocol/assert.ts";
import type { Backend, Failure, Outcome, Read } from "../backend.ts";
import { copyToSqlite } from "../copy-to-sqlite.ts";
import { QueuedStore } from "../queued-store.ts";
import type { QueueOptions } from "../queued-store.ts";
import { bringUpToDate } from "../schema-session.ts";
import { TextIndexing } from "../text-indexing.ts";
import { everything } from "./postgres-copy.ts";
import { postgresError, postgresFailure } from "./postgres-failure.ts";
import { readPostgres } from "./postgres-reads.ts";
import { postgresSchemaSession, postgresVersions } from "./postgres-schema.ts";
import { postgresDialect, PostgresSession, postgresTypes, StatementNames } from "./postgres-session.ts";
import { indexStep, reindex } from "./postgres-text-index.ts";
import { PostgresWriter } from "./postgres-writer.ts";

export type PostgresStoreOptions = QueueOptions & {
  /** Where the server is and who we are; see the documentation of `pg`. */
  readonly connection: pg.ClientConfig;
  /** The schema that holds our tables; it is made if it is missing. */
  readonly schema?: string;
  /** Connections that read, beside the one that writes. */
  readonly readersMax?: number;
  readonly connectMsMax?: number;
  /** How long a statement may take. */
  readonly queryMsMax?: number;
  /** Called for every statement that is sent to write; a test counts. */
  readonly sent?: () => void;
};

/**
 * A connection that reads looks up a few rows among many. A plan that was made while a table was small, and so reads all
 * of it, would be kept while it grows: until PostgreSQL gathers statistics, which may be late or switched off. Old
 * versions take a table that has to be read whole for one so large that compiling the query is worth its time.
 */
const fewAmongMany = "SELECT set_config('enable_seqscan', 'off', false), set_config('jit', 'off', false)";

const schemaPattern = /^[a-z][a-z0-9_]{0,39}$/;

/** Opens the store in a PostgreSQL database. Rejects with a StoreError whose message an administrator can act upon. */
export async function openPostgresStore(options: PostgresStoreOptions): Promise<Store> {
  const backend = new PostgresBackend(options);
  try {
    await backend.open();
  } catch (error) {
    await backend.close();
    throw error;
  }
  return new QueuedStore(backend, options);
}

class PostgresBackend implements Backend {
  readonly #schema: string;
  readonly #client: pg.ClientConfig;
  readonly #names = new StatementNames();
  readonly #writer: PostgresWriter;
  readonly #pool: pg.Pool;
  readonly #dialect;
  readonly #tables = new Map<string, TableShape>();
  readonly #declared: StoreShape[] = [];
  #archives: readonly string[] = [];
  readonly #searchable = new Set<string>();
  readonly #indexing: TextIndexing;

  constructor(options: PostgresStoreOptions) {
    this.#schema = options.schema ?? "balcony";
    assert(schemaPattern.test(this.#schema), `bad schema name ${this.#schema}`);
    const queryMsMax = options.queryMsMax ?? 30_000;
    this.#client = {
      application_name: "balcony",
      keepAlive: true,
      ...options.connection,
      connectionTimeoutMillis: options.connectMsMax ?? 10_000,
      query_timeout: queryMsMax,
      statement_timeout: queryMsMax,
      pipeline: true,
      types: postgresTypes,
    };
    this.#dialect = postgresDialect(this.#schema);
    this.#writer = new PostgresWriter({
      schema: this.#schema,
      client: this.#client,
      names: this.#names,
      sent: options.sent ?? (() => {}),
    });
    this.#pool = new pg.Pool({ ...this.#client, max: options.readersMax ?? 4 });
    // An idle connection that breaks leaves the pool by itself; the next read opens another. One that breaks while it is
    // read from fails its reads, and says it once more where nobody listens, which would end this process.
    this.#indexing = new TextIndexing({
      step: () => this.#withIndex((session) => indexStep(session, this.#dialect)),
      rebuild: () => this.#withIndex((session) => reindex(session, this.#dialect)),
      // A connection of its own, which no commit waits for; what is left is for this thread.
      restShare: 0.25,
      watch: options.watch,
    });
    this.#pool.on("error", () => {});
    this.#pool.on("connect", (client) => {
      client.on("error", () => {});
      // Sent ahead of what it is wanted for; where it fails, so does that.
      client.query(fewAmongMany).catch(() => {});
    });
  }

  open(): Promise<void> {
    return this.#writer.open();
  }

  readonly apply = async (group: readonly (readonly Write[])[]): Promise<readonly (Failure | undefined)[]> => {
    const failures = await this.#writer.apply(group, {
      dialect: this.#dialect,
      tables: this.#tables,
      archives: this.#archives,
      searchable: this.#searchable,
    });
    if (group.some((commit) => commit.some((write) => write.op === "append" && this.#searchable.has(write.store))))
      this.#indexing.changed();
    return failures;
  };

  /** The look-ups of a turn share a connection and a round trip; every search has one to itself. */
  readonly read = (requests: readonly Read[], answered: (index: number, outcome: Outcome) => void): void => {
    const lookups: number[] = [];
    for (const [index, { read }] of requests.entries()) {
      if (read === "load" || read === "get") lookups.push(index);
      else void this.#readTogether(requests, [index], answered);
    }
    if (lookups.length > 0) void this.#readTogether(requests, lookups, answered);
  };

  readonly declare = async (shapes: readonly StoreShape[]): Promise<void> => {
    const session = this.#writer.session;
    try {
      await session.query("BEGIN");
      await bringUpToDate(postgresSchemaSession(session, this.#schema, this.#dialect), shapes);
      await session.query("COMMIT");
      const versions = await postgresVersions(session, this.#dialect);
      this.#archives = [...versions].filter(([, { shape }]) => shape === "archive").map(([name]) => name);
    } catch (error) {
      await session.query("ROLLBACK").catch(() => {});
      throw error instanceof pg.DatabaseError ? postgresError(error) : error;
    }
    this.#declared.push(...shapes);
    for (const shape of shapes) {
      if (shape.shape === "table") this.#tables.set(shape.name, shape);
      if (shape.shape === "archive" && shape.searchable !== undefined) this.#searchable.add(shape.name);
    }
    if (this.#searchable.size > 0) this.#indexing.changed();
  };

  readonly backup = async (path: string, progress: BackupProgress): Promise<void> => {
    const client = new pg.Client({ ...this.#client, query_timeout: undefined, statement_timeout: 0 });
    client.on("error", () => {});
    try {
      await client.connect();
      const session = new PostgresSession(client, new StatementNames());
      await session.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
      const context = { dialect: this.#dialect, tables: this.#tables };
      const { rowsEstimate, pages } = await everything(session, context);
      const versions = await postgresVersions(session, this.#dialect);
      await copyToSqlite({ path, versions, declared: this.#declared, pages, rowsEstimate, progress });
    } catch (error) {
      throw postgresError(error);
    } finally {
      await client.end();
    }
  };

  readonly isDown = (): boolean => this.#writer.isDown;

  readonly textIndex = (): TextIndexHealth => this.#indexing.health;

  readonly probe = async (): Promise<void> => {
    try {
      const layout = this.#dialect.table("layout");
      await this.#writer.session.query(`UPDATE ${layout} SET version = version`);
      await this.#pool.query(`SELECT version FROM ${layout}`);
    } catch (error) {
      throw postgresError(error);
    }
  };

  readonly onBroken = (tell: (failure: Failure) => void): void => {
    this.#writer.onLost = tell;
  };

  readonly close = async (): Promise<void> => {
    await this.#indexing.close();
    await Promise.all([this.#writer.close(), this.#pool.end()]);
  };

  async #withIndex<T>(work: (session: PostgresSession) => Promise<T>): Promise<T> {
    let client: pg.PoolClient | undefined;
    let isBroken = true;
    try {
      client = await this.#pool.connect();
      const result = await work(new PostgresSession(client, this.#names));
      isBroken = false;
      return result;
    } catch (error) {
      throw postgresError(error);
    } finally {
      client?.release(isBroken);
    }
  }

  async #readTogether(
    requests: readonly Read[],
    places: readonly number[],
    answered: (index: number, outcome: Outcome) => void,
  ): Promise<void> {
    try {
      const client = await this.#pool.connect();
      const session = new PostgresSession(client, this.#names);
      const context = { dialect: this.#dialect, tables: this.#tables };
      const outcomes = await Promise.all(
        places.map(async (index) => {
          const request = requests[index];
          assert(request !== undefined, "the place is of a request");
          const outcome = await outcomeOf(readPostgres(session, context, request));
          answered(index, outcome);
          return outcome;
        }),
      );
      // What failed may have left the connection in any state.
      client.release(outcomes.some(({ ok }) => !ok));
    } catch (error) {
      const failure = postgresFailure(error);
      for (const index of places) answered(index, { ok: false, failure });
    }
  }
}

async function outcomeOf(answer: ReturnType<typeof readPostgres>): Promise<Outcome> {
  try {
    return { ok: true, answer: await answer };
  } catch (error) {
    return { ok: false, failure: postgresFailure(error) };
  }
}
