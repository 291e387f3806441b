import assert from "node:assert/strict";
import { test } from "node:test";
import type { ServerModule } from "#kit/server-module.ts";
import { serverModules } from "#server/modules.generated.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { Caps, verifyCaps } from "../0115-entity-caps/elements.ts";
import { Info } from "./elements.ts";

const julietJid = "juliet@capulet.example";
const contacts = { abuse: ["mailto:abuse@capulet.example"] };

interface Said {
  readonly caps: ReturnType<typeof Caps.parse>;
  readonly host: Info;
  readonly account: Info;
}

/** What the server and Juliet's account say of themselves with these modules. */
async function saidBy(
  modules: readonly ServerModule[],
  options: Readonly<Record<string, unknown>> = {},
): Promise<Said> {
  await using world = await startWorld({ accounts: [julietJid], modules, contacts, options });
  const juliet = world.connect();
  const caps = Caps.within(await juliet.authenticate("juliet", "capulet.example", "juliet"));
  assert.ok(caps !== undefined);
  await juliet.bind("balcony");
  const infoOf = async (to: string): Promise<Info> => {
    await juliet.sendText(
      `<iq type='get' id='d' to='${to}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
    );
    const answer = juliet.next().firstElement;
    assert.ok(answer !== undefined);
    return Info.parse(answer);
  };
  return { caps, host: await infoOf("capulet.example"), account: await infoOf(julietJid) };
}

const namesOf = ({ features }: Info): readonly string[] => features.map((feature) => feature.var);

test("the whole server keeps the promise of its capabilities", async () => {
  const { caps, host } = await saidBy(serverModules);
  assert.equal(verifyCaps(caps, host), "verified");
});

test("host and account announce what each of them answers", async () => {
  const { host, account } = await saidBy(serverModules);
  const both = [
    "http://jabber.org/protocol/disco#info",
    "http://jabber.org/protocol/disco#items",
    "jabber:iq:last",
    "jabber:iq:private",
    "urn:xmpp:ping",
    "vcard-temp",
  ];
  const hostOnly = ["http://jabber.org/protocol/caps", "jabber:iq:version", "urn:xmpp:time"];
  for (const name of both) {
    assert.ok(namesOf(host).includes(name), `${name} at the host`);
    assert.ok(namesOf(account).includes(name), `${name} at the account`);
  }
  for (const name of hostOnly) {
    assert.ok(namesOf(host).includes(name), `${name} at the host`);
    assert.ok(!namesOf(account).includes(name), `${name} at the account`);
  }
  // Data forms are announced by nobody who has them in other elements only. [xep0004-6-02]
  assert.ok(!namesOf(host).includes("jabber:x:data"));
  assert.equal(host.forms.length, 1);
  assert.deepEqual(account.identities[0], { category: "account", type: "registered" });
});

test("S35 a feature that is switched off is not announced", async () => {
  const off = await saidBy(serverModules.filter(({ name }) => name !== "ping" && name !== "vcard-temp"));
  for (const name of ["urn:xmpp:ping", "vcard-temp"]) {
    assert.ok(!namesOf(off.host).includes(name));
    assert.ok(!namesOf(off.account).includes(name));
  }
});

test("the order of the modules changes nothing that is announced", async () => {
  const there = await saidBy(serverModules);
  const back = await saidBy(serverModules.toReversed());
  assert.equal(back.caps.ver, there.caps.ver);
  assert.deepEqual(namesOf(back.host), namesOf(there.host));
  assert.deepEqual(namesOf(back.account), namesOf(there.account));
});
