import { assert } from "#protocol/assert.ts";
import { StoreError, type LoadedOwner, type Write } from "#kit/storage.ts";

/** What a value was ahead of a write: all that it takes to write it back. */
export interface Former {
  readonly store: string;
  /** "" for a slot of one value. */
  readonly key: string;
  /** As it is stored; undefined where there was none. */
  readonly text: () => string | undefined;
}

/** What the values that one batch writes were ahead of it. */
interface Noted {
  readonly batch: number;
  readonly formers: ReadonlyMap<string, Former>;
  /** Whether it puts something back. */
  readonly putsBack: boolean;
}

/** What is stored as it should be, and the writes that make it so. */
export interface PutBack {
  readonly should: LoadedOwner;
  readonly writes: readonly Write[];
}

/**
 * Remembers what an account's values were that have been written since all was certain. A batch of which the store says that
 * it failed may have been written all the same, where only the answer was lost: whoever asked for it has an error then, and
 * nobody was told of it. What it wrote is put back, so that what is stored is what everybody was told. Of the batches that
 * write values one is under way at a time.
 */
export class WriteJournal {
  /** Of the batch that is being filled. */
  #filling: Map<string, Former> | undefined;
  #underWay: Noted | undefined;
  /** What may be stored against what everybody was told, and should be this. */
  #doubts: Map<string, Former> | undefined;
  #putsBack = false;
  /** Putting back has failed, and was not tried again since. */
  #failed = false;

  /** Whether something may be stored that nobody was told of. */
  get isInDoubt(): boolean {
    return this.#doubts !== undefined;
  }

  /** A value is going to be written with the batch that is being filled. */
  readonly note = (former: Former): void => {
    this.#filling ??= new Map();
    const name = nameOf(former);
    if (!this.#filling.has(name)) this.#filling.set(name, former);
  };

  /** What was noted is part of this batch. */
  begin(batch: number): void {
    if (this.#filling === undefined) return;
    assert(this.#underWay === undefined, "values are written behind values");
    this.#underWay = { batch, formers: this.#filling, putsBack: this.#putsBack };
    this.#filling = undefined;
    this.#putsBack = false;
  }

  /** Of what fails several times in a row it is the first time that counts; what is written behind that is certain again. */
  end(batch: number, failed: boolean): void {
    const noted = this.#underWay;
    if (noted?.batch !== batch) return;
    this.#underWay = undefined;
    if (noted.putsBack) this.#failed = failed;
    const doubts = this.#doubts ?? new Map<string, Former>();
    for (const [name, former] of noted.formers)
      if (!failed) doubts.delete(name);
      else if (!doubts.has(name)) doubts.set(name, former);
    this.#doubts = doubts.size === 0 ? undefined : doubts;
  }

  /** The account was made anew, or is no more. */
  forget(): void {
    this.#filling = this.#underWay = this.#doubts = undefined;
    this.#putsBack = this.#failed = false;
  }

  /**
   * Looks at what is stored, when every batch has ended. What is put back is part of the batch that is being filled, and in
   * doubt until that is durable.
   *
   * @returns undefined where that has failed just now: it is to be tried again, a while later
   */
  putBack(owner: string, loaded: LoadedOwner): PutBack | undefined {
    const writes: Write[] = [];
    if (this.#doubts === undefined) return { should: loaded, writes };
    const should = new Map(loaded);
    const wrong = [...this.#doubts.values()].filter(({ store, key, text }) => loaded.get(store)?.get(key) !== text());
    if (wrong.length > 0 && this.#failed) {
      this.#failed = false;
      return undefined;
    }
    for (const former of wrong) {
      const { store, key } = former;
      const value = former.text();
      const values = new Map(should.get(store));
      if (value === undefined) values.delete(key);
      else values.set(key, value);
      should.set(store, values);
      this.note(former);
      writes.push(value === undefined ? { op: "delete", store, owner, key } : { op: "set", store, owner, key, value });
    }
    this.#doubts = wrong.length === 0 ? undefined : new Map(wrong.map((former) => [nameOf(former), former]));
    this.#putsBack = wrong.length > 0;
    return { should, writes };
  }
}

/** Why data cannot be used that are not what everybody was told. */
export function notPutBack(): StoreError {
  return new StoreError("unavailable", "what was written though it failed could not be put back just now");
}

function nameOf({ store, key }: Former): string {
  return `${store} ${key}`;
}
