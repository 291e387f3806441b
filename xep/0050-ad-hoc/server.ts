import { bareOf } from "#protocol/jid/jid.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { AccountCommand } from "#kit/account-command.ts";
import type { Account } from "#kit/account.ts";
import { randomToken } from "#kit/env.ts";
import { readsBySet, type AccountRequest } from "#kit/iq.ts";
import { serverModule, type AccountDiscoContribution } from "#kit/server-module.ts";
import { commandNode } from "./command-list.ts";
import { completed, nextStage } from "./command-stages.ts";
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
      // [xep0050-4.1-03] A session is what the forms of a command have in common. There is one form, so nothing is remembered of it.
      const sessionId = payload.sessionId ?? randomToken(host.env, sessionIdBytes);
      const next = nextStage(commandsOf(account), payload, sessionId);
      return "filled" in next ? completed(next.command, sessionId, await next.command.run(account, next.filled)) : next;
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
    node: (account, node, asker) =>
      isOffered(account, asker) ? commandNode(commandsOf(account), node, account.jid) : undefined,
  };
}
