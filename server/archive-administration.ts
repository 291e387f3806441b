import { domainOf, type BareJid, type DomainJid } from "#protocol/jid/jid.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import type { ArchiveQuota, ExportedMessages, PurgeProgress, ServerAdministration } from "#kit/administration.ts";
import type { Host, HostArchive } from "#kit/host.ts";
import { StoreError, type ArchivePage, type PageQuery } from "#kit/storage.ts";
import { archiveLimitsChanged } from "#xep/0313-archive/events.ts";
import {
  archivedMessages,
  archiveLimits,
  messagesMax,
  retentionDays,
  type ArchiveLimits,
} from "#xep/0313-archive/slots.ts";

/** What this needs of a running, or opened, server. */
export interface ArchiveAdministrationParts {
  readonly hosts: ReadonlyMap<DomainJid, Pick<Host, "accounts" | "archive" | "emit" | "post" | "setting" | "values">>;
}

/** Messages that are read, or removed, at once: each may be as large as a stanza. */
const pageMessages = 100;
const ownersAtOnce = 100;

/** What administrators do with the archives of accounts (XEP-0313). */
export function archiveAdministration({
  hosts,
}: ArchiveAdministrationParts): Pick<
  ServerAdministration,
  "archiveInfo" | "setArchiveQuota" | "exportArchive" | "purgeArchive"
> {
  const hostOf = (domain: DomainJid) => {
    const host = hosts.get(domain);
    if (host === undefined) throw new AdministrationError("not-found", `${domain} is not a host of this server`);
    return host;
  };

  const archiveOf = async (address: BareJid): Promise<HostArchive> => {
    const host = hostOf(domainOf(address));
    if (!(await host.accounts.exists(address)))
      throw new AdministrationError("not-found", `there is no account ${address}`);
    return host.archive(archivedMessages);
  };

  const quotaOf = (address: BareJid, own: ArchiveLimits): ArchiveQuota => {
    const host = hostOf(domainOf(address));
    return {
      retentionDays: { value: own.retentionDays ?? host.setting(retentionDays), own: own.retentionDays !== undefined },
      messagesMax: { value: own.messagesMax ?? host.setting(messagesMax), own: own.messagesMax !== undefined },
    };
  };

  return {
    archiveInfo: ({ address }) =>
      orUnavailable(async () => {
        const archive = await archiveOf(address);
        const one = { max: 1, withoutValues: true } as const;
        const counted = found(await archive.page(address, { ...one, direction: "forward", countRows: true }));
        const last = found(await archive.page(address, { ...one, direction: "backward" }));
        const [firstAt, lastAt] = [momentOf(counted), momentOf(last)];
        const own = await hostOf(domainOf(address)).values(archiveLimits).get(address);
        return {
          address,
          messages: counted.count ?? 0,
          ...(firstAt && { firstAt }),
          ...(lastAt && { lastAt }),
          quota: quotaOf(address, own ?? {}),
        };
      }),

    setArchiveQuota: ({ address, ...wanted }) =>
      orUnavailable(async () => {
        await archiveOf(address);
        const host = hostOf(domainOf(address));
        const limits = await changedLimits(host, address, wanted);
        host.emit(archiveLimitsChanged, { account: address });
        return { address, quota: quotaOf(address, limits) };
      }),

    async *exportArchive({ address, from, to, with: peer }, signal): AsyncGenerator<ExportedMessages> {
      const archive = await orUnavailable(() => archiveOf(address));
      const filter = {
        direction: "forward",
        ...(from === undefined ? {} : { start: Date.parse(from) }),
        ...(to === undefined ? {} : { end: Date.parse(to) - 1 }),
        ...(peer === undefined ? {} : { with: peer }),
      } as const;
      const counted = await orUnavailable(() => archive.page(address, { ...filter, max: 0, countRows: true }));
      const total = found(counted).count ?? 0;
      for (let after: string | undefined; !signal.aborted;) {
        const query = { ...filter, max: pageMessages, ...(after === undefined ? {} : { after }) };
        // [xep0313-8.1-02]
        const page = await orUnavailable(() => archive.page(address, query));
        if (!page.found)
          throw new AdministrationError("unavailable", "messages were removed meanwhile; export once more");
        const messages = page.rows.map((row) => ({
          id: row.id,
          at: new Date(row.at).toISOString(),
          with: row.with,
          xml: row.value,
        }));
        yield { done: page.complete, total, messages };
        if (page.complete) return;
        after = page.last;
      }
    },

    async *purgeArchive({ address, host: domain, before, with: peer }, signal): AsyncGenerator<PurgeProgress> {
      if ((address === undefined) === (domain === undefined))
        throw new AdministrationError("invalid", "name an account or a host, not both");
      const query: PageQuery = {
        max: pageMessages,
        direction: "forward",
        ...(before === undefined ? {} : { end: Date.parse(before) - 1 }),
        ...(peer === undefined ? {} : { with: peer }),
      };
      const archive =
        address === undefined
          ? hostOf(domain ?? unnamed()).archive(archivedMessages)
          : await orUnavailable(() => archiveOf(address));
      let removed = 0;
      let accounts = 0;
      for await (const owner of address === undefined ? ownersOf(archive) : [address]) {
        let ofOwner = 0;
        for (;;) {
          if (signal.aborted) return;
          const gone = await orUnavailable(() => removeSome(archive, owner, query));
          ofOwner += gone;
          removed += gone;
          if (gone > 0) yield { done: false, removed, accounts: accounts + 1, address: owner };
          if (gone < pageMessages) break;
        }
        if (ofOwner > 0) accounts += 1;
      }
      yield { done: true, removed, accounts };
    },
  };
}

