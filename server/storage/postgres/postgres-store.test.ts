import { after } from "node:test";
import { storageContract } from "#testing/contract/storage.ts";
import { startPostgresServer } from "#testing/postgres-server.ts";
import { openPostgresStore } from "./postgres-store.ts";

const server = await startPostgresServer();
after(() => server[Symbol.asyncDispose]());

storageContract({
  kind: "PostgreSQL",
  open: (database, options) => openPostgresStore({ ...options, connection: server.connection, schema: database }),
});
