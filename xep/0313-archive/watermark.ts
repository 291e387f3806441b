import type { Account } from "#kit/account.ts";
import { randomToken, type Timer } from "#kit/env.ts";
import type { Host } from "#kit/host.ts";
import { accountValue, json } from "#kit/slots.ts";
import type { ArchivedRow, ArchivePlace } from "#kit/stanza.ts";
import { ArchiveIds } from "./archive-ids.ts";
import { OpenRows } from "./open-rows.ts";

/**
 * Up to where nothing in an archive has to be brought to anybody any more, and which process says so: what lies behind it is
 * for the next process to decide about, as this one may have died with it in mind. There is one ahead of any row that was
 * received.
 */
export const archiveTaken = accountValue<ArchivePlace & { readonly process: string }>("archive-taken", 1, json());

/** While rows come, how often at most the watermark is written beside one, in milliseconds. */
const writtenAgainMs = 2_000;
/** When it is written by itself because no row has come, in milliseconds. */
export const writtenAloneMs = 10_000;

/** What is known of one archive while its account is awake. */
interface Archive {
  readonly open: OpenRows;
  /** The newest row when it was looked at first: what this process does not know of lies up to here. */
  readonly base: ArchivePlace | undefined;
  /** Of what lies there all was decided about. */
  decided: boolean;
  /** The newest row. */
  last: ArchivePlace | undefined;
  /** Id in the stored watermark, and how new rows were when it was written; undefined when it is another process's. */
  written: string | undefined;
  writtenAt: number;
  /** There is a watermark for certain, whichever. */
  stands: boolean;
}

/**
 * Knows of the archives of a host which of their rows are on their way to clients, and writes down now and then how far that
 * went: beside other rows, or else when nothing happens.
 */
export class Watermarks {
  readonly #host: Host;
  readonly #ids: ArchiveIds;
  readonly #process: string;
  readonly #archives = new WeakMap<Account, Archive>();
  /** Accounts whose watermark has moved. */
  readonly #moved = new Set<Account>();
  #timer: Timer | undefined;

  constructor(host: Host) {
    this.#host = host;
    this.#ids = new ArchiveIds(host.env);
    this.#process = randomToken(host.env, 10);
  }

  /** Begins with an archive as it is stored. `newest` need not be looked up where this process wrote the watermark. */
  begin(account: Account, newest?: ArchivePlace): void {
    const mark = account.value(archiveTaken).get();
    const ours = this.isOurs(account);
    const base = ours ? mark : newest;
    this.#archives.set(account, {
      open: new OpenRows(() => this.#note(account)),
      base,
      // Before there were watermarks nothing was left to be decided about.
      decided: ours || mark === undefined || base === undefined || base.id <= mark.id,
      last: base,
      written: ours ? mark?.id : undefined,
      writtenAt: 0,
      stands: mark !== undefined,
    });
  }

  /** Whether the stored watermark is this process's. */
  isOurs(account: Account): boolean {
    return account.value(archiveTaken).get()?.process === this.#process;
  }

  knows(account: Account): boolean {
    return this.#archives.has(account);
  }

  /** What another process may have died with: from the watermark up to the newest row that it wrote. */
  undecided(account: Account): { readonly behind: ArchivePlace; readonly upTo: ArchivePlace } | undefined {
    const behind = account.value(archiveTaken).get();
    const archive = this.#archives.get(account);
    if (archive?.base === undefined || archive.decided || behind === undefined) return undefined;
    return { behind, upTo: archive.base };
  }

  /** All that was undecided has been decided about by what was written just now. */
  decide(account: Account): void {
    const archive = this.#archiveOf(account);
    archive.decided = true;
    account.whenDurable(nothing, () => {
      archive.decided = false;
    });
    this.write(account);
  }

  /** The account is no more. */
  forget(account: Account): void {
    this.#archives.delete(account);
    this.#moved.delete(account);
  }

  /** The newest row of an archive. */
  last(account: Account): ArchivePlace | undefined {
    return this.#archiveOf(account).last;
  }

  /** The place of the next row, which has to be brought to nobody. */
  next(account: Account): ArchivePlace {
    const archive = this.#archiveOf(account);
    archive.last = this.#ids.after(archive.last);
    return archive.last;
  }

  /** The place of the next row, whose message is on its way to a client. The watermark joins the batch where it is time to. */
  open(account: Account): ArchivedRow {
    const archive = this.#archiveOf(account);
    // From now on something may lie behind it.
    if (archive.written === undefined || !archive.stands) this.write(account);
    const place = this.next(account);
    if (place.at >= archive.writtenAt + writtenAgainMs && this.#moved.has(account)) this.write(account, place);
    return archive.open.open(place);
  }

  /** Writes down how far it went; joins the account's batch. `row` is ahead of being opened. */
  write(account: Account, row?: ArchivePlace): void {
    const archive = this.#archiveOf(account);
    this.#moved.delete(account);
    if (!archive.decided) return;
    const { open, base, last, written } = archive;
    const place = (open.empty && row === undefined ? last : (open.reached ?? base)) ?? beginning;
    // The batch that the first one is in may yet fail, and not the next.
    if (written === place.id && archive.stands) return;
    archive.written = place.id;
    archive.writtenAt = last?.at ?? 0;
    account.value(archiveTaken).set({ id: place.id, at: place.at, process: this.#process });
    account.whenDurable(
      () => {
        archive.stands = true;
      },
      () => {
        archive.written = undefined;
        this.#note(account);
      },
    );
  }

  /**
   * To be called when the account has been read anew. Where what was written though it failed is put back just now, so may the
   * watermark be, and a session whose stream is cut is stored all the same: a kill would bring its client once more what it has.
   * So how far it went is a part of the same batch. Where nothing is written it begins nothing: a disc that fails would have it
   * go on for ever.
   */
  join(account: Account): void {
    if (account.value(archiveTaken).get() !== undefined && isWriting(account)) this.write(account);
  }

  /** Nobody uses the account any more: what there is to say is written. */
  rest(account: Account): void {
    if (this.#archives.get(account)?.last !== undefined) this.write(account);
  }

  dispose(): void {
    this.#timer?.cancel();
  }

  #archiveOf(account: Account): Archive {
    const known = this.#archives.get(account);
    if (known !== undefined) return known;
    this.begin(account);
    return this.#archiveOf(account);
  }

  #note(account: Account): void {
    this.#moved.add(account);
    this.#timer ??= this.#host.env.setTimer(writtenAloneMs, () => {
      this.#timer = undefined;
      const moved = [...this.#moved];
      this.#moved.clear();
      for (const each of moved) each.post((awake) => this.write(awake));
    });
  }
}

/** Ahead of every row. */
const beginning: ArchivePlace = { id: "", at: 0 };

/** Whether something of the account is being written, or about to be. */
function isWriting(account: Account): boolean {
  let isDurable = false;
  account.whenDurable(() => {
    isDurable = true;
  }, nothing);
  return !isDurable;
}

function nothing(): void {}