/** As the account itself would: it may be awake, and has the last word on what it keeps. */
async function changedLimits(
  host: Pick<Host, "post">,
  address: BareJid,
  wanted: { readonly retentionDays?: number | "host" | undefined; readonly messagesMax?: number | "host" | undefined },
): Promise<ArchiveLimits> {
  const { promise, resolve, reject } = Promise.withResolvers<ArchiveLimits>();
  host.post(address, (account) => {
    if (account === undefined) {
      reject(new AdministrationError("not-found", `there is no account ${address}`));
      return;
    }
    const slot = account.value(archiveLimits);
    const limits = withWanted(slot.get() ?? {}, wanted);
    if (Object.keys(limits).length === 0) slot.delete();
    else slot.set(limits);
    account.whenDurable(
      () => resolve(limits),
      () => reject(new AdministrationError("unavailable", "it cannot be written now; nothing was changed")),
    );
  });
  return promise;
}

function withWanted(
  before: ArchiveLimits,
  wanted: { readonly retentionDays?: number | "host" | undefined; readonly messagesMax?: number | "host" | undefined },
): ArchiveLimits {
  const days = wanted.retentionDays ?? before.retentionDays;
  const messages = wanted.messagesMax ?? before.messagesMax;
  return {
    ...(days === undefined || days === "host" ? {} : { retentionDays: days }),
    ...(messages === undefined || messages === "host" ? {} : { messagesMax: messages }),
  };
}

async function* ownersOf(archive: HostArchive): AsyncGenerator<string> {
  for (let after: string | undefined; ;) {
    const from = after;
    const owners = await orUnavailable(() =>
      archive.owners({ limit: ownersAtOnce, ...(from === undefined ? {} : { after: from }) }),
    );
    yield* owners;
    after = owners.at(-1);
    if (owners.length < ownersAtOnce) return;
  }
}

async function removeSome(archive: HostArchive, owner: string, query: PageQuery): Promise<number> {
  const { rows } = found(await archive.page(owner, { ...query, withoutValues: true }));
  await archive.remove(
    owner,
    rows.map(({ id }) => id),
  );
  return rows.length;
}

function found(page: ArchivePage): ArchivePage & { readonly found: true } {
  if (!page.found) throw new Error("a page that starts from no id is found");
  return page;
}

/** When the first of these rows came. */
function momentOf({ rows }: { readonly rows: readonly { readonly at: number }[] }): string | undefined {
  const [row] = rows;
  return row && new Date(row.at).toISOString();
}

function unnamed(): never {
  throw new AdministrationError("invalid", "name an account or a host");
}

async function orUnavailable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    throw new AdministrationError("unavailable", `the store cannot do this now: ${error.message}`, { cause: error });
  }
}
