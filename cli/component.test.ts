import assert from "node:assert/strict";
import { chown, mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { currentConfig } from "#server/config/change-config.ts";
import { ComponentSecrets } from "#server/components/component-secrets.ts";
import { LogRing } from "#server/log-ring.ts";
import { nodeEnv } from "#server/node-env.ts";
import { domainJid } from "#testing/addresses.ts";
import { commandLine } from "#testing/command-line.ts";
import { MemoryAdministration } from "#testing/memory-administration.ts";
import { connectAdministration } from "./connect.ts";
import { stoppedServer, type StoppedParts } from "./stopped-server.ts";

const irc = "irc.montague.example";
const sms = "sms.montague.example";
const hosts = '# ours\n[[hosts]]\ndomain = "montague.example"\n';
const known = `${hosts}\n[[components]]\ndomain = "${irc}"\nname = "IRC"\n`;
const kept = "a secret that is kept";

let parent: string;
let next = 0;

before(async () => {
  parent = await mkdtemp(join(tmpdir(), "balcony-component-"));
});

after(() => rm(parent, { recursive: true }));

/** A directory with a balcony.toml and a secret of irc; `problem` is what a running server says after a reload. */
async function stage({ text = known, running = true, problem = "" } = {}) {
  const dataDir = join(parent, `${next++}`);
  const configFile = `${dataDir}.toml`;
  await writeFile(configFile, text);
  const secrets = new ComponentSecrets(dataDir, nodeEnv());
  await secrets.keep(irc, kept);
  const server = new MemoryAdministration();
  server.components.set(irc, { name: "IRC" });
  const reload = async () => {
    const { components } = await currentConfig(configFile, []);
    server.components.clear();
    if (problem === "")
      for (const { domain, name } of components) server.components.set(domain, name === undefined ? {} : { name });
    const hostChanges = { added: [], removed: [] };
    return {
      changed: [],
      restartNeeded: [],
      problems: problem === "" ? [] : [problem],
      hosts: hostChanges,
      certificates: [],
    };
  };
  return {
    file: configFile,
    secrets,
    server,
    balcony: async (line: string) => {
      const parts = { server, configFile, dataDir, running: running ? { reload, ring: new LogRing(1) } : undefined };
      const { code, out, err } = await commandLine(line, parts);
      const plain = (said: string) => said.replaceAll(configFile, "FILE").replaceAll(dataDir, "DATA");
      return { code, out: plain(out), err: plain(err), text: await readFile(configFile, "utf8") };
    },
  };
}

/** The administration of a server that does not run, whose store must not be opened. */
const withoutStore = (place: Pick<StoppedParts, "config" | "file" | "dataDir">) =>
  stoppedServer({
    ...place,
    features: [],
    openOffline: () => Promise.reject(new Error("the store is opened")),
  });

for (const { line, out = "", code = 0, err = "", text = known, ...situation } of [
  {
    line: `component add ${irc}`,
    code: 1,
    err: `balcony: ${irc} is in FILE already\n`,
  },
  {
    line: "component add montague.example",
    code: 1,
    err: "balcony: montague.example is a host of this server; a component needs a domain of its own, such as irc.montague.example\n",
  },
  {
    line: `component add ${sms} --host verona.example`,
    code: 1,
    err: "balcony: verona.example is not a host of this server\n",
  },
  {
    line: "component add me@montague.example",
    code: 2,
    err: 'balcony: domain: "me@montague.example" is not a domain name: write it as example.org\n',
  },
  {
    line: "component list",
    out: `COMPONENT             STATE  SINCE             FROM  WAITING  NAME\n${irc}  away   2026-11-21 04:00  -     2        IRC\n`,
  },
  { line: `component secret ${irc}`, out: `secret: ${kept}\nkept in DATA/components/${irc}.secret\n` },
  { line: `component secret ${sms}`, code: 1, err: `balcony: ${sms} is no component in FILE\n` },
  { line: `component remove ${irc} --yes`, out: `removed ${irc} from FILE\n`, text: hosts },
  {
    line: `component remove ${irc} --yes`,
    running: false,
    out: `removed ${irc} from FILE\n`,
    text: hosts,
  },
  { line: `component remove ${sms} --yes`, code: 1, err: `balcony: ${sms} is no component in FILE\n` },
  {
    line: `component remove ${irc}`,
    code: 2,
    err: `balcony: Remove ${irc}? Its secret goes, too. Say so with --yes.\n`,
  },
])
  test(`balcony ${line}${"running" in situation ? ", the server stopped" : ""}`, async () => {
    const { balcony } = await stage(situation);
    assert.deepEqual(await balcony(line), { code, out, err, text });
  });

for (const { running, where } of [
  { running: true, where: "it connects to 127.0.0.1:5347" },
  { running: false, where: "it connects to 127.0.0.1:5347 or [::1]:5347, once the server runs" },
])
  test(`balcony component add, ${running ? "the server running" : "the server stopped"}, shows a secret that is kept`, async () => {
    const { balcony, secrets } = await stage({ running });
    const { code, out, err, text } = await balcony(`component add ${sms} --name Telephones --subdomains`);
    const secret = (await secrets.read(sms)) ?? "";
    assert.ok(secret.length >= 32);
    assert.deepEqual(
      { code, out, err },
      { code: 0, out: `added ${sms} to FILE\nsecret: ${secret}\n${where}\n`, err: "" },
    );
    assert.equal(text, `${known}\n[[components]]\ndomain = "${sms}"\nname = "Telephones"\nsubdomains = true\n`);
  });

test("balcony component add, the server stopped, names the listener that balcony.toml has", async () => {
  const listener = '[[listeners]]\nkind = "component"\naddresses = ["127.0.0.2"]\nport = 6000\n';
  const { balcony } = await stage({ running: false, text: known + listener });
  const { out } = await balcony(`component add ${sms}`);
  assert.match(out, /\nit connects to 127\.0\.0\.2:6000, once the server runs\n$/);
});

test("balcony component add, where there is no balcony.toml yet, makes one", async () => {
  const { balcony, file } = await stage({ running: false });
  await rm(file);
  const { code, text } = await balcony("component add irc.localhost");
  assert.deepEqual({ code, text }, { code: 0, text: '[[components]]\ndomain = "irc.localhost"\n' });
});

test("balcony component add says why the component cannot connect though it is added", async () => {
  const { balcony } = await stage({ problem: "cannot listen on 127.0.0.1:5347: another program has this port" });
  const { code, out } = await balcony(`component add ${sms}`);
  assert.equal(code, 1);
  assert.match(out, /\ncannot listen on 127\.0\.0\.1:5347: another program has this port\n$/);
});

for (const [name, text, says] of [
  ["its components in one list", `components = [{ domain = "${irc}" }]\n${hosts}`, /write them as \[\[components\]\]/],
  ["something wrong in it", `${hosts}[tls]\nmin_version = 1\n`, /:5: tls\.min_version is 1/],
] as const)
  test(`a balcony.toml with ${name} stays as it was, and no secret is left behind`, async () => {
    const { balcony, secrets } = await stage({ text });
    const told = await balcony(`component add ${sms}`);
    assert.deepEqual({ code: told.code, text: told.text }, { code: 3, text });
    assert.match(told.err, says);
    assert.equal(await secrets.read(sms), undefined);
    assert.equal(await secrets.read(irc), kept);
  });

test("balcony component secret --renew makes up another, which is kept", async () => {
  const { balcony, secrets } = await stage();
  const { code, out } = await balcony(`component secret ${irc} --renew`);
  const secret = (await secrets.read(irc)) ?? "";
  assert.notEqual(secret, kept);
  assert.deepEqual({ code, out }, { code: 0, out: `secret: ${secret}\nkept in DATA/components/${irc}.secret\n` });
});

test("a secret that balcony.toml tells is shown, and changed there alone", async () => {
  const { balcony } = await stage({ text: `${known}secret = "told in the file"\n` });
  const shown = await balcony(`component secret ${irc}`);
  assert.equal(shown.out, "secret: told in the file\nkept in FILE\n");
  const { code, err } = await balcony(`component secret ${irc} --renew`);
  const said = `balcony: FILE has the secret of ${irc}; change it there, and then: balcony config reload\n`;
  assert.deepEqual({ code, err }, { code: 1, err: said });
});

test("a component that is removed takes its secret with it", async () => {
  const { balcony, secrets } = await stage();
  await balcony(`component remove ${irc} --yes`);
  assert.equal(await secrets.read(irc), undefined);
});

test("what programs are told is JSON", async () => {
  const { balcony } = await stage();
  const { out } = await balcony(`component secret ${irc} --json`);
  assert.deepEqual(JSON.parse(out), {
    domain: irc,
    secret: kept,
    file: `DATA/components/${irc}.secret`,
    connected: false,
    renewed: false,
  });
});

test("while the server does not run, no secret is written into somebody else's data directory", async () => {
  const { file } = await stage();
  const config = await currentConfig(file, []);
  const foreign = join(parent, "of-somebody-else");
  await mkdir(foreign);
  // Only root could give it to somebody; for anybody else the root directory is one.
  const isRoot = process.geteuid?.() === 0;
  if (isRoot) await chown(foreign, 4711, 4711);
  const dataDir = isRoot ? foreign : "/";
  await using administration = await connectAdministration({
    dataDir,
    openStopped: () => Promise.resolve(withoutStore({ config, file, dataDir })),
  });
  const wish = { domain: domainJid(sms), subdomains: false, conflict: "refuse-new" } as const;
  for (const change of [
    () => administration.addComponent(wish),
    () => administration.componentSecret({ domain: domainJid(irc), renew: true }),
    () => administration.removeComponent({ domain: domainJid(irc) }),
  ])
    await assert.rejects(change, { code: "not-allowed", message: /belongs to user \d+; run this as that user/ });
  assert.equal(await readFile(file, "utf8"), known);
});

test("while the server does not run, components are listed without opening the store", async () => {
  const { file } = await stage();
  const config = await currentConfig(file, []);
  const dataDir = join(parent, "nobody-here");
  await using administration = await connectAdministration({
    dataDir,
    openStopped: () => Promise.resolve(withoutStore({ config, file, dataDir })),
  });
  const listed = { domain: irc, state: "stopped", subdomains: false, waiting: 0, name: "IRC" };
  assert.deepEqual(await administration.listComponents({}), { components: [listed] });
  for (const ask of [
    async () => administration.listServers({}),
    async () => administration.connectServer({ domain: domainJid(sms) }),
    async () => administration.closeServer({ domain: domainJid(sms) }),
  ])
    await assert.rejects(ask, { message: "the server does not run; start it with: balcony start" });
});

test("balcony component list, where there are none, says how to add one", async () => {
  const { out } = await commandLine("component list");
  assert.match(out, /balcony component add DOMAIN/);
});
