import { join } from "node:path";
import { setImmediate } from "node:timers";
import type { Store } from "#kit/storage.ts";
import type { Config } from "./config/config.ts";
import { openMemoryStore } from "./storage/memory-store.ts";
import { openPostgresStore } from "./storage/postgres/postgres-store.ts";
import { openSqliteStore } from "./storage/sqlite/sqlite-store.ts";
import type { StoreWatch } from "./storage/store-trouble.ts";

/**
 * Opens the store that the configuration names.
 *
 * @param watch told when the store fails as a whole, and when it works again
 * @throws StoreError with a message that says what to do
 */
export function openStore(config: Config, dataDir: string, watch?: StoreWatch): Promise<Store> {
  const watching = watch === undefined ? {} : { watch };
  const { kind, file, url, connectionsMax } = config.storage;
  switch (kind) {
    case "postgresql":
      return openPostgresStore({
        connection: { connectionString: url },
        readersMax: Math.max(1, connectionsMax - 1),
        ...watching,
      });
    case "memory":
      return Promise.resolve(openMemoryStore({ schedule: (run) => void setImmediate(run) }).store);
    default:
      return openSqliteStore({ path: file ?? join(dataDir, "balcony.sqlite"), ...watching });
  }
}
