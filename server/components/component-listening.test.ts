import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { handshakeOf } from "#protocol/stream/component/handshake.ts";
import { domain } from "#testing/scenario/components.ts";
import { SocketClient } from "#testing/socket-client.ts";
import { startedServer } from "#testing/started-server.ts";
import type { Listener } from "../tcp/listener.ts";
import { componentListening } from "./component-listening.ts";

const irc = "irc.montague.example";
const secret = "nobody guesses this";
const listener = '[[listeners]]\nkind = "component"\naddresses = ["127.0.0.1"]\nport = 0\n';
const component = `[[components]]\ndomain = "${irc}"\nsecret = "${secret}"\n`;
const open = (to: string) =>
  `<stream:stream xmlns='jabber:component:accept' xmlns:stream='http://etherx.jabber.org/streams' to='${to}'>`;

async function connected(port: number, to: string, by: string): Promise<SocketClient> {
  const client = await SocketClient.tcp(port);
  client.send(open(to));
  const [header] = await client.until(/<stream:stream[^>]*>/);
  const id = /\sid='([^']+)'/.exec(header)?.[1] ?? "";
  client.send(`<handshake>${handshakeOf(id, by)}</handshake>`);
  return client;
}

describe("on real sockets", () => {
  test("a component connects, is written to by a client and writes to it", async () => {
    await using started = await startedServer(component + listener);
    const port = started.server.listeners.find(({ kind }) => kind === "component")?.port ?? 0;
    using gateway = await connected(port, irc, secret);
    await gateway.until(/<handshake\/>/);
    using romeo = await SocketClient.tls(started.tlsPort, "montague.example");
    await romeo.logIn("romeo", "montague.example", "romeo", "orchard");
    romeo.send(`<message to='a@${irc}'><body>hi</body></message>`);
    await gateway.until(
      /<message to='a@irc\.montague\.example' from='romeo@montague\.example\/orchard'><body>hi<\/body>/,
    );
    gateway.send(`<message from='a@${irc}' to='romeo@montague.example/orchard'><body>ho</body></message>`);
    await romeo.until(/<body>ho<\/body>/);
    assert.equal((await started.server.administration.listComponents({})).components[0]?.state, "connected");
  });

  test("it is told when the server stops, and comes back to the next one", async () => {
    await using started = await startedServer(component + listener);
    const portOf = () => started.server.listeners.find(({ kind }) => kind === "component")?.port ?? 0;
    using gateway = await connected(portOf(), irc, secret);
    await gateway.until(/<handshake\/>/);
    const stopping = started.restart();
    await gateway.until(/<system-shutdown[^>]*>.*<\/stream:stream>/s);
    gateway.send("</stream:stream>");
    await gateway.end();
    await stopping;
    using again = await connected(portOf(), irc, secret);
    await again.until(/<handshake\/>/);
  });

  test("one is added, listed, given another secret and removed while the server runs", async () => {
    await using started = await startedServer(listener);
    const { administration } = started.server;
    const port = started.server.listeners.find(({ kind }) => kind === "component")?.port ?? 0;
    const host = domain("montague.example");
    await assert.rejects(administration.addComponent({ domain: host, subdomains: false, conflict: "refuse-new" }), {
      code: "exists",
    });
    const wish = { domain: domain("sms.montague.example"), subdomains: false, conflict: "refuse-new" } as const;
    const added = await administration.addComponent({ ...wish, name: "Telephones" });
    assert.deepEqual(added.listening, [`127.0.0.1:${port}`]);
    await assert.rejects(administration.addComponent(wish), { code: "exists" });
    using phones = await connected(port, added.domain, added.secret);
    await phones.until(/<handshake\/>/);
    const { components } = await administration.listComponents({});
    assert.deepEqual(
      components.map(({ since, stream, ...rest }) => (assert.ok(since !== "" && stream !== ""), rest)),
      [
        {
          domain: added.domain,
          state: "connected",
          source: "store",
          hasSecret: true,
          subdomains: false,
          waiting: 0,
          name: "Telephones",
          remoteAddress: "127.0.0.1",
        },
      ],
    );
    const renewed = await administration.renewComponentSecret({ domain: wish.domain });
    assert.ok(renewed.connected && renewed.secret !== added.secret);
    assert.deepEqual(await administration.removeComponent({ domain: wish.domain }), {
      domain: wish.domain,
      wasConnected: true,
    });
    await phones.until(/<host-gone[^>]*>.*<\/stream:stream>/s);
    await assert.rejects(administration.removeComponent({ domain: wish.domain }), { code: "not-found" });
    await assert.rejects(administration.renewComponentSecret({ domain: wish.domain }), { code: "not-found" });
  });
});

describe("where nothing is said about it", () => {
  function stage(options: { readonly lacking?: readonly string[]; readonly code?: string } = {}) {
    const listeners: Listener[] = [];
    const asked: string[] = [];
    let needed = false;
    const listen = componentListening({
      listeners,
      isNeeded: () => needed,
      open: async (address, port) => {
        asked.push(`${address} ${port}`);
        if (options.lacking?.includes(address) === true)
          throw new Error("cannot listen", { cause: Object.assign(new Error("no"), { code: options.code }) });
        return { ...silentListener, address, port };
      },
    });
    return { listen, listeners, asked, need: () => (needed = true) };
  }

  test("components are listened for on this machine only, from when there are any, and once", async () => {
    const { listen, asked, need } = stage();
    assert.deepEqual(await listen(), []);
    need();
    const places = ["127.0.0.1:5347", "[::1]:5347"];
    assert.deepEqual(await Promise.all([listen(), listen()]), [places, places]);
    assert.deepEqual(asked, ["127.0.0.1 5347", "::1 5347"]);
  });

  test("a machine may do without IPv6", async () => {
    const { listen, need } = stage({ lacking: ["::1"], code: "EADDRNOTAVAIL" });
    need();
    assert.deepEqual(await listen(), ["127.0.0.1:5347"]);
  });

  test("a port that another program has is told, and tried again", async () => {
    const { listen, need, asked } = stage({ lacking: ["127.0.0.1"], code: "EADDRINUSE" });
    need();
    await assert.rejects(listen(), /cannot listen/);
    await assert.rejects(listen(), /cannot listen/);
    assert.equal(asked.length, 2);
  });

  test("a listener that was asked for is enough", async () => {
    const { listen, listeners, need, asked } = stage();
    listeners.push({ ...silentListener, address: "192.0.2.1", port: 6000 });
    need();
    assert.deepEqual(await listen(), ["192.0.2.1:6000"]);
    assert.deepEqual(asked, []);
  });
});

const silentListener: Listener = {
  kind: "component",
  tls: "none",
  address: "",
  port: 0,
  pause: () => undefined,
  resume: () => Promise.resolve(),
  [Symbol.asyncDispose]: () => Promise.resolve(),
};
