import type { Account } from "#kit/account.ts";
import { on } from "#kit/events.ts";
import { writes } from "#kit/iq.ts";
import { accountDeleting, accountResting, sessionBound, sessionResumed, stanzaWaits } from "#kit/lifecycle.ts";
import { booleanOption, integerOption } from "#kit/option.ts";
import { serverModule } from "#kit/server-module.ts";
import type { Stanza } from "#kit/stanza.ts";
import { messageRecovered } from "#im/messages/events.ts";
import { subscriptionAsked } from "#im/presence/events.ts";
import { Disable, Enable, NS_PUSH, withdrawnNode } from "./elements.ts";
import { newsIn } from "./importance.ts";
import { Pushes } from "./pushes.ts";
import { disable, enable, keyOf, pushRegistrations, type Registration, type Wish } from "./registrations.ts";

const registrationsMax = integerOption({
  key: "registrations_max",
  default: 10,
  min: 1,
  max: 100,
  unit: "devices",
  description: "How many devices of an account are notified through app servers.",
});
const intervalSeconds = integerOption({
  key: "interval_seconds",
  default: 30,
  min: 0,
  max: 3_600,
  unit: "seconds",
  description:
    "How long a device is left alone after it was notified. What comes meanwhile is told once afterwards; texts and calls do not wait for what matters less.",
});
const messageCount = booleanOption({
  key: "message_count",
  default: true,
  description: "Whether app servers are told how many messages wait.",
});
const pendingSubscriptionCount = booleanOption({
  key: "pending_subscription_count",
  default: true,
  description: "Whether app servers are told how many people wait to be let in.",
});
const placeholder = booleanOption({
  key: "placeholder_body",
  default: true,
  description:
    "Whether app servers are told the words “New message” where a text would be, because some of them show nothing to a person without a text.",
});
const senderOnRequest = booleanOption({
  key: "sender_on_request",
  default: false,
  description: "Whether users may have the sender of the last message told to their app servers.",
});
const bodyOnRequest = booleanOption({
  key: "body_on_request",
  default: false,
  description: "Whether users may have the text of the last message told to their app servers.",
});

/** Devices that are away are woken through the servers of their apps (XEP-0357). */
export const push = serverModule({
  name: "push",
  implements: [{ xep: 357, title: "Push Notifications", version: "0.4.1", status: "complete" }],
  // [xep0357-4.1-02]
  accountFeatures: [NS_PUSH],
  options: [
    registrationsMax,
    intervalSeconds,
    messageCount,
    pendingSubscriptionCount,
    placeholder,
    senderOnRequest,
    bodyOnRequest,
  ],
  slots: [pushRegistrations],
  start: (host) => {
    const disclosure = {
      messageCount: host.setting(messageCount),
      pendingSubscriptionCount: host.setting(pendingSubscriptionCount),
      placeholder: host.setting(placeholder),
      // [xep0357-9-02] [xep0357-9-03]
      onRequest: new Set<Wish>([
        ...(host.setting(senderOnRequest) ? (["sender"] as const) : []),
        ...(host.setting(bodyOnRequest) ? (["body"] as const) : []),
      ]),
    };
    const pushes = new Pushes(host, disclosure, host.setting(intervalSeconds) * 1_000);

    const all = (account: Account): readonly Registration[] => {
      const registrations = account.map(pushRegistrations);
      return registrations.size === 0 ? none : [...registrations.entries()].map(([, one]) => one);
    };
    const ofResource = (account: Account, resource: string): readonly Registration[] =>
      all(account).filter((registration) => registration.resource === resource);

    const consider = (
      account: Account,
      stanza: Stanza,
      concerned: readonly Registration[],
      isExpected = false,
    ): void => {
      const news = concerned.length === 0 ? undefined : newsIn(stanza, account.jid);
      if (news === undefined) return;
      for (const registration of concerned) pushes.notice(account, registration, news, isExpected);
    };

    /**
     * Something came to the account: clients without a session are told when it is certain that it is there to be fetched.
     * Of the others their sessions say what waits for them.
     */
    const arrived = (account: Account, stanza: Stanza, isExpected = false): void => {
      const gone = all(account).filter(({ resource }) => !account.sessions.has(resource));
      if (gone.length > 0) account.whenDurable(() => consider(account, stanza, gone, isExpected));
    };

    const welcome = (account: Account, resource: string): void => {
      for (const registration of ofResource(account, resource)) pushes.forget(account, registration);
    };

    return {
      iq: [
        writes(Enable, ({ account, payload, session }) => {
          const resource = session?.resource ?? "";
          const bounds = { resource, at: host.env.now(), registrationsMax: host.setting(registrationsMax) };
          pushes.forget(account, enable(account, payload, bounds));
          return undefined;
        }),
        writes(Disable, ({ account, payload }) => {
          for (const registration of disable(account, payload)) pushes.forget(account, registration);
          return undefined;
        }),
      ],
      guard: {
        // [xep0357-8-02]
        inbound: (account, stanza) => {
          if (stanza.kind !== "message" || account.map(pushRegistrations).size === 0) return undefined;
          const node = withdrawnNode(stanza.element, account.jid);
          if (node === undefined || !account.map(pushRegistrations).has(keyOf(stanza.from, node))) return undefined;
          account.post((awake) => {
            for (const registration of disable(awake, { jid: stanza.from, node })) pushes.forget(awake, registration);
          });
          return { drop: true };
        },
      },
      copy: { inbound: (account, stanza) => arrived(account, stanza) },
      events: [
        on(stanzaWaits, ({ account, session, stanza }) =>
          consider(account, stanza, ofResource(account, session.resource)),
        ),
        // It is found when somebody wakes the account, which may be this very client.
        on(messageRecovered, ({ account, stanza }) => arrived(account, stanza, true)),
        on(subscriptionAsked, ({ account, stanza }) => arrived(account, stanza)),
        on(sessionBound, ({ account, session }) => welcome(account, session.resource)),
        on(sessionResumed, ({ account, session }) => welcome(account, session.resource)),
        on(accountResting, ({ account }) => {
          for (const registration of all(account)) pushes.rest(account, registration);
        }),
        on(accountDeleting, ({ account }) => {
          for (const registration of all(account)) pushes.forget(account, registration);
        }),
      ],
      dispose: () => pushes.close(),
    };
  },
});

const none: readonly Registration[] = [];
