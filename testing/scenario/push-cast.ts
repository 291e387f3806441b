import { NS_SM } from "#protocol/xml/namespaces.ts";
import { befriend, instantMessaging } from "./contacts.ts";
import type { ScriptedClient } from "./scripted-client.ts";
import { startWorld, type World } from "./world.ts";
import { disco } from "#xep/0030-disco/server.ts";
import { carbons } from "#xep/0280-carbons/server.ts";
import { archive } from "#xep/0313-archive/server.ts";
import { clientState } from "#xep/0352-client-state/server.ts";
import { NS_PUBSUB, NS_PUSH } from "#xep/0357-push/elements.ts";
import { push } from "#xep/0357-push/server.ts";

export const romeo = "romeo@montague.example";
export const juliet = "juliet@capulet.example";
export const app = "app@capulet.example/push";
export const phone = `${juliet}/phone`;
export const intervalMs = 30_000;

export interface Cast {
  readonly world: World;
  readonly romeo: ScriptedClient;
  readonly phone: ScriptedClient;
  /** Stands for an app server. */
  readonly app: ScriptedClient;
}

export const enable = (node: string, inside = ""): string =>
  `<iq type='set' id='e'><enable xmlns='${NS_PUSH}' jid='${app}' node='${node}'>${inside}</enable></iq>`;
export const chat = (body: string, to = juliet): string =>
  `<message to='${to}' type='chat'><body>${body}</body></message>`;

const modules = [...instantMessaging, disco, carbons, archive, clientState, push];

export async function cast(options: Readonly<Record<string, unknown>> = {}): Promise<Cast> {
  const world = await startWorld({
    accounts: [romeo, juliet, "app@capulet.example"],
    modules,
    options,
  });
  const clients = { romeo: await world.login(`${romeo}/garden`), phone: await world.login(phone) };
  await befriend(clients.romeo, clients.phone);
  return { world, ...clients, app: await world.login(app) };
}

export async function enabled(client: ScriptedClient, node = "n1", inside = ""): Promise<void> {
  await client.sendText(enable(node, inside));
  client.receives("<iq type='result' id='e' to='{any}'/>");
}

/** Stream management for the phone; its resumption id. */
export async function managed(client: ScriptedClient): Promise<string> {
  await client.sendText(`<enable xmlns='${NS_SM}' resume='true'/>`);
  return client.next().attr("id") ?? "";
}

/** The publications that the app server got, in short: node, and fields of the summary. */
export function pushed({ pending }: ScriptedClient): readonly string[] {
  return pending.map((stanza) => {
    const publish = stanza.child(NS_PUBSUB, "pubsub")?.child(NS_PUBSUB, "publish");
    const summary = publish?.firstElement?.firstElement?.firstElement;
    const fields = summary?.elements().slice(1) ?? [];
    return [
      publish?.attr("node") ?? "-",
      ...fields.map((field) => `${field.attr("var")}=${field.firstElement?.text}`),
    ].join(" ");
  });
}

export const first = "n1 message-count=1 last-message-body=New message pending-subscription-count=0";
export const quiet = "n1 message-count=0 pending-subscription-count=0";

/** The same, with a phone that is to be notified and gone. */
export async function castOfGone(options: Readonly<Record<string, unknown>> = {}): Promise<Cast> {
  const people = await cast(options);
  await enabled(people.phone);
  await people.phone.close();
  return people;
}

/** The next server, on the disc of one that was killed. */
export async function killed(world: World): Promise<World> {
  world.faults.crash("before-durable");
  return startWorld({ disk: world.disk, seed: "another process", modules, options: { archive: true } });
}
