import assert from "node:assert/strict";
import { test } from "node:test";
import { defaultXmlLimits } from "#protocol/xml/limits.ts";
import { TagPool } from "#protocol/xml/tag-pool.ts";
import { TreeReaderPool } from "#protocol/xml/tree-reader-pool.ts";
import { MemoryTransport } from "#testing/scenario/memory-transport.ts";
import { VirtualEnv } from "#testing/scenario/virtual-env.ts";
import { silentLog } from "#testing/silent-log.ts";
import { AddressRates } from "./address-rates.ts";
import { Connection, type ConnectionOwner } from "./connection.ts";

const nobody: ConnectionOwner = {
  streamOpened: ignore,
  elementRead: ignore,
  streamClosed: ignore,
  failed: ignore,
  secured: ignore,
  timeout: ignore,
  disconnected: ignore,
  connectionLost: ignore,
  peerTooSlow: ignore,
};

for (const { isShared, writes } of [
  { isShared: true, writes: 1 },
  { isShared: false, writes: 20 },
])
  test(`what twenty clients say in one turn goes out on a connection that is ${isShared ? "" : "not "}shared as ${writes} writes`, async () => {
    const env = new VirtualEnv("writes");
    const { now, setTimer, defer, entropy, deriveKey } = env;
    const afterInput: (() => void)[] = [];
    const written: string[] = [];
    const transport = new MemoryTransport({ env, received: (bytes) => void written.push(bytes) });
    const connection = new Connection("one", transport, nobody, {
      // A clock whose turns end when the test says so.
      env: { now, setTimer, defer, entropy, deriveKey, afterInput: (run) => void afterInput.push(run) },
      log: silentLog,
      limits: {
        xml: defaultXmlLimits,
        xmlBeforeAuthentication: defaultXmlLimits,
        bytesRate: undefined,
        stanzasRate: undefined,
        negotiationMsMax: 1_000,
        closingMsMax: 1_000,
        unsentBytesMax: 1_000,
      },
      tally: { stanzasReceived: 0, stanzasSent: 0, bytesReceived: 0, bytesSent: 0, acksSent: 0 },
      addressRates: new AddressRates({ bytes: undefined, stanzas: undefined }),
      treeReaders: new TreeReaderPool({ input: "utf16", decodeUtf8: (bytes) => bytes, tags: new TagPool(8) }),
      limitHit: ignore,
      isShared,
    });
    connection.open();
    for (let client = 0; client < 20; client += 1) {
      connection.write(`<message id='${client}'/>`);
      // The end of one callback, not of the turn.
      await env.settle();
    }
    for (const run of afterInput.splice(0)) run();
    await env.settle();
    assert.equal(written.length, writes);
    assert.equal(written.join("").match(/<message /gu)?.length, 20);
  });

function ignore(): void {}
