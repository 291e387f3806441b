import type { BareJid } from "#protocol/jid/jid.ts";
import type { AccountCommand } from "#kit/account-command.ts";
import type { DiscoNode } from "#kit/server-module.ts";
import { NS_DATA_FORMS } from "../0004-data-forms/elements.ts";
import { NS_COMMANDS } from "./elements.ts";

/** What is told of a node: of the list of these commands, or of one of them (XEP-0050 §2.2). */
export function commandNode(commands: readonly AccountCommand[], node: string, owner: BareJid): DiscoNode | undefined {
  if (node === NS_COMMANDS)
    return {
      identities: [{ category: "automation", type: "command-list" }],
      features: [],
      items: commands.map((command) => ({ jid: owner, node: command.node, name: command.name })),
    };
  const command = commands.find((known) => known.node === node);
  return (
    command && {
      identities: [{ category: "automation", type: "command-node", name: command.name }],
      features: [NS_COMMANDS, NS_DATA_FORMS],
    }
  );
}
