import { bareOf, type Jid } from "#protocol/jid/jid.ts";
import { xml, withChildren, XmlElement } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { Account } from "#kit/account.ts";
import { writes } from "#kit/iq.ts";
import { serverModule } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import { json, sessionSlot } from "#kit/slots.ts";
import { stanzaOf, type Stanza } from "#kit/stanza.ts";
import { sentDirectedTo } from "#im/presence/slots.ts";
import { CopiedMessages } from "./copied.ts";
import {
  carbonOf,
  Disable,
  Enable,
  isCarbonPayload,
  NS_CARBONS,
  NS_CARBONS_RULES,
  type CarbonDirection,
} from "./elements.ts";
import { isEligible, isForOccupant } from "./eligible.ts";

/** Whether a session wants copies of what the account's other sessions send and receive. */
export const carbonsSlot = sessionSlot("carbons", () => false, json());

/** Messages remembered for each account of which copies were made. */
const copiedIdsMax = 200;

/** Copies of a conversation for all devices of a user (XEP-0280). */
export const carbons = serverModule({
  name: "carbons",
  implements: [
    { xep: 280, title: "Message Carbons", version: "1.0.1", status: "complete" },
    { xep: 297, title: "Stanza Forwarding", version: "1.0", status: "complete" },
  ],
  features: [NS_CARBONS, NS_CARBONS_RULES],
  start: () => {
    const copied = new WeakMap<Account, CopiedMessages>();

    const copiedOf = (account: Account): CopiedMessages => {
      const known = copied.get(account) ?? new CopiedMessages(copiedIdsMax);
      copied.set(account, known);
      return known;
    };

    const copies = (account: Account, stanza: Stanza, direction: CarbonDirection, peer: Jid): boolean =>
      stanza.type === "error" ? copiedOf(account).has(stanza.id, peer) : isEligible(stanza, direction);

    /** [xep0280-7-01] [xep0280-7-02] [xep0280-7-03] [xep0280-8-01] [xep0280-8-02] [xep0280-8-03] */
    const send = (account: Account, session: Session, type: string | undefined, payload: XmlElement): void => {
      const message = xml(NS_CLIENT, "message", { from: account.jid, to: session.jid, type }, payload);
      session.send(stanzaOf("message", message, account.jid, session.jid));
    };

    const copyTo = (
      account: Account,
      sessions: readonly Session[],
      stanza: Stanza,
      direction: CarbonDirection,
    ): void => {
      const peer = direction === "sent" ? stanza.to : stanza.from;
      if (peer === undefined || sessions.length === 0 || !copies(account, stanza, direction, peer)) return;
      if (stanza.type !== "error") copiedOf(account).remember(stanza.id, peer);
      const payload = carbonOf(direction, stanza.element);
      for (const session of sessions) send(account, session, stanza.element.attr("type"), payload);
    };

    const honest = (_: Account, stanza: Stanza): Stanza => withoutForgedCarbon(stanza);

    return {
      iq: [
        // That it was on or off already is no error. [xep0280-10.1-01] [xep0280-10.1-02] [xep0280-10.1-03]
        writes(Enable, ({ session }) => turn(session, true)),
        // [xep0280-10.1-04] [xep0280-10.1-05]
        writes(Disable, ({ session }) => turn(session, false)),
      ],
      // [xep0386-3.2-13] [xep0386-3.2-14]
      bindFeatures: [
        {
          announce: NS_CARBONS,
          bind: (session, request) => (Enable.within(request) === undefined ? undefined : turn(session, true)),
        },
      ],
      rewrite: { outbound: honest, inbound: honest },
      copy: {
        outbound: (account, stanza, session) => {
          // What goes to one's own account is shared among its sessions where it arrives.
          if (account.sessions.size < 2 || stanza.to === undefined || bareOf(stanza.to) === account.jid) return;
          // [xep0280-6.1-05]
          const inRoom = isForOccupant(stanza) ? stanza.to : undefined;
          // [xep0280-8-05]
          const others = interested(account).filter(
            (other) => other !== session && (inRoom === undefined || sentDirectedTo(other, inRoom)),
          );
          copyTo(account, others, stanza, "sent");
        },
        inbound: (account, stanza, delivered) => {
          // What reached nobody is kept or returned: who comes next gets it itself, and a copy would be its double. An error
          // comes once only.
          if (delivered.length === 0 ? stanza.type !== "error" : account.sessions.size < 2) return;
          // [xep0280-7-05]
          const others = interested(account).filter(
            (session) => !delivered.includes(session) && session.jid !== stanza.to && session.jid !== stanza.from,
          );
          copyTo(account, others, stanza, "received");
        },
      },
    };
  },
});

function turn(session: Session | undefined, on: boolean): undefined {
  session?.set(carbonsSlot, on);
}

function interested(account: Account): Session[] {
  const found: Session[] = [];
  for (const session of account.sessions.values()) if (session.get(carbonsSlot)) found.push(session);
  return found;
}

/** The message without what claims to be a carbon: only we make those, and clients have believed others' (A38). */
function withoutForgedCarbon(stanza: Stanza): Stanza {
  const { element } = stanza;
  if (stanza.kind !== "message" || !element.elements().some(isCarbonPayload)) return stanza;
  const children = element.children.filter((child) => !(child instanceof XmlElement && isCarbonPayload(child)));
  return stanza.rewritten(withChildren(element, children));
}
