import assert from "node:assert/strict";
import { test } from "node:test";
import { serverModule } from "#kit/server-module.ts";
import { startWorld } from "#testing/scenario/world.ts";
import { serverModules } from "../modules.generated.ts";

const romeoJid = "romeo@montague.example";
const julietJid = "juliet@capulet.example";
const NS = "urn:example:broken";

/** A feature with a bug. */
const broken = serverModule({
  name: "broken",
  implements: [{ title: "A bug", version: "1", status: "partial" }],
  start: () => ({
    nonzas: [
      {
        ns: NS,
        name: "break",
        handle: () => {
          throw new Error("planted");
        },
      },
    ],
  }),
});

test("a bug that one stream comes upon ends that stream and no other", async () => {
  await using world = await startWorld({ accounts: [romeoJid, julietJid], modules: [...serverModules, broken] });
  const romeo = await world.login(`${romeoJid}/orchard`);
  const juliet = await world.login(`${julietJid}/balcony`);
  await romeo.sendText(`<break xmlns='${NS}'/>`);
  assert.ok(romeo.connectionClosed);
  assert.deepEqual(
    world.log.filter((line) => line.level === "error").map((line) => line.text),
    ["a stream broke down; this is a bug"],
  );
  await juliet.sendText("<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>");
  assert.equal(juliet.next().attr("type"), "result");
  assert.deepEqual(
    [...world.core.registry.sessions()].map((session) => session.jid),
    [juliet.jid],
  );
});
