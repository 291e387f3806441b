import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test } from "node:test";
import { handshakeOf } from "#protocol/stream/component/handshake.ts";
import { domainJid } from "#testing/addresses.ts";
import { SocketClient } from "#testing/socket-client.ts";
import { startedServer } from "#testing/started-server.ts";
import { loadConfig } from "../config/load-config.ts";
import { withFiles } from "../control/with-files.ts";
import { LogRing } from "../log-ring.ts";
import { serverModules } from "../modules.generated.ts";
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

  test("one is added, listed, given another secret and removed while the server runs, by editing balcony.toml", async () => {
    const directory = await mkdtemp(join(tmpdir(), "balcony-components-"));
    await using _removed = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) };
    const file = join(directory, "balcony.toml");
    const clients = '[[listeners]]\naddresses = ["127.0.0.1"]\nport = 0\n';
    await writeFile(file, `# ours\n[[hosts]]\ndomain = "montague.example"\n${clients}${listener}`);
    const read = () => loadConfig(file, serverModules).then(({ config }) => config);
    await using started = await startedServer("", { config: await read(), accounts: [] });
    const { server, dataDir } = started;
    const reload = async () => ({ changed: [], restartNeeded: [], ...(await server.reload(await read())) });
    const administration = withFiles({
      server: server.administration,
      configFile: file,
      dataDir,
      config: () => server.config,
      features: serverModules,
      running: { ring: new LogRing(1), reload },
    });
    const port = started.portOf("component");
    const wish = { domain: domainJid("sms.montague.example"), subdomains: false, conflict: "refuse-new" } as const;
    const added = await administration.addComponent({ ...wish, name: "Telephones" });
    const { secret: first, ...rest } = added;
    assert.deepEqual(rest, {
      domain: wish.domain,
      file,
      served: true,
      listening: [`127.0.0.1:${port}`],
      problems: [],
    });
    using phones = await connected(port, added.domain, first);
    await phones.until(/<handshake\/>/);
    const { components } = await administration.listComponents({});
    assert.deepEqual(
      components.map(({ since, stream, ...one }) => (assert.ok(since !== "" && stream !== ""), one)),
      [
        {
          domain: added.domain,
          state: "connected",
          subdomains: false,
          waiting: 0,
          name: "Telephones",
          remoteAddress: "127.0.0.1",
        },
      ],
    );
    const shown = await administration.componentSecret({ domain: wish.domain, renew: false });
    assert.deepEqual({ secret: shown.secret, connected: shown.connected }, { secret: first, connected: true });
    const renewed = await administration.componentSecret({ domain: wish.domain, renew: true });
    assert.ok(renewed.connected && renewed.secret !== first);
    const removed = { domain: wish.domain, file, wasConnected: true, problems: [] };
    assert.deepEqual(await administration.removeComponent({ domain: wish.domain }), removed);
    await phones.until(/<host-gone[^>]*>.*<\/stream:stream>/s);
    using late = await connected(port, wish.domain, renewed.secret);
    await late.until(/<host-unknown/);
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
    const { listen, listeners, asked, need } = stage();
    await listen();
    assert.deepEqual(asked, []);
    need();
    await Promise.all([listen(), listen()]);
    assert.deepEqual(asked, ["127.0.0.1 5347", "::1 5347"]);
    assert.equal(listeners.length, 2);
  });

  test("a machine may do without IPv6", async () => {
    const { listen, listeners, need } = stage({ lacking: ["::1"], code: "EADDRNOTAVAIL" });
    need();
    await listen();
    assert.deepEqual(
      listeners.map(({ address }) => address),
      ["127.0.0.1"],
    );
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
    await listen();
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
