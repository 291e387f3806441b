import { StoreError } from "#kit/storage.ts";
import type { StoreErrorKind } from "#kit/storage.ts";
import type { Failure } from "../backend.ts";

/** Primary result codes of SQLite (the low byte of the extended ones). */
const kindOfCode: Readonly<Record<number, StoreErrorKind>> = {
  5: "unavailable", // BUSY
  8: "read-only", // READONLY
  10: "unavailable", // IOERR
  11: "corrupt", // CORRUPT
  13: "full", // FULL
  14: "unavailable", // CANTOPEN
  18: "too-large", // TOOBIG
  19: "conflict", // CONSTRAINT
  26: "corrupt", // NOTADB
};

/** What went wrong in SQLite, in our words; an error that is not SQLite's is a bug and is thrown on. */
export function sqliteFailure(error: unknown): Failure {
  if (error instanceof StoreError) return { kind: error.kind, message: error.message };
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") throw error;
  return { kind: kindOfCode[error.errcode & 0xff] ?? "unavailable", message: error.message };
}

export function sqliteError(error: unknown): StoreError {
  const { kind, message } = sqliteFailure(error);
  return new StoreError(kind, message, { cause: error });
}
