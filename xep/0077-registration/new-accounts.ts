import { localpartOf, makeJid, bareOf, type BareJid } from "#protocol/jid/jid.ts";
import { detachString } from "#protocol/detach-string.ts";
import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Infer } from "#protocol/xml/element-schema.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { AccountChange, Host } from "#kit/host.ts";
import type { EarlyPeer } from "#kit/server-module.ts";
import { sessionSlot } from "#kit/slots.ts";
import { Preauth } from "#xep/0401-invites/elements.ts";
import type { Invite, Invites } from "#xep/0401-invites/invites.ts";
import type { Query } from "./elements.ts";
import { lookalikesRefused, policy } from "./options.ts";
import { checkPassword, refusalOf } from "./passwords.ts";
import { applicantOf, askForAccount } from "./registration-form.ts";
import type { RegistrationRate } from "./registration-rate.ts";

/** The invitation that was shown on this connection. */
const inviteSlot = sessionSlot<Invite | undefined>("invitation", () => undefined);
/** Whether an account was made on this connection: one is all. */
const doneSlot = sessionSlot("registered", () => false);

/** Accounts made by who has none yet, on streams that nobody has logged in on. */
export class NewAccounts {
  readonly #host: Host;
  readonly #invites: Invites;
  readonly #rate: RegistrationRate;

  constructor(host: Host, invites: Invites, rate: RegistrationRate) {
    this.#host = host;
    this.#invites = invites;
    this.#rate = rate;
  }

  /** XEP-0077 §3.1 */
  ask(peer: EarlyPeer): XmlElement {
    const { domain } = this.#host;
    switch (this.#host.setting(policy)) {
      case "closed":
        throw closed();
      case "invite":
        if (peer.get(inviteSlot) === undefined)
          return askForAccount(
            `Accounts on ${domain} are for who is invited: follow the link of an invitation.`,
            undefined,
          );
        break;
      default:
    }
    return askForAccount(`Choose a username and a password for ${domain}.`, peer.get(inviteSlot)?.account);
  }

  /** XEP-0445 §4 */
  async show(payload: XmlElement, peer: EarlyPeer): Promise<undefined> {
    if (this.#host.setting(policy) === "closed") throw closed();
    const invite = await this.#invites.find(detachString(Preauth.parse(payload).token));
    if (invite === undefined)
      throw new StanzaError("item-not-found", { text: "there is no such invitation, or it is not valid any more" });
    peer.set(inviteSlot, invite);
    return undefined;
  }

  /** XEP-0077 §3.1.1 */
  async register(query: Infer<typeof Query>, peer: EarlyPeer): Promise<undefined> {
    const host = this.#host;
    const invite = peer.get(inviteSlot);
    const policyHere = host.setting(policy);
    if (policyHere === "closed") throw closed();
    if (query.remove) throw new StanzaError("unexpected-request", { text: "log in to cancel an account" });
    // [xep0077-3.1.1-02]
    if (peer.get(doneSlot)) throw new StanzaError("not-acceptable", { text: "one account for one connection" });
    const { username, password } = applicantOf(query);
    if (policyHere === "invite" && invite === undefined)
      throw new StanzaError("not-allowed", { text: "an account needs an invitation" });
    checkPassword(host, password);
    const jid = makeJid(username, host.domain);
    const name = jid === undefined ? undefined : localpartOf(jid);
    if (jid === undefined || name === undefined)
      throw new StanzaError("not-acceptable", { text: "this cannot be a username" });
    if (invite?.account !== undefined && invite.account !== name)
      throw new StanzaError("not-acceptable", { text: `the invitation is for ${invite.account}` });
    const change = await this.#create(bareOf(jid), name, password, invite, peer.address);
    if (!change.ok) throw refusalOf(change);
    peer.set(doneSlot, true);
    host.log.info(
      { host: host.domain, account: jid, peer: peer.address, invited: invite !== undefined },
      "account registered",
    );
    return undefined;
  }

  /** The cheap questions come first: making a password's keys is work. */
  async #create(
    jid: BareJid,
    name: string,
    password: string,
    invite: Invite | undefined,
    address: string,
  ): Promise<AccountChange> {
    const { accounts } = this.#host;
    // An invitation bounds itself: people who are invited often sit at the same address.
    if (invite === undefined && !this.#rate.begin(address))
      throw new StanzaError("resource-constraint", { text: "too many accounts were registered from your address" });
    try {
      if (await accounts.exists(jid)) throw taken();
      if (invite?.account === undefined && (await this.#invites.isPromised(name))) throw taken();
      // What an invitation says, the administrator has chosen.
      const refuseLookalikes = invite?.account === undefined && this.#host.setting(lookalikesRefused);
      const create = (): Promise<AccountChange> => accounts.create(jid, password, { refuseLookalikes });
      const change = invite === undefined ? await create() : await this.#redeem(invite, create);
      if (invite === undefined && !change.ok) this.#rate.failed(address);
      return change;
    } catch (error) {
      if (invite === undefined) this.#rate.failed(address);
      throw error;
    }
  }

  async #redeem(invite: Invite, create: () => Promise<AccountChange>): Promise<AccountChange> {
    const redeemed = await this.#invites.redeem(invite.token, create);
    if (!redeemed.ok) throw new StanzaError("not-allowed", { text: "the invitation is not valid any more" });
    return redeemed.result;
  }
}

/** [xep0077-3.1-03] */
function closed(): StanzaError {
  return new StanzaError("service-unavailable", { text: "accounts are not made from clients here" });
}

function taken(): StanzaError {
  return new StanzaError("conflict", { text: "this username is taken" });
}
