import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { atHost, reads } from "#kit/iq.ts";
import { serverModule } from "#kit/server-module.ts";
import { mayKnowPresence } from "#im/roster/slots.ts";
import { NS_PING, Ping } from "./elements.ts";

/** Answers pings for the host and its accounts. */
export const ping = serverModule({
  name: "ping",
  implements: [{ xep: 199, title: "XMPP Ping", version: "2.0.1", status: "complete" }],
  features: [NS_PING],
  accountFeatures: [NS_PING],
  start: () => ({
    iq: [
      atHost("get", Ping, () => undefined),
      reads(
        Ping,
        ({ account, from }) => {
          // An answer would tell strangers that the account is there. [xep0199-7-01]
          if (!mayKnowPresence(account, from)) throw new StanzaError("service-unavailable");
          return undefined;
        },
        "anyone",
      ),
    ],
  }),
});
