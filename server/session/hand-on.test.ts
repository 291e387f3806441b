import assert from "node:assert/strict";
import { test } from "node:test";
import { xml } from "#protocol/xml/element.ts";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import { makeStanza } from "#kit/stanza.ts";
import { anyJid } from "#testing/addresses.ts";
import { offlineRows } from "#testing/scenario/stored-rows.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { handOn } from "./hand-on.ts";
import { newlyOwed } from "./owed-stanza.ts";

const romeo = anyJid("romeo@montague.example/orchard");
const juliet = anyJid("juliet@capulet.example/balcony");

for (const { what, kind, type, told, kept } of [
  { what: "a message that nobody else takes is kept", kind: "message", type: "chat", told: [], kept: 1 },
  {
    what: "whoever asked something is told that nobody answers [rfc6120-8.2.3-04]",
    kind: "iq",
    type: "get",
    told: ["iq error service-unavailable"],
    kept: 0,
  },
  { what: "an answer goes nowhere", kind: "iq", type: "result", told: [], kept: 0 },
  { what: "presence goes nowhere", kind: "presence", type: "unavailable", told: [], kept: 0 },
] as const)
  test(`of what a session owed that will not come back ${what}, and its sender waits no more`, async () => {
    await using world = await startWorld({
      accounts: ["romeo@montague.example", "juliet@capulet.example"],
      options: { archive: false },
    });
    await world.login(juliet);
    const sender = await world.login(romeo);
    const account = world.core.registry.sessionOf(juliet)?.account;
    assert.ok(account !== undefined);
    const head = { from: romeo, to: juliet, type, id: "1" };
    const stanza = makeStanza(kind, head, xml(NS_CLIENT, "body", {}, "Hark"));
    const owed = newlyOwed(stanza, "");
    const { messages } = account.host.steps;
    account.post(() => handOn({ account, messages }, owed));
    await world.settle();
    const shown = sender.pending.map((each) => {
      const condition = each.child(NS_CLIENT, "error")?.elements()[0]?.name;
      return `${each.name} ${each.attr("type")} ${condition}`;
    });
    assert.deepEqual(shown, told);
    assert.equal(await offlineRows(world, "juliet@capulet.example"), kept);
    assert.equal(owed.held, false);
  });
