import { NS_SASL2, NS_STREAM } from "#protocol/xml/namespaces.ts";
import { XmlStreamReader } from "#protocol/xml/read.ts";
import type { ClientWorld } from "./client-world.ts";
import type { DeviceTokens } from "./device-tokens.ts";
import type { SimClient } from "./sim-client.ts";

/** How long a thief waits for an answer, in milliseconds. */
const waitsMs = 15_000;

/** Now and then somebody has overheard how a client was let in, and tries that a while later. */
export function haveTokenStolen({ account, draws, name, world }: SimClient, tokens: DeviceTokens): void {
  if (!draws.chance(0.7)) return;
  world.clock.after(draws.between(100, 30_000), () => {
    const request = tokens.stolen();
    const domain = account.slice(account.indexOf("@") + 1);
    if (request !== undefined) tryStolen(world, domain, name, request);
  });
}

/** Somebody connects and says what an earlier request to be let in said, which must not help. */
function tryStolen(world: ClientWorld, domain: string, name: string, request: string): void {
  const connection = world.connect({
    data: (bytes) => reader.write(bytes),
    gone: () => undefined,
    taken: () => undefined,
    written: () => undefined,
    arrived: () => undefined,
    broke: () => undefined,
  });
  if (connection === undefined) return;
  const reader = new XmlStreamReader(
    {
      streamOpened: () => undefined,
      elementRead: (element) => {
        if (element.ns === NS_STREAM && element.name === "features") connection.send(request);
        if (element.ns !== NS_SASL2) return;
        world.trace.note(world.clock.now, `a thief of ${name}'s: ${element.name} ${element.elements()[0]?.name}`);
        if (element.name !== "failure")
          world.ledger.violations.push(`${name}: what must let nobody in any more was answered with ${element.name}`);
        connection.close();
      },
      streamClosed: () => connection.close(),
      failed: () => connection.close(),
    },
    { input: "bytes", decodeUtf8: (bytes) => Buffer.from(bytes, "latin1").toString("utf8") },
  );
  connection.send(
    `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' xmlns:stream='${NS_STREAM}'>`,
  );
  world.clock.after(waitsMs, () => connection.close());
}
