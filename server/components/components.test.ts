import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { bareOf, domainOf, parseJid, type DomainJid } from "#protocol/jid/jid.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import type { ScriptedComponent } from "#testing/scenario/scripted-component.ts";
import { startWorld, worldLinkLimits, type World } from "#testing/scenario/world.ts";
import { defaultComponentLimits, type ComponentLimits, type ComponentSettings } from "./component-settings.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";
const irc = "irc.montague.example";
const secret = "a secret of some length";

function domain(text: string): DomainJid {
  const jid = parseJid(text);
  assert.ok(jid !== undefined);
  return domainOf(bareOf(jid));
}

function component(changes: Partial<ComponentSettings> = {}): ComponentSettings {
  return { domain: domain(irc), secret, subdomains: false, conflict: "refuse-new", source: "file", ...changes };
}

function start(
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

async function joined(world: World, name = irc): Promise<ScriptedComponent> {
  const gateway = world.connectComponent();
  await gateway.join(name, secret);
  return gateway;
}

async function online(world: World, jid: string): Promise<ScriptedClient> {
  const client = await world.login(jid);
  await client.sendText("<presence/>");
  client.ignoreAll();
  return client;
}

describe("a component", () => {
  test("is sent what is for its domain, and answers in the name of anybody there [xep0114-3-10]", async () => {
    await using world = await start();
    const gateway = await joined(world);
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(`<message to='#chat%irc.example@${irc}/nick' type='chat'><body>hi &amp; ho</body></message>`);
    gateway.receives(
      `<message from='${romeo}/orchard' to='#chat%irc.example@${irc}/nick' type='chat'><body>hi &amp; ho</body></message>`,
    );
    await gateway.sendText(
      `<message from='anybody@${irc}/at/all' to='${romeo}/orchard' type='chat'><body>ho</body></message>`,
    );
    client.receives(
      `<message from='anybody@${irc}/at/all' to='${romeo}/orchard' type='chat'><body>ho</body><stanza-id xmlns='urn:xmpp:sid:0' by='${romeo}' id='{any}'/></message>`,
    );
  });

  test("is asked by clients, and asks them", async () => {
    await using world = await start();
    const gateway = await joined(world);
    const client = await online(world, `${romeo}/orchard`);
    await client.sendText(`<iq to='${irc}' type='get' id='1'><query xmlns='jabber:iq:register'/></iq>`);
    gateway.receives(
      `<iq from='${romeo}/orchard' to='${irc}' type='get' id='1'><query xmlns='jabber:iq:register'/></iq>`,
    );
    await gateway.sendText(`<iq from='${irc}' to='${romeo}/orchard' type='result' id='1'/>`);
    client.receives(`<iq from='${irc}' to='${romeo}/orchard' type='result' id='1'/>`);
    await gateway.sendText(
      `<iq from='${irc}' to='montague.example' type='get' id='2'><ping xmlns='urn:xmpp:ping'/></iq>`,
    );
    gateway.receives(`<iq from='montague.example' to='${irc}' type='result' id='2'/>`);
  });
});
