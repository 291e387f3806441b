import type { Host } from "#kit/host.ts";
import { serverModule } from "#kit/server-module.ts";
import { ServerInfo } from "./elements.ts";

/** Whom to write to about a host: the contacts of balcony.toml, in its disco#info. */
export const contactAddresses = serverModule({
  name: "contact-addresses",
  implements: [{ xep: 157, title: "Contact Addresses for XMPP Services", version: "1.1.1", status: "complete" }],
  start: (host) => ({
    disco: { forms: () => (Object.values(host.contacts).some(isSome) ? [ServerInfo.result(contactsOf(host))] : []) },
  }),
});

function contactsOf({ contacts }: Host): Parameters<typeof ServerInfo.result>[0] {
  return Object.fromEntries(
    Object.entries(contacts).flatMap(([purpose, uris]) => (isSome(uris) ? [[purpose, uris.join("\n")]] : [])),
  );
}

function isSome(uris: readonly string[]): boolean {
  return uris.length > 0;
}
