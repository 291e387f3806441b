import type { StorageHarness } from "./storage-harness.ts";
import { describe } from "node:test";
import type { Store } from "#kit/storage.ts";
import type { QueueOptions } from "#server/storage/queued-store.ts";
import { contractShapes } from "./storage-fixtures.ts";
import { entryTests } from "./storage-entries.ts";
import { commitTests, orderTests } from "./storage-commits.ts";
import { archiveTests } from "./storage-archives.ts";
import { searchTests } from "./storage-search.ts";
import { tableTests } from "./storage-tables.ts";
import { refusalTests, textTests } from "./storage-texts.ts";
import { declareTests } from "./storage-versions.ts";
import { lifeTests, backupTests, agreementTests } from "./storage-life.ts";

/** The promises of `#kit/storage.ts`, tried on one kind of store. */
export function storageContract(harness: StorageHarness): void {
  let databases = 0;
  const fresh = async (options?: QueueOptions): Promise<Store> => {
    const store = await harness.open(`contract${++databases}`, options);
    await store.declare(contractShapes);
    return store;
  };

  describe(`a ${harness.kind} store`, () => {
    entryTests(fresh);
    commitTests(fresh);
    orderTests(fresh);
    archiveTests(fresh);
    searchTests(fresh, harness, () => `contract${databases}`);
    tableTests(fresh);
    refusalTests(fresh);
    textTests(fresh);
    declareTests(
      (options) => harness.open(`contract${databases}`, options),
      () => void ++databases,
    );
    lifeTests(fresh, harness, () => `contract${databases}`);
    backupTests(fresh);
    agreementTests(fresh);
  });
}
