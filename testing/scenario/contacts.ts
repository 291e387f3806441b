import { bareOf, parseJid } from "#protocol/jid/jid.ts";
import type { ServerModule } from "#kit/server-module.ts";
import { messages } from "#im/messages/server.ts";
import { presence } from "#im/presence/server.ts";
import { roster } from "#im/roster/server.ts";
import type { ScriptedClient } from "./scripted-client.ts";

/** The modules without which nobody has contacts: what every scenario of a feature runs beside it. */
export const instantMessaging: readonly ServerModule[] = [messages, presence, roster];

/** Both become available, and let each other see their presence. Nothing of that is left to be looked at. */
export async function befriend(one: ScriptedClient, other: ScriptedClient): Promise<void> {
  for (const client of [one, other]) await client.sendText("<presence/>");
  for (const [client, contact] of [
    [one, other],
    [other, one],
  ] as const) {
    await client.sendText(`<presence type='subscribe' to='${bareJid(contact)}'/>`);
    await contact.sendText(`<presence type='subscribed' to='${bareJid(client)}'/>`);
  }
  for (const client of [one, other]) client.ignoreAll();
}

function bareJid({ jid }: ScriptedClient): string {
  const parsed = parseJid(jid);
  return parsed === undefined ? jid : bareOf(parsed);
}
