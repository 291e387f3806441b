import assert from "node:assert/strict";
import { test } from "node:test";
import type { TransportHandler } from "#server/link/transport.ts";
import { drawsFor } from "./draws.ts";
import { ServerLife } from "./server-life.ts";
import { ServerWire, type WireParty } from "./server-wire.ts";
import { SimClock } from "./sim-clock.ts";

test("what is said under TLS is read when the handshake is over at the reading end too, and not before", async () => {
  for (let seed = 1; seed <= 20; seed += 1) {
    const clock = new SimClock();
    const broke = (error: unknown): never => assert.fail(String(error));
    const partyOf = (name: string): WireParty => ({
      life: new ServerLife({ clock, clockOffset: () => 0, derived: new Map(), broke }, drawsFor(seed, name)),
      address: "198.51.100.1",
      chain: [],
    });
    const wire = new ServerWire({
      clock,
      draws: drawsFor(seed, "wire"),
      weather: { delayMsMin: 1, delayMsMax: 40 },
      parties: { dialler: partyOf("dialler"), acceptor: partyOf("acceptor") },
      directTls: false,
    });
    const heard: string[] = [];
    const handler = (more: Partial<TransportHandler>): TransportHandler => ({
      data: (bytes) => heard.push(bytes),
      secured: () => heard.push("secured "),
      lost: () => assert.fail("it is lost"),
      ...more,
    });
    wire.acceptor.open(handler({}));
    wire.dialler.open(handler({ secured: () => wire.dialler.write("hello") }));
    wire.acceptor.startTls(undefined);
    wire.dialler.startTls(undefined);
    await clock.advance(1_000);
    assert.equal(heard.join(""), "secured hello");
  }
});
