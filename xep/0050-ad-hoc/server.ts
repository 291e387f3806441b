import { bareOf } from "#protocol/jid/jid.ts";
import { StanzaError, type StanzaErrorDetails } from "#protocol/stanza/stanza-error.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import type { AccountCommand } from "#kit/account-command.ts";
import type { Account } from "#kit/account.ts";
import { randomToken } from "#kit/env.ts";
import { readsBySet, type AccountRequest } from "#kit/iq.ts";
import { serverModule, type AccountDiscoContribution, type DiscoNode } from "#kit/server-module.ts";
import { NS_DATA_FORMS } from "../0004-data-forms/elements.ts";
import { Command, NS_COMMANDS } from "./elements.ts";

/** 80 bits. */
const sessionIdBytes = 10;

/** What people can have done with their own accounts by a form, in any client (XEP-0050). */
export const adHoc = serverModule({
  name: "ad-hoc",
  implements: [
    {
      xep: 50,
      title: "Ad-Hoc Commands",
      version: "1.3.0",
      status: "partial",
      note: "for people's own accounts, commands of one form each",
    },
  ],
  start: (host) => {
    const commandsOf = (account: Account): readonly AccountCommand[] =>
      account.host.modules.flatMap(({ parts }) => parts.accountCommands ?? []);

    const answer = async ({ account, payload }: AccountRequest<Command>): Promise<XmlElement> => {
      const { node, form, action = "execute" } = payload;
      const command = commandsOf(account).find((known) => known.node === node);
      if (command === undefined) throw new StanzaError("item-not-found", { text: `there is no command "${node}"` });
      // [xep0050-4.1-03] A session is what the forms of a command have in common. There is one form, so nothing is remembered of it.
      const sessionId = payload.sessionId ?? randomToken(host.env, sessionIdBytes);
      switch (action) {
        case "cancel":
          return stage(command, sessionId, "canceled");
        case "execute":
        case "complete":
        case "next":
          break;
        case "prev":
          throw refusal("bad-action", "there is nothing before this form");
        default:
          // [xep0050-4.1-11]
          throw refusal("malformed-action", `"${action}" is no action`);
      }
      if (form === undefined) {
        // Whoever has seen the form sends it along.
        if (payload.sessionId !== undefined) throw refusal("bad-payload", "the form is missing");
        // [xep0050-2.4.2-01] [xep0050-3.4-01] [xep0050-3.4-03]
        const actions = xml(NS_COMMANDS, "actions", { execute: "complete" }, xml(NS_COMMANDS, "complete"));
        return stage(command, sessionId, "executing", actions, command.form());
      }
      const told = await command.run(account, form);
      return stage(command, sessionId, "completed", xml(NS_COMMANDS, "note", { type: "info" }, told));
    };

    return { iq: [readsBySet(Command, answer, "owner", "forbidden")], accountDisco: disco(commandsOf) };
  },
});

/** Commands are announced to their owner alone: nobody else may use them. [xep0050-2.2-01] [xep0050-5-02] */
function disco(commandsOf: (account: Account) => readonly AccountCommand[]): AccountDiscoContribution {
  const isOffered = (account: Account, asker: Parameters<typeof bareOf>[0]): boolean =>
    bareOf(asker) === account.jid && commandsOf(account).length > 0;
  return {
    features: (account, asker) => (isOffered(account, asker) ? [NS_COMMANDS] : []),
    node: (account, node, asker): DiscoNode | undefined => {
      if (!isOffered(account, asker)) return undefined;
      const commands = commandsOf(account);
      if (node === NS_COMMANDS)
        return {
          identities: [{ category: "automation", type: "command-list" }],
          features: [],
          items: commands.map((command) => ({ jid: account.jid, node: command.node, name: command.name })),
        };
      const command = commands.find((known) => known.node === node);
      return (
        command && {
          identities: [{ category: "automation", type: "command-node", name: command.name }],
          features: [NS_COMMANDS, NS_DATA_FORMS],
        }
      );
    },
  };
}

function stage(
  { node }: AccountCommand,
  sessionid: string,
  status: "executing" | "completed" | "canceled",
  ...content: readonly XmlElement[]
): XmlElement {
  return xml(NS_COMMANDS, "command", { node, sessionid, status }, ...content);
}

function refusal(specific: string, text: string): StanzaError {
  const details: StanzaErrorDetails = { text, specific: xml(NS_COMMANDS, specific) };
  return new StanzaError("bad-request", details);
}
