import type { ServerModule } from "#kit/server-module.ts";
import type { AccountSlot } from "#kit/slots.ts";
import type { StoreShape } from "#kit/storage.ts";
import { accountRecord, deletion, tombstone } from "./account/account-slots.ts";
import { lookalikes } from "./account/lookalikes.ts";
import { iterationsShape } from "./log-in/iterations-seen.ts";
import { outgoingShape } from "./s2s/outgoing-store.ts";
import { secretShape } from "./server-secret.ts";
import { hibernatedSessions, owedStanzas } from "./session/hibernation.ts";

/** All that is stored: the server's own, and the features'. */
export function shapesOf(modules: readonly ServerModule[]): readonly StoreShape[] {
  const own = [accountRecord, tombstone, deletion, lookalikes, hibernatedSessions, owedStanzas];
  const slots = [...own, ...modules.flatMap((module) => module.slots ?? [])];
  const tables = modules.flatMap((module) => module.tables ?? []);
  return [secretShape, iterationsShape, outgoingShape, ...slots.map(slotShape), ...tables];
}

function slotShape({ shape, name, version, migrate, searchable }: AccountSlot): StoreShape {
  if (shape !== "archive" || searchable === undefined) return { shape, name, version, migrate };
  return { shape, name, version, migrate, searchable };
}
