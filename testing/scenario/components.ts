import {
  defaultComponentLimits,
  type ComponentLimits,
  type ComponentSettings,
} from "#server/components/component-settings.ts";
import type { ScriptedClient } from "./scripted-client.ts";
import type { ScriptedComponent } from "./scripted-component.ts";
import { startWorld, worldLinkLimits, type World } from "./world.ts";
import { domainJid } from "../addresses.ts";

export const romeo = "romeo@montague.example";
export const juliet = "juliet@capulet.example";
export const irc = "irc.montague.example";
export const secret = "a secret of some length";

const errors = "xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'";

/** An error of a stanza as it comes back. */
export function failure(type: string, condition: string, texted = true): string {
  const text = texted ? `<text ${errors} xml:lang='en'>{any}</text>` : "";
  return `<error type='${type}'><${condition} ${errors}/>${text}</error>`;
}

export const timeout = failure("wait", "remote-server-timeout");

export function component(changes: Partial<ComponentSettings> = {}): ComponentSettings {
  return { domain: domainJid(irc), secret, subdomains: false, conflict: "refuse-new", ...changes };
}

export function startWithComponents(
  options: {
    readonly components?: readonly ComponentSettings[];
    readonly limits?: Partial<ComponentLimits>;
    readonly failedLogins?: { readonly max: number; readonly windowMs: number };
  } = {},
): Promise<World> {
  const { components = [component()], limits = {}, failedLogins } = options;
  return startWorld({
    accounts: [romeo, juliet],
    settings: {
      components,
      componentLimits: { ...defaultComponentLimits(worldLinkLimits), ...limits },
      failedLogins,
    },
  });
}

export async function joined(world: World, name = irc): Promise<ScriptedComponent> {
  const gateway = world.connectComponent();
  await gateway.join(name, secret);
  return gateway;
}

export async function online(world: World, jid: string): Promise<ScriptedClient> {
  const client = await world.login(jid);
  await client.sendText("<presence/>");
  client.ignoreAll();
  return client;
}

export function conditionOf(client: ScriptedClient): string | undefined {
  const last = client.pending.at(-1);
  return last?.name === "error" ? last.elements()[0]?.name : undefined;
}

/** What the log says above debug. */
export function told(world: World): readonly string[] {
  return world.log.filter(({ level }) => level !== "debug").map(({ text }) => text);
}
