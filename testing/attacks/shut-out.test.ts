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

const recipients = ["juliet", "nurse", "tybalt"].map((name) => `${name}@montague.example`);

let started: StartedServer;
before(async () => {
  const users = strangers.map((name) => `${name}@capulet.example`);
  started = await startedServer(fast, { accounts: [...recipients, ...users] });
  for (const name of strangers) {
    using client = await logIn(name, "capulet.example");
    for (const to of recipients)
      client.send(`<message type='chat' to='${to}' id='${name}'><body>${large}</body></message>`);
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
  test("A15 messages that wait, read from the archive page by page", async () => {
    using client = await logIn("tybalt", "montague.example");
    const ids: string[] = [];
    let pages = 0;
    for (let last = ""; ; pages += 1) {
      const after = last === "" ? "" : `<after>${last}</after>`;
      client.send(
        `<iq type='set' id='q'><query xmlns='urn:xmpp:mam:2'><set xmlns='http://jabber.org/protocol/rsm'><max>50</max>${after}</set></query></iq>`,
      );
      const [answer, end = ""] = await client.until(/^.*(<fin.*<\/fin>)/s);
      ids.push(...Array.from(answer.matchAll(/<message[^>]* id='(stranger\d+)'/g), ([, id = ""]) => id));
      if (/ complete='true'/.test(end)) break;
      [, last = ""] = /<last>([^<]+)</.exec(end) ?? assert.fail(end);
    }
    assert.deepEqual(ids, strangers);
    assert.ok(pages > 3, `${pages}`);
  });

  for (const managed of [false, true])
    test(`A15 messages that wait, ${managed ? "with" : "without"} stream management`, async () => {
      using client = await logIn(managed ? "nurse" : "juliet", "montague.example", managed);
      client.send("<presence/>");
      // Its own presence is the first that it has.
      for (const [at, name] of strangers.entries()) {
        await client.until(new RegExp(` id='${name}'`));
        if (managed && at < strangers.length - 1) client.send(`<a xmlns='urn:xmpp:sm:3' h='${at + 2}'/>`);
      }
      client.send(ping("after", "montague.example"));
      await client.until(/ id='after'/);
    });
});
