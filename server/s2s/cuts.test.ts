import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { NS_CLIENT } from "#protocol/xml/namespaces.ts";
import type { ScriptedClient } from "#testing/scenario/scripted-client.ts";
import { defaultFederationLimits } from "./federation-limits.ts";
import { startNeighbours, type Neighbours } from "#testing/scenario/neighbours.ts";

const romeo = "romeo@montague.example";
const juliet = "juliet@capulet.example";

/** Two people who are there, with nothing unread. */
async function pair({ montague, capulet }: Neighbours): Promise<readonly [ScriptedClient, ScriptedClient]> {
  const orchard = await montague.login(`${romeo}/orchard`);
  const balcony = await capulet.login(`${juliet}/balcony`);
  await orchard.sendText("<presence/>");
  await balcony.sendText("<presence/>");
  orchard.ignoreAll();
  balcony.ignoreAll();
  return [orchard, balcony];
}

function bodies(client: ScriptedClient): readonly string[] {
  return client.pending.map((stanza) =>
    stanza.attr("type") === "error" ? "error" : (stanza.child(NS_CLIENT, "body")?.text ?? stanza.name),
  );
}

function message(to: string, body: string): string {
  return `<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`;
}

const lines = Array.from({ length: 6 }, (_, number) => `line ${number}`);

describe("a cut at any byte", () => {
  for (const bidirectional of [false, true])
    for (const from of ["dialler", "acceptor"] as const)
      test(`of what the ${from} sends loses nothing and brings nothing twice, ${bidirectional ? "both ways on one stream" : "a stream each way"} [xep0198-5-19]`, async () => {
        let cuts = 0;
        for (let bytes = 1; ; bytes += 53) {
          await using neighbours = await startNeighbours({ federation: { bidirectional } });
          const [orchard, balcony] = await pair(neighbours);
          const { network, env } = neighbours;
          network.prepare = (wire) => {
            if (network.wires.length === 1) wire.cutAfter(from, bytes);
          };
          for (const line of lines) {
            await orchard.sendText(message(`${juliet}/balcony`, line));
            await balcony.sendText(message(`${romeo}/orchard`, line));
          }
          await env.advance(30_000);
          assert.deepEqual(bodies(balcony), lines, `a cut after ${bytes} bytes`);
          assert.deepEqual(bodies(orchard), lines, `a cut after ${bytes} bytes`);
          if (network.wires[0]?.closed !== true) break;
          cuts += 1;
        }
        assert.ok(cuts > 20);
      });

  for (const from of ["dialler", "acceptor"] as const)
    test(`of what the ${from} sends lets what waits for room come behind what is repeated [xep0198-5-19]`, async () => {
      for (let bytes = 1_000; bytes < 6_000; bytes += 151) {
        const limits = { ...defaultFederationLimits, unacknowledgedStanzasMax: 3 };
        await using neighbours = await startNeighbours({
          federation: { bidirectional: true },
          settings: { federation: limits },
        });
        const [orchard, balcony] = await pair(neighbours);
        const { network, env } = neighbours;
        network.prepare = (wire) => {
          if (network.wires.length === 1) wire.cutAfter(from, bytes);
        };
        const many = Array.from({ length: 12 }, (_, number) => `line ${number}`);
        await orchard.sendText(many.map((line) => message(`${juliet}/balcony`, line)).join(""));
        await balcony.sendText(many.map((line) => message(`${romeo}/orchard`, line)).join(""));
        await env.advance(30_000);
        assert.deepEqual(bodies(balcony), many, `a cut after ${bytes} bytes`);
        assert.deepEqual(bodies(orchard), many, `a cut after ${bytes} bytes`);
      }
    });
});
