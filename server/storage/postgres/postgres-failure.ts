import pg from "pg";
import { StoreError } from "#kit/storage.ts";
import type { StoreErrorKind } from "#kit/storage.ts";
import type { Failure } from "../backend.ts";

/** SQLSTATE codes, longest match first; what is not here cannot be helped by us: `unavailable`. */
const kindOfState: readonly (readonly [start: string, kind: StoreErrorKind])[] = [
  ["23505", "conflict"], // unique_violation
  ["25006", "read-only"], // read_only_sql_transaction: a standby
  ["53100", "full"], // disk_full
  ["54", "too-large"], // program_limit_exceeded
  ["42501", "unavailable"], // insufficient_privilege
  ["42", "corrupt"], // our tables are not as we made them
  ["XX001", "corrupt"], // data_corrupted
  ["XX002", "corrupt"], // index_corrupted
];

export function postgresFailure(error: unknown): Failure {
  if (error instanceof StoreError) return { kind: error.kind, message: error.message };
  const message = error instanceof Error ? error.message || error.name : String(error);
  if (!(error instanceof pg.DatabaseError)) return { kind: "unavailable", message: `PostgreSQL: ${message}` };
  const state = error.code ?? "";
  const kind = kindOfState.find(([start]) => state.startsWith(start))?.[1] ?? "unavailable";
  return { kind, message: `PostgreSQL: ${message} (${state})` };
}

export function postgresError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { kind, message } = postgresFailure(error);
  return new StoreError(kind, message, { cause: error });
}
