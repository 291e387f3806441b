import assert from "node:assert/strict";
import { bareOf, domainOf, parseJid, type BareJid } from "#protocol/jid/jid.ts";
import type { ServerModule } from "#kit/server-module.ts";
import { makeStanza } from "#kit/stanza.ts";
import type { ScriptedClient } from "./scripted-client.ts";
import type { World } from "./world.ts";

/** What a user's own server says about a contact. */
export interface SeenState {
  readonly subscription: string | undefined;
  readonly ask: boolean;
  readonly approved: boolean;
}

/** A stanza as it arrived at an account, before anything was done about it. */
export interface Arrival {
  readonly at: BareJid;
  readonly from: string;
  readonly type: string | undefined;
  readonly id: string | undefined;
}

/** A feature that notes what presence arrives for accounts: whether something was routed at all. */
export function presenceWitness(): { readonly module: ServerModule; readonly arrivals: Arrival[] } {
  const arrivals: Arrival[] = [];
  const module: ServerModule = {
    name: "witness",
    implements: [],
    start: () => ({
      guard: {
        inbound: (account, { kind, from, type, id }) => {
          if (kind === "presence") arrivals.push({ at: account.jid, from, type, id });
          return undefined;
        },
      },
    }),
  };
  return { module, arrivals };
}

/** Brings two accounts into a state of RFC 6121 appendix A, as the user sees it, by what clients and servers say. */
export async function reachState(user: ScriptedClient, contact: ScriptedClient, state: string): Promise<void> {
  const asks = async (one: ScriptedClient, other: ScriptedClient): Promise<void> =>
    one.sendText(`<presence type='subscribe' to='${bareJid(other)}'/>`);
  const approves = async (one: ScriptedClient, other: ScriptedClient): Promise<void> =>
    one.sendText(`<presence type='subscribed' to='${bareJid(other)}'/>`);
  for (const client of [user, contact]) {
    await client.sendText("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>");
    await client.sendText("<presence/>");
  }
  await user.sendText(
    `<iq type='set' id='add'><query xmlns='jabber:iq:roster'><item jid='${bareJid(contact)}'/></query></iq>`,
  );
  const [base, pending = ""] = state.split(" + ");
  if (base === "To" || base === "Both") {
    await asks(user, contact);
    await approves(contact, user);
  }
  if (base === "From" || base === "Both") {
    await asks(contact, user);
    await approves(user, contact);
  }
  if (pending.includes("Out")) await asks(user, contact);
  if (pending.includes("In")) await asks(contact, user);
  for (const client of [user, contact]) client.ignoreAll();
}

/** A stanza comes from the contact's server, whatever the contact has said there. */
export async function arrives(
  world: World,
  stanza: { readonly from: string; readonly to: string; readonly type?: string; readonly id?: string },
): Promise<void> {
  const [from, to] = [parseJid(stanza.from), parseJid(stanza.to)];
  assert.ok(from !== undefined && to !== undefined);
  const { type, id } = stanza;
  world.core.hosts.get(domainOf(to))?.route(makeStanza("presence", { from, to, type, id }));
  await world.settle();
}

/** What the roster says of a contact; what else waited is lost. */
export async function seenState(client: ScriptedClient, contact: string): Promise<SeenState> {
  client.ignoreAll();
  await client.sendText("<iq type='get' id='look'><query xmlns='jabber:iq:roster'/></iq>");
  const item = client
    .next()
    .child("jabber:iq:roster", "query")
    ?.elements()
    .find((each) => each.attr("jid") === contact);
  return {
    subscription: item?.attr("subscription"),
    ask: item?.attr("ask") === "subscribe",
    approved: item?.attr("approved") === "true",
  };
}

/** Whether a request of the contact's still waits: whether a device that logs in now is shown it. */
export async function requestWaits(world: World, user: string, contact: string): Promise<boolean> {
  const device = await world.login(`${user}/another-device`);
  await device.sendText("<presence/>");
  const waits = device.pending.some((each) => each.attr("type") === "subscribe" && each.attr("from") === contact);
  await device.close();
  return waits;
}

/** Types of the presence that waits to be looked at from this sender, any of its resources; "" for available. */
export function presenceFrom(client: ScriptedClient, sender: string): readonly string[] {
  return client.pending
    .filter((each) => each.name === "presence" && bareText(each.attr("from") ?? "") === sender)
    .map((each) => each.attr("type") ?? "");
}

/** Items of the roster pushes that wait to be looked at. */
export function pushedItems(client: ScriptedClient): readonly ReturnType<ScriptedClient["next"]>[] {
  return client.pending
    .filter((each) => each.name === "iq" && each.attr("type") === "set")
    .flatMap((each) => each.child("jabber:iq:roster", "query")?.elements() ?? []);
}

export function bareJid({ jid }: ScriptedClient): string {
  return bareText(jid);
}

function bareText(text: string): string {
  const jid = parseJid(text);
  return jid === undefined ? text : bareOf(jid);
}
