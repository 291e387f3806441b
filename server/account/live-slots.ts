import type {
  AccountArchive,
  AccountMap,
  AccountValue,
  ArchiveEntry,
  LiveArchive,
  LiveMap,
  LiveValue,
} from "#kit/slots.ts";
import type { ArchivePage, LoadedOwner, PageQuery, Write } from "#kit/storage.ts";

/** What an account's slots read from and write to. */
export interface SlotBacking {
  readonly owner: string;
  readonly loaded: LoadedOwner;
  readonly store: { readonly page: (store: string, owner: string, query: PageQuery) => Promise<ArchivePage> };
  readonly write: (write: Write) => void;
}

/** The durable slots of one awake account: decoded when first asked for, forgotten with this object. */
export class LiveSlots {
  readonly #backing: SlotBacking;
  readonly #values = new Map<string, LiveValue<unknown>>();
  readonly #maps = new Map<string, LiveMap<unknown>>();

  constructor(backing: SlotBacking) {
    this.#backing = backing;
  }

  value<T>(slot: AccountValue<T>): LiveValue<T> {
    let live = this.#values.get(slot.name);
    if (live === undefined) {
      live = liveValue(slot, this.#backing) as LiveValue<unknown>;
      this.#values.set(slot.name, live);
    }
    // The name belongs to one slot: the host refuses two declarations of it at start-up.
    return live as LiveValue<T>;
  }

  map<T>(slot: AccountMap<T>): LiveMap<T> {
    let live = this.#maps.get(slot.name);
    if (live === undefined) {
      live = new StoredMap(slot, this.#backing) as unknown as LiveMap<unknown>;
      this.#maps.set(slot.name, live);
    }
    return live as LiveMap<T>;
  }
}

function liveValue<T>(slot: AccountValue<T>, backing: SlotBacking): LiveValue<T> {
  const text = backing.loaded.get(slot.name)?.get("");
  let value = text === undefined ? undefined : slot.codec.decode(text);
  const { owner, write } = backing;
  return {
    get: () => value,
    set: (next) => {
      value = next;
      write({ op: "set", store: slot.name, owner, key: "", value: slot.codec.encode(next) });
    },
    delete: () => {
      value = undefined;
      write({ op: "delete", store: slot.name, owner, key: "" });
    },
  };
}

class StoredMap<T> implements LiveMap<T> {
  readonly #slot: AccountMap<T>;
  readonly #backing: SlotBacking;
  readonly #items = new Map<string, T>();

  constructor(slot: AccountMap<T>, backing: SlotBacking) {
    this.#slot = slot;
    this.#backing = backing;
    for (const [key, text] of backing.loaded.get(slot.name) ?? []) this.#items.set(key, slot.codec.decode(text));
  }

  get size(): number {
    return this.#items.size;
  }

  readonly get = (key: string): T | undefined => this.#items.get(key);
  readonly has = (key: string): boolean => this.#items.has(key);
  readonly entries = (): IterableIterator<[string, T]> => this.#items.entries();

  readonly set = (key: string, value: T): void => {
    this.#items.set(key, value);
    const { owner, write } = this.#backing;
    write({ op: "set", store: this.#slot.name, owner, key, value: this.#slot.codec.encode(value) });
  };

  readonly delete = (key: string): void => {
    if (!this.#items.delete(key)) return;
    this.#backing.write({ op: "delete", store: this.#slot.name, owner: this.#backing.owner, key });
  };

  readonly clear = (): void => {
    if (this.#items.size === 0) return;
    this.#items.clear();
    this.#backing.write({ op: "clear", store: this.#slot.name, owner: this.#backing.owner });
  };
}

/** An archive has no state of its own: it writes to the batch and reads from the store. */
export function liveArchive(
  slot: AccountArchive,
  backing: Pick<SlotBacking, "owner" | "store" | "write"> & { readonly flush: () => void },
): LiveArchive {
  const { owner, store, write, flush } = backing;
  return {
    append: (entry: ArchiveEntry) => write({ op: "append", store: slot.name, owner, ...entry }),
    remove: (ids) => {
      if (ids.length > 0) write({ op: "remove", store: slot.name, owner, ids });
    },
    truncate: (before) =>
      write({ op: "truncate", store: slot.name, owner, ...(before === undefined ? {} : { before }) }),
    page: (query) => {
      flush();
      return store.page(slot.name, owner, query);
    },
  };
}
