import { booleanOption } from "#kit/option.ts";
import { serverModule } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import { csiFeature, NS_CSI } from "./elements.ts";
import { mayWait } from "./may-wait.ts";

const presenceWaits = booleanOption({
  key: "presence_waits",
  default: true,
  description: "Whether presence waits for a client that nobody looks at; of each contact's only the latest is sent.",
});
const chatStatesWait = booleanOption({
  key: "chat_states_wait",
  default: true,
  description: "Whether notices such as that a contact is typing wait for a client that nobody looks at.",
});
const eventsWait = booleanOption({
  key: "events_wait",
  default: true,
  description: "Whether notices of changed nicknames, avatars and the like wait for a client that nobody looks at.",
});
const sentCopiesWait = booleanOption({
  key: "sent_copies_wait",
  default: true,
  description: "Whether copies of what the user writes on another device wait for a client that nobody looks at.",
});

/** What may wait does not wake a telephone (XEP-0352). */
export const clientState = serverModule({
  name: "client-state",
  implements: [{ xep: 352, title: "Client State Indication", version: "1.0.0", status: "complete" }],
  options: [presenceWaits, chatStatesWait, eventsWait, sentCopiesWait],
  start: (host) => {
    const waits = {
      presence: host.setting(presenceWaits),
      chatStates: host.setting(chatStatesWait),
      events: host.setting(eventsWait),
      sentCopies: host.setting(sentCopiesWait),
    };
    const inactive = (session: Session): void => session.withhold((stanza) => mayWait(stanza, waits));
    return {
      // [xep0352-5-02]
      streamFeatures: (phase) => (phase === "binding" ? [csiFeature] : []),
      // Both are done before what the client sends behind them. [xep0352-5.1-01] [xep0352-5-03] [xep0352-6-01]
      nonzas: [
        { ns: NS_CSI, name: "inactive", handle: inactive },
        { ns: NS_CSI, name: "active", handle: (session) => session.withhold(undefined) },
      ],
      // XEP-0386 §3.2: a session begins in the state that it asks for.
      bindFeatures: [
        {
          announce: NS_CSI,
          bind: (session, request) => {
            if (request.child(NS_CSI, "inactive") !== undefined) inactive(session);
            return undefined;
          },
        },
      ],
    };
  },
});
