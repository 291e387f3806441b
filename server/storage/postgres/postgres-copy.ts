import type { Row, Write } from "#kit/storage.ts";
import { joinWith } from "../sql-select.ts";
import type { PostgresSession } from "./postgres-session.ts";
import { readRows } from "./postgres-reads.ts";
import type { ReadContext } from "./postgres-reads.ts";

const pageRows = 1_000;

export type Everything = { readonly rowsEstimate: number; readonly pages: AsyncIterable<readonly Write[]> };

/** All rows as the writes that make them, page by page, in the caller's transaction. */
export async function everything(session: PostgresSession, context: ReadContext): Promise<Everything> {
  const tables = ["entry", "archive", ...[...context.tables.keys()].map((name) => `table_${name}`)];
  const counts = tables.map((table) => `(SELECT count(*) FROM ${context.dialect.table(table)})`);
  const [row] = await session.query(`SELECT ${counts.join(" + ")}`);
  return { rowsEstimate: Number(row?.[0]), pages: pagesOf(session, context) };
}

async function* pagesOf(session: PostgresSession, context: ReadContext): AsyncIterable<readonly Write[]> {
  yield* entryPages(session, context);
  yield* archivePages(session, context);
  for (const store of context.tables.keys()) yield* tablePages(session, context, store);
}

async function* entryPages(session: PostgresSession, { dialect }: ReadContext): AsyncIterable<readonly Write[]> {
  const text =
    `SELECT owner, store, key, value FROM ${dialect.table("entry")} WHERE (owner, store, key) > ($1, $2, $3) ` +
    "ORDER BY owner, store, key LIMIT $4";
  let place = ["", "", ""];
  for (;;) {
    const rows = (await session.query(text, [...place, pageRows])).map((row) => row.map(String));
    yield rows.map(([owner = "", store = "", key = "", value = ""]) => ({ op: "set", store, owner, key, value }));
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    place = last.slice(0, 3);
  }
}

async function* archivePages(session: PostgresSession, { dialect }: ReadContext): AsyncIterable<readonly Write[]> {
  const text =
    `SELECT id, owner, store, at, peer, resource, value FROM ${dialect.table("archive")} ` +
    "WHERE (id, owner, store) > ($1, $2, $3) ORDER BY id, owner, store LIMIT $4";
  let place = ["", "", ""];
  for (;;) {
    const rows = (await session.query(text, [...place, pageRows])).map((row) => row.map(String));
    yield rows.map(([id = "", owner = "", store = "", at = "", peer = "", resource = "", value = ""]) => ({
      op: "append",
      store,
      owner,
      id,
      at: Number(at),
      with: joinWith(peer, resource),
      value,
    }));
    const last = rows.at(-1);
    if (last === undefined || rows.length < pageRows) return;
    place = last.slice(0, 3);
  }
}

async function* tablePages(
  session: PostgresSession,
  context: ReadContext,
  store: string,
): AsyncIterable<readonly Write[]> {
  let after: Row | undefined;
  for (;;) {
    const query = { where: [], limit: pageRows, ...(after === undefined ? {} : { after }) };
    const rows = await readRows(session, context, store, query);
    yield rows.map((row) => ({ op: "insert", store, row }));
    after = rows.at(-1);
    if (after === undefined || rows.length < pageRows) return;
  }
}
