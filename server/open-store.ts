import { join } from "node:path";
import { setImmediate } from "node:timers";
import type { Store } from "#kit/storage.ts";
import type { Config } from "./config/config.ts";
import type { StoreWatch } from "./storage/store-trouble.ts";

/**
 * Opens the store that the configuration names. Only that one is loaded: what the others are made of stays out of memory.
 *
 * @param watch told when the store fails as a whole, and when it works again
 * @throws StoreError with a message that says what to do
 */
export async function openStore(config: Config, dataDir: string, watch?: StoreWatch): Promise<Store> {
  const watching = watch === undefined ? {} : { watch };
  const { kind, file, url, connectionsMax } = config.storage;
  switch (kind) {
    case "postgresql": {
      const { openPostgresStore } = await import("./storage/postgres/postgres-store.ts");
      return openPostgresStore({
        connection: { connectionString: url },
        readersMax: Math.max(1, connectionsMax - 1),
        ...watching,
      });
    }
    case "memory": {
      const { openMemoryStore } = await import("./storage/memory-store.ts");
      return openMemoryStore({ schedule: (run) => void setImmediate(run) }).store;
    }
    default: {
      const { openSqliteStore } = await import("./storage/sqlite/sqlite-store.ts");
      return openSqliteStore({ path: file ?? join(dataDir, "balcony.sqlite"), ...watching });
    }
  }
}
