import { isCreatableLocalpart } from "#protocol/jid/creatable-localpart.ts";
import { bareOf, localpartOf, makeJid, type DomainJid } from "#protocol/jid/jid.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import type { InviteSummary, ServerAdministration } from "#kit/administration.ts";
import { listEntriesMax } from "#kit/administration-values.ts";
import { Invites, inviteUri, type Invite } from "#xep/0401-invites/invites.ts";
import type { ServerCore } from "./core.ts";

/** What this needs of the running, or opened, server. */
export interface InviteParts {
  readonly core: ServerCore;
  /** As they are configured at present. */
  readonly hosts: () => readonly {
    readonly domain: DomainJid;
    readonly registration: "closed" | "invite" | "open";
  }[];
}

/** What administrators do with invitations to make an account (XEP-0401). */
export function inviteAdministration({
  core,
  hosts,
}: InviteParts): Pick<ServerAdministration, "createInvite" | "listInvites" | "revokeInvite"> {
  const invitesOf = (domain: DomainJid): Invites => {
    const host = core.hosts.get(domain);
    if (host === undefined) throw new AdministrationError("not-found", `${domain} is not a host of this server`);
    return new Invites(host);
  };

  return {
    createInvite: async ({ host, account, validHours, usesMax }) => {
      const invites = invitesOf(host);
      if (hosts().find(({ domain }) => domain === host)?.registration === "closed")
        throw new AdministrationError(
          "not-allowed",
          `nobody can use an invitation to ${host}: its registration is closed; set it to "invite" in balcony.toml`,
        );
      const name = account === undefined ? undefined : await freeName(account, host);
      if (name !== undefined && usesMax > 1)
        throw new AdministrationError("invalid", "an invitation for one name can be used once");
      const invite = await invites.create({ account: name, validMs: validHours * 3_600_000, usesMax });
      if (invite === undefined)
        throw new AdministrationError("unavailable", `too many invitations to ${host} are out; revoke some`);
      const { token } = invite;
      return { token, uri: inviteUri(invite), expiresAt: new Date(invite.expiresAt).toISOString(), usesMax };
    },

    listInvites: async ({ host }) => {
      const all: Invite[] = [];
      for (const domain of host === undefined ? core.hosts.keys() : [host])
        all.push(...(await invitesOf(domain).list()));
      return { invites: all.slice(0, listEntriesMax).map(summary), total: all.length };
    },

    revokeInvite: async ({ token }) => {
      for (const domain of core.hosts.keys()) if (await invitesOf(domain).revoke(token)) return { token };
      throw new AdministrationError("not-found", "there is no such invitation");
    },
  };

  async function freeName(account: string, host: DomainJid): Promise<string> {
    const jid = makeJid(account, host);
    const name = jid === undefined ? undefined : localpartOf(jid);
    if (jid === undefined || name === undefined || !isCreatableLocalpart(name))
      throw new AdministrationError("invalid", `"${account}" cannot be the name of an account`);
    if (await core.accounts.exists(bareOf(jid))) throw new AdministrationError("exists", `${jid} exists already`);
    return name;
  }
}

function summary({ token, host, account, createdBy, expiresAt, uses, usesMax }: Invite): InviteSummary {
  return {
    token,
    host,
    expiresAt: new Date(expiresAt).toISOString(),
    uses,
    usesMax,
    ...(account === undefined ? {} : { account }),
    ...(createdBy === undefined ? {} : { createdBy }),
  };
}
