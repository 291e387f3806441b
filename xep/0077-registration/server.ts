import { domainOf, type Jid } from "#protocol/jid/jid.ts";
import { asPasswordError } from "#protocol/stanza/password-error.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import type { Host } from "#kit/host.ts";
import type { AccountIqHandler, HostIqHandler, IqAnswer } from "#kit/iq.ts";
import { serverModule, type EarlyIqHandler } from "#kit/server-module.ts";
import type { Session } from "#kit/session.ts";
import { NS_INVITED_REGISTRATION, Preauth } from "#xep/0401-invites/elements.ts";
import { Invites, inviteTable } from "#xep/0401-invites/invites.ts";
import { NS_REGISTER, NS_REGISTER_FEATURE, Query } from "./elements.ts";
import { NewAccounts } from "./new-accounts.ts";
import { accountsPerAddressMax, lookalikesRefused, passwordLengthMin, policy, windowSeconds } from "./options.ts";
import { changeRegistration, showRegistration } from "./own-account.ts";
import { RegistrationRate } from "./registration-rate.ts";

/** Accounts that clients make, change and cancel. */
export const registration = serverModule({
  name: "registration",
  implements: [
    { xep: 77, title: "In-Band Registration", version: "2.4", status: "complete" },
    { xep: 445, title: "Pre-Authenticated In-Band Registration", version: "0.2.0", status: "complete" },
    {
      xep: 401,
      title: "Ad-hoc Account Invitation Generation",
      version: "0.6.0",
      status: "partial",
      note: "Invitations to make an account, given out by the administrator; users cannot invite yet.",
    },
  ],
  options: [policy, accountsPerAddressMax, windowSeconds, passwordLengthMin, lookalikesRefused],
  tables: [inviteTable],
  start: (host) => {
    const rate = new RegistrationRate(
      host.env,
      host.setting(accountsPerAddressMax),
      host.setting(windowSeconds) * 1_000,
    );
    const newAccounts = new NewAccounts(host, new Invites(host), rate);
    return {
      early: [
        early("get", Query, (_, peer) => newAccounts.ask(peer)),
        early("set", Query, (payload, peer) => newAccounts.register(Query.parse(payload), peer)),
        early("set", Preauth, (payload, peer) => newAccounts.show(payload, peer)),
      ],
      iq: [
        ...own(host, "get", (session) => showRegistration(host, session)),
        ...own(host, "set", (session, element) => changeRegistration(host, session, element)),
      ],
      disco: { features: (asker) => (isOurs(host, asker) ? [NS_REGISTER] : []) },
      streamFeatures: (phase) =>
        // What the policy forbids is not offered (S35).
        phase === "authentication" && host.setting(policy) !== "closed"
          ? [xml(NS_INVITED_REGISTRATION, "register"), xml(NS_REGISTER_FEATURE, "register")]
          : [],
    };
  },
});

function early(
  type: "get" | "set",
  { ns, name }: { readonly ns: string; readonly name: string },
  handle: (...asked: Parameters<EarlyIqHandler["handle"]>) => IqAnswer | Promise<IqAnswer>,
): EarlyIqHandler {
  return { type, ns, name, handle: (payload, peer) => secretly(() => handle(payload, peer)) };
}

type OwnHandler = (session: Session, element: XmlElement) => Promise<IqAnswer>;

/** Clients ask the host, or their own account. Neither keeps the account waiting: its own turn comes within. */
function own(host: Host, type: "get" | "set", handle: OwnHandler): readonly [AccountIqHandler, HostIqHandler] {
  const at = { type, ns: NS_REGISTER, name: "query" } as const;
  const answer = (element: XmlElement, from: Jid, session: Session | undefined): Promise<IqAnswer> =>
    secretly(() => {
      // The name may be ours, the domain must be, too (A42).
      if (session === undefined || domainOf(from) !== host.domain)
        throw new StanzaError("service-unavailable", { text: "you have no account here" });
      return handle(session, element);
    });
  return [
    {
      ...at,
      at: "account",
      audience: "owner",
      effect: "reads",
      handle: (element, { from, session }) => answer(element, from, session),
    },
    { ...at, at: "host", handle: (element, { from, session }) => answer(element, from, session) },
  ];
}

/** Passwords are not sent back with errors. */
async function secretly(run: () => IqAnswer | Promise<IqAnswer>): Promise<IqAnswer> {
  try {
    return await run();
  } catch (error) {
    throw asPasswordError(error);
  }
}

/** For whom the feature is there: users of this host, who change passwords; and it is told where nobody asks. */
function isOurs(host: Host, asker: Jid | undefined): boolean {
  return asker === undefined || domainOf(asker) === host.domain;
}
