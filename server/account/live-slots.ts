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
import type { Former } from "./write-journal.ts";

/** What an account's slots read from and write to. */
export interface SlotBacking {
  readonly owner: string;
  readonly loaded: LoadedOwner;
  readonly store: { readonly page: (store: string, owner: string, query: PageQuery) => Promise<ArchivePage> };
  readonly write: (write: Write) => void;
  /** Told what a value is that is going to be written. */
  readonly note: (former: Former) => void;
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
      live = new StoredValue(slot, this.#backing) as unknown as LiveValue<unknown>;
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

class StoredValue<T> implements LiveValue<T> {
  readonly #slot: AccountValue<T>;
  readonly #backing: SlotBacking;
  #value: T | undefined;

  constructor(slot: AccountValue<T>, backing: SlotBacking) {
    this.#slot = slot;
    this.#backing = backing;
    const text = backing.loaded.get(slot.name)?.get("");
    this.#value = text === undefined ? undefined : slot.codec.decode(text);
  }

  get(): T | undefined {
    return this.#value;
  }

  set(value: T): void {
    const { owner, write, note } = this.#backing;
    note(formerOf(this.#slot, "", this.#value));
    this.#value = value;
    write({ op: "set", store: this.#slot.name, owner, key: "", value: this.#slot.codec.encode(value) });
  }

  delete(): void {
    const { owner, write, note } = this.#backing;
    note(formerOf(this.#slot, "", this.#value));
    this.#value = undefined;
    write({ op: "delete", store: this.#slot.name, owner, key: "" });
  }
}

const noItems: ReadonlyMap<string, never> = new Map<string, never>();

class StoredMap<T> implements LiveMap<T> {
  readonly #slot: AccountMap<T>;
  readonly #backing: SlotBacking;
  /** Most accounts have nothing in most maps. */
  #items: Map<string, T> | undefined;

  constructor(slot: AccountMap<T>, backing: SlotBacking) {
    this.#slot = slot;
    this.#backing = backing;
    for (const [key, text] of backing.loaded.get(slot.name) ?? noItems) this.#put(key, slot.codec.decode(text));
  }

  get size(): number {
    return this.#items?.size ?? 0;
  }

  get(key: string): T | undefined {
    return this.#items?.get(key);
  }

  has(key: string): boolean {
    return this.#items?.has(key) ?? false;
  }

  entries(): IterableIterator<[string, T]> {
    return (this.#items ?? noItems).entries();
  }

  set(key: string, value: T): void {
    const { owner, write, note } = this.#backing;
    note(formerOf(this.#slot, key, this.#items?.get(key)));
    this.#put(key, value);
    write({ op: "set", store: this.#slot.name, owner, key, value: this.#slot.codec.encode(value) });
  }

  delete(key: string): void {
    const { owner, write, note } = this.#backing;
    const former = formerOf(this.#slot, key, this.#items?.get(key));
    if (this.#items?.delete(key) !== true) return;
    note(former);
    write({ op: "delete", store: this.#slot.name, owner, key });
  }

  clear(): void {
    if (this.size === 0) return;
    const { owner, write, note } = this.#backing;
    for (const [key, value] of this.entries()) note(formerOf(this.#slot, key, value));
    this.#items = undefined;
    write({ op: "clear", store: this.#slot.name, owner });
  }

  #put(key: string, value: T): void {
    (this.#items ??= new Map()).set(key, value);
  }
}

function formerOf<T>({ name, codec }: AccountMap<T> | AccountValue<T>, key: string, value: T | undefined): Former {
  return { store: name, key, text: () => (value === undefined ? undefined : codec.encode(value)) };
}

/** An archive has no state of its own: it writes to the batch and reads from the store. */
export function liveArchive(
  slot: AccountArchive,
  backing: Pick<SlotBacking, "owner" | "store" | "write"> & { readonly flush: () => Promise<void> | undefined },
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
      const waits = flush();
      if (waits === undefined) return store.page(slot.name, owner, query);
      return waits.then(() => store.page(slot.name, owner, query));
    },
  };
}
