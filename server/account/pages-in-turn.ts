import { StoreError, type ArchivePage } from "#kit/storage.ts";
import type { AccountStore } from "./account-store.ts";

/** Pages of one owner's archives that are read at the same time. Each may be many megabytes. */
const readingMax = 4;
/** Further ones that wait for their turn; then they fail as when the store is crowded. */
const waitingMax = 500;

interface Turns {
  reading: number;
  readonly waiting: (() => void)[];
}

/**
 * The store, where one owner's reads of pages take turns: else a client that asks its archive as fast as it may write would fill
 * the memory with what it is answered (A15).
 */
export function pagesInTurn(store: AccountStore): AccountStore {
  const owners = new Map<string, Turns>();

  const ended = (owner: string, turns: Turns): void => {
    const next = turns.waiting.shift();
    if (next !== undefined) return next();
    turns.reading -= 1;
    if (turns.reading === 0) owners.delete(owner);
  };

  const page: AccountStore["page"] = async (name, owner, query): Promise<ArchivePage> => {
    let turns = owners.get(owner);
    if (turns === undefined) owners.set(owner, (turns = { reading: 0, waiting: [] }));
    const { waiting } = turns;
    if (turns.reading < readingMax) turns.reading += 1;
    else if (waiting.length >= waitingMax)
      throw new StoreError("too-busy", "too many pages of this owner's archives are being read");
    else await new Promise<void>((resolve) => void waiting.push(resolve));
    try {
      return await store.page(name, owner, query);
    } finally {
      ended(owner, turns);
    }
  };

  return { load: (...asked) => store.load(...asked), commit: (...asked) => store.commit(...asked), page };
}
