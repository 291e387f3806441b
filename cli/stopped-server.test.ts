import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { operations, type Administration, type OperationName } from "#kit/administration.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { defaultConfig } from "#server/config/config.ts";
import { administrationOf, invoke, invokeStream, isOperation } from "#server/control/operators.ts";
import { stoppedServer, type OfflineServer } from "./stopped-server.ts";

/** What is done on the files, and what is known without the store. */
const withoutStore: ReadonlySet<OperationName> = new Set([
  "addHost",
  "removeHost",
  "addComponent",
  "componentSecret",
  "removeComponent",
  "listComponents",
  "showConfig",
]);

let dataDir: string;

before(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "balcony-stopped-"));
});

after(() => rm(dataDir, { recursive: true }));

/** A store on which everything can be done; `asked` is what it was. */
function anyStore(asked: string[]): OfflineServer {
  const administration = administrationOf((name) => {
    if (operations[name].kind === "call") return async () => void asked.push(name);
    return async function* () {
      yield asked.push(name);
    };
  });
  return {
    administration: { ...administration, deleteAccountsOf: () => assert.fail("is not asked for by itself") },
    [Symbol.asyncDispose]: async () => void asked.push("closed"),
  };
}

/** Does what has that name, to its end. */
async function carryOut(administration: Administration, name: OperationName): Promise<void> {
  const { signal } = new AbortController();
  if (operations[name].kind === "call") await invoke(administration, name, {}, signal);
  else for await (const _ of invokeStream(administration, name, {}, signal));
}

for (const name of Object.keys(operations).filter(isOperation)) {
  const { offline } = operations[name];
  if (withoutStore.has(name)) continue;
  test(`${name} where no server runs ${offline ? "is done on the store, which is closed again" : "is refused, and nothing is opened"}`, async () => {
    const asked: string[] = [];
    const openOffline = async (): Promise<OfflineServer> => anyStore(asked);
    const server = stoppedServer({ dataDir, config: defaultConfig(), file: undefined, features: [], openOffline });
    const done = carryOut(server, name);
    if (offline) await done;
    else await assert.rejects(done, (error) => error instanceof AdministrationError && error.code === "not-running");
    await server[Symbol.asyncDispose]();
    assert.deepEqual(asked, offline ? [name, "closed"] : []);
  });
}
