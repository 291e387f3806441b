import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { AccountCommand } from "#kit/account-command.ts";
import type { HostArchive } from "#kit/host.ts";
import type { PageQuery } from "#kit/storage.ts";
import { form } from "../0004-data-forms/form.ts";
import { jidSingle, typedText, yesNo } from "../0004-data-forms/form-fields.ts";
import { dateTime } from "../0082-date-time/date-time-codec.ts";

/** Rows that are removed by one commit. Each is read for its id, text and all. */
const removedAtOnce = 100;

/** Which messages are to be removed. */
export const purgeForm = form("urn:balcony:archive:purge", {
  before: typedText("before", dateTime, {
    label: "Only messages from before",
    desc: "a time such as 2026-01-01T00:00:00Z; nothing for all",
  }),
  with: jidSingle("with", { label: "Only messages with", desc: "somebody's address; nothing for everybody" }),
  sure: yesNo("sure", { label: "Remove them for good", required: true }),
});

/** The owner removes messages from the own archive: XEP-0313 has no request for it. */
export function purgeCommand(archive: HostArchive): AccountCommand {
  const busy = new Set<string>();
  return {
    node: "purge-archive",
    name: "Remove messages from my archive",
    form: () =>
      purgeForm.ask(
        { sure: false },
        {
          title: "Remove messages from my archive",
          instructions: ["They are removed from the server for good. What your devices have they keep."],
        },
      ),
    run: async (account, submitted) => {
      const filled = purgeForm.read(submitted);
      // XEP-0050 §3.5.1 would have a form that is called off count as sent. Not where messages go for good.
      if (filled?.sure !== true)
        throw new StanzaError("not-acceptable", { text: "nothing was removed: confirm that you are sure" });
      if (busy.has(account.jid))
        // [xep0050-3.3-03]
        throw new StanzaError("not-allowed", { text: "messages are being removed already; wait for that" });
      busy.add(account.jid);
      try {
        await account.rowsCommitted();
        const removed = await removeAll(archive, account.jid, {
          ...(filled.before === undefined ? {} : { end: filled.before - 1 }),
          ...(filled.with === undefined ? {} : { with: filled.with }),
        });
        return `${removed} ${removed === 1 ? "message was" : "messages were"} removed.`;
      } finally {
        busy.delete(account.jid);
      }
    },
  };
}

async function removeAll(archive: HostArchive, owner: string, which: Pick<PageQuery, "end" | "with">): Promise<number> {
  for (let removed = 0; ;) {
    const query = { ...which, max: removedAtOnce, direction: "forward", withoutValues: true } as const;
    const page = await archive.page(owner, query);
    const ids = page.found ? page.rows.map(({ id }) => id) : [];
    await archive.remove(owner, ids);
    removed += ids.length;
    if (ids.length < removedAtOnce) return removed;
  }
}
