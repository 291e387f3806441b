/** Bits of a place that number the rows of one millisecond. */
export const placeBits = 16;
/** Times that a place can hold, in milliseconds since 1970. Others count as the nearest of them. */
export const placeTimeMax = 2 ** 45 - 1;

/**
 * Terms are words already, joined by the two signs. Segments are merged late: what rows cost is mostly that, and a search
 * looks into a few more of them easily.
 */
const textTable: readonly string[] = [
  `CREATE VIRTUAL TABLE text USING fts5(terms, content = '', contentless_delete = 1, tokenize = "ascii tokenchars '_@'")`,
  "INSERT INTO text (text, rank) VALUES ('automerge', 16)",
];

/**
 * The index of what can be searched.
 *
 * It is written behind the commits: `text_state.mark` is the `number` of the last archive row that was looked at, in the
 * same transaction as what was found in it, and numbers only grow. A row in the index is known by its `place`, which is
 * its time and a count, so that what is found comes in the order of pages. The index keeps no text
 * (https://www.sqlite.org/fts5.html#contentless_delete_tables). Rows that are deleted leave a note in `text_gone`, and
 * are found no more from that moment on, since what is found is joined with the archive.
 */
export const textLayout = `
CREATE TABLE text_state (mark INTEGER NOT NULL) STRICT;
INSERT INTO text_state VALUES (0);
CREATE TABLE text_store (store TEXT PRIMARY KEY, declared TEXT NOT NULL) WITHOUT ROWID, STRICT;
CREATE TABLE text_gone (number INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT;
CREATE TABLE text_place (place INTEGER PRIMARY KEY, number INTEGER NOT NULL) STRICT;
CREATE TRIGGER archive_row_gone AFTER DELETE ON archive WHEN old.store IN (SELECT store FROM text_store)
BEGIN INSERT OR IGNORE INTO text_gone VALUES (old.number, old.at); END;
${textTable.join(";\n")};
`;

/** Forgets all that is indexed; everything is then looked at again. */
export const forgetIndex: readonly string[] = [
  "DROP TABLE IF EXISTS text",
  ...textTable,
  "DELETE FROM text_place",
  "DELETE FROM text_gone",
  "UPDATE text_state SET mark = 0",
];
