import type { Neighbours } from "./neighbours.ts";
import type { ScriptedClient } from "./scripted-client.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

/** Has a user of each of two servers log in and let the other in. What they were told of it is still unread. */
export async function befriend(
  neighbours: Neighbours,
): Promise<{ readonly orchard: ScriptedClient; readonly balcony: ScriptedClient }> {
  const orchard = await neighbours.montague.login(`${romeo}/orchard`);
  const balcony = await neighbours.capulet.login(`${juliet}/balcony`);
  for (const client of [orchard, balcony])
    await client.sendText("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq><presence/>");
  await orchard.sendText(`<presence type='subscribe' to='${juliet}'/>`);
  await balcony.sendText(`<presence type='subscribed' to='${romeo}'/><presence type='subscribe' to='${romeo}'/>`);
  await orchard.sendText(`<presence type='subscribed' to='${juliet}'/>`);
  return { orchard, balcony };
}
