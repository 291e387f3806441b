import { NS_CLIENT, NS_SM } from "#protocol/xml/namespaces.ts";
import type { ScriptedClient } from "./scripted-client.ts";
import type { World } from "./world.ts";

/** A client with stream management, and the id under which its session can be resumed. */
export interface Managed {
  readonly client: ScriptedClient;
  readonly id: string;
}

/** Logs in with a resource, enables stream management and becomes available. */
export async function managed(world: World, jid: string): Promise<Managed> {
  const client = await world.login(jid);
  await client.sendText(`<enable xmlns='${NS_SM}' resume='true'/>`);
  const id = client.next().attr("id") ?? "";
  await client.sendText("<presence/>");
  return { client, id };
}

/** Logs in with a resource and becomes available, without stream management. */
export async function available(world: World, jid: string): Promise<ScriptedClient> {
  const client = await world.login(jid);
  await client.sendText("<presence/>");
  return client;
}

/** Comes back on another connection and asks to go on; the answer is next. */
export async function resume({ client, id }: Managed, jid: string, h: number): Promise<void> {
  const [user = "", domain = ""] = (jid.split("/")[0] ?? "").split("@");
  client.reconnect();
  await client.authenticate(user, domain, user);
  await client.sendText(`<resume xmlns='${NS_SM}' previd='${id}' h='${h}'/>`);
}

/** A message whose id is its body. */
export function chat(to: string, id: string): string {
  return `<message to='${to}' type='chat' id='${id}'><body>${id}</body></message>`;
}

/** Of all that the client has not looked at yet. */
export function bodies(client: ScriptedClient): readonly string[] {
  return client.pending.flatMap((stanza) => stanza.child(NS_CLIENT, "body")?.text ?? []);
}

/** How many errors the client has not looked at yet. */
export function errors(client: ScriptedClient): number {
  return client.pending.filter((stanza) => stanza.attr("type") === "error").length;
}
