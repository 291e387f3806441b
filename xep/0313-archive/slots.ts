import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { accountArchive } from "#kit/slots.ts";

/** An account's messages, sent and received. */
export const archivedMessages = accountArchive("archive", 1, {
  searchable: [
    { ns: NS_CLIENT, name: "body" },
    { ns: NS_CLIENT, name: "subject" },
  ],
});
