import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { SocketClient } from "../socket-client.ts";
import { startedServer, type StartedServer } from "../started-server.ts";

/** Together more than may wait for a client, of its connection and of its stream management. */
const strangers = Array.from({ length: 20 }, (_, at) => `stranger${at}`);
const large = "x".repeat(250_000);
const fast = "[limits.rate]\nsession_bytes_per_second = false\naddress_bytes_per_second = false\n";
const ping = (id: string, host: string): string =>
  `<iq type='get' id='${id}' to='${host}'><ping xmlns='urn:xmpp:ping'/></iq>`;

let started: StartedServer;
before(async () => {
  const users = strangers.map((name) => `${name}@capulet.example`);
  started = await startedServer(fast, { accounts: ["romeo@montague.example", "juliet@montague.example", ...users] });
  for (const name of strangers) {
    using client = await logIn(name, "capulet.example");
    client.send(
      `<presence type='subscribe' to='romeo@montague.example' id='${name}'><status>${large}</status></presence>`,
    );
    client.send(`<message type='chat' to='juliet@montague.example' id='${name}'><body>${large}</body></message>`);
    client.send(ping("sent", "capulet.example"));
    await client.until(/ id='sent'/);
  }
});
after(() => started[Symbol.asyncDispose]());

async function logIn(user: string, domain: string, managed = false): Promise<SocketClient> {
  const client = await SocketClient.tls(started.tlsPort, domain);
  await client.logIn(user, domain, user, "home");
  if (managed) {
    client.send("<enable xmlns='urn:xmpp:sm:3' resume='true'/>");
    await client.until(/<enabled[^>]*>/);
  }
  return client;
}

describe("A15 what strangers send while nobody is there, however large it is, shuts nobody out for good", () => {
  for (const managed of [false, true])
    test(`A15 S1 requests to see somebody's presence, ${managed ? "with" : "without"} stream management`, async () => {
      using client = await logIn("romeo", "montague.example", managed);
      client.send("<presence/>");
      for (const _ of strangers) await client.until(/<presence[^>]* type='subscribe'/);
      client.send(ping("after", "montague.example"));
      await client.until(/ id='after'/);
    });
});
