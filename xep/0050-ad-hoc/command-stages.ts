import { StanzaError } from "#protocol/stanza/stanza-error.ts";
import { xml, type XmlElement } from "#protocol/xml/element.ts";
import type { AccountCommand } from "#kit/account-command.ts";
import { NS_COMMANDS, type Command } from "./elements.ts";

/** A command that is to be done now, with the form as it came. */
export interface FilledCommand {
  readonly command: AccountCommand;
  readonly filled: XmlElement;
}

/**
 * What follows from a request for one of these commands: an answer, or that it is to be done (XEP-0050 §2.4, §3).
 *
 * @throws StanzaError for a command that there is not, and for an action that there is not, or not now
 */
export function nextStage(
  commands: readonly AccountCommand[],
  { action = "execute", form, node, sessionId: known }: Command,
  sessionId: string,
): XmlElement | FilledCommand {
  const command = commands.find((each) => each.node === node);
  if (command === undefined) throw new StanzaError("item-not-found", { text: `there is no command "${node}"` });
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
  if (form !== undefined) return { command, filled: form };
  // Whoever has seen the form sends it along.
  if (known !== undefined) throw refusal("bad-payload", "the form is missing");
  // [xep0050-2.4.2-01] [xep0050-3.4-01] [xep0050-3.4-03]
  const actions = xml(NS_COMMANDS, "actions", { execute: "complete" }, xml(NS_COMMANDS, "complete"));
  return stage(command, sessionId, "executing", actions, command.form());
}

/** It was done, and this is what is told. */
export function completed(command: AccountCommand, sessionId: string, told: string): XmlElement {
  return stage(command, sessionId, "completed", xml(NS_COMMANDS, "note", { type: "info" }, told));
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
  return new StanzaError("bad-request", { text, specific: xml(NS_COMMANDS, specific) });
}
