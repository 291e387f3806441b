import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import type { Host } from "#kit/host.ts";
import { atHost, reads, type AccountRequest } from "#kit/iq.ts";
import { serverModule } from "#kit/server-module.ts";
import { availableSessions, lastLeft } from "#im/presence/slots.ts";
import { mayKnowPresence } from "#im/roster/slots.ts";
import { LastActivity, NS_LAST } from "./elements.ts";

/** Since when an account is away, and the host up. */
export const lastActivity = serverModule({
  name: "last-activity",
  implements: [{ xep: 12, title: "Last Activity", version: "2.0", status: "complete" }],
  features: [NS_LAST],
  accountFeatures: [NS_LAST],
  start: (host) => {
    const startedAt = host.env.now();
    return {
      iq: [
        atHost("get", LastActivity, () => ago(host, startedAt)),
        reads(LastActivity, (request) => answer(host, request), "anyone", "forbidden"),
      ],
    };
  },
});

function answer(host: Host, { account, from, session }: AccountRequest<Infer<typeof LastActivity>>) {
  if (!mayKnowPresence(account, from)) throw new StanzaError("forbidden"); // [xep0012-3-02] [xep0012-8-01]
  // Contacts see who is available; that somebody is connected and hides is known to themselves only. [xep0012-3-03]
  if (session !== undefined || availableSessions(account).length > 0) return ago(host, host.env.now());
  const last = account.value(lastLeft).get();
  if (last === undefined) throw new StanzaError("item-not-found", { text: "never seen yet" });
  return ago(host, last.at, last.status);
}

function ago(host: Host, at: number, status = ""): ReturnType<typeof LastActivity.build> {
  // A clock that was set back makes nobody leave in the future.
  return LastActivity.build({ seconds: Math.max(0, Math.floor((host.env.now() - at) / 1000)), status });
}
