import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { IssuedFiles } from "#server/acme/issued-files.ts";
import { parseConfig } from "#server/config/load-config.ts";
import { generateSelfSigned } from "#server/tls/self-signed.ts";
import { check, findingsText, type CheckParts } from "./check.ts";
import { dnsFindings, type Lookup, type ServiceRecord } from "./check-dns.ts";

const dayMs = 86_400_000;
const now = Date.UTC(2026, 10, 21);

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-check-"));
});

after(() => rm(directory, { recursive: true }));

async function findings(text: string, changes: Partial<CheckParts> = {}) {
  const config = parseConfig({ file: join(directory, "balcony.toml"), text }, []);
  const found = await check({
    config,
    configFile: undefined,
    dataDir: join(directory, "data"),
    now,
    isRunning: false,
    tryStore: async () => {},
    lookup: undefined,
    ...changes,
  });
  return found.map(({ area, state, text: what }) => `${state} ${area} ${what}`);
}

const oneListener = "[[listeners]]\naddresses = ['127.0.0.1']\nport = 0\n";

test("where all is well, all is good and nothing was made", async () => {
  const before = await readdir(directory);
  const found = await findings(oneListener);
  assert.deepEqual(
    found.filter((line) => !line.startsWith("good ")),
    [],
  );
  assert.deepEqual(
    found.map((line) => line.split(" ")[1]),
    ["configuration", "certificate", "listener", "storage"],
  );
  assert.deepEqual(await readdir(directory), before);
});

test("a list of listeners that has none for other servers is told, with the lines to add", async () => {
  const config = parseConfig({ file: undefined, text: `${oneListener}[[hosts]]\ndomain = "montague.example"\n` }, []);
  const { isRunning, tryStore } = { isRunning: true, tryStore: async () => {} };
  const dataDir = join(directory, "data");
  const found = await check({ config, configFile: "b.toml", dataDir, now, isRunning, tryStore, lookup: undefined });
  const finding = found.find(({ lines }) => lines !== undefined);
  assert.equal(finding?.state, "hint");
  assert.match(finding.text, /^no other server can connect/);
  assert.deepEqual(finding.lines, [
    "[[listeners]]",
    'kind = "server"',
    "port = 5269",
    "[[listeners]]",
    'kind = "server-direct-tls"',
    "port = 5270",
  ]);
  assert.match(findingsText(found), /\n {21}\[\[listeners\]\]\n {21}kind = "server"\n/);
});

test("where components are to connect, that port is looked at, too", async () => {
  const text = `${oneListener}[[components]]\ndomain = "irc.montague.example"\n`;
  const told = (await findings(text)).filter((line) => line.includes("component"));
  assert.equal(told.length, 1);
  assert.match(told[0] ?? "", /listener component on 127\.0\.0\.1 port 5347/);
});

test("a certificate by ACME is there or not, and a failed attempt is told with its reason", async () => {
  const dataDir = join(directory, "acme-data");
  const files = new IssuedFiles(dataDir);
  const text = `acme.terms_agreed = true\n${oneListener}[[hosts]]\ndomain = "montague.example"\nacme = true\n`;
  const told = async () => (await findings(text, { dataDir })).find((line) => line.includes("certificate"));
  assert.equal(await told(), "good certificate montague.example: by ACME, has none yet");
  const { certificate, key } = await generateSelfSigned("montague.example", now);
  await files.keep("montague.example", certificate, key);
  assert.equal(await told(), "good certificate montague.example: by ACME, good for 3650 days");
  await files.keepFailures("montague.example", { count: 1, lastAt: now, reason: "the firewall" });
  assert.equal(
    await told(),
    "hint certificate montague.example: by ACME, good for 3650 days; the last attempt failed: the firewall",
  );
});

for (const { name, days, says } of [
  { name: "good for long", days: 100, says: /^good certificate montague\.example: good for 3550 days$/ },
  { name: "about to expire", days: 3_645, says: /^hint certificate montague\.example: good for 5 days; renew it$/ },
  { name: "expired", days: 3_660, says: /^bad certificate montague\.example: .* expired on 2036-11-18; renew it$/ },
]) {
  test(`a certificate that is ${name}`, async () => {
    const made = await generateSelfSigned("montague.example", now);
    await writeFile(join(directory, "c.pem"), made.certificate);
    await writeFile(join(directory, "k.pem"), made.key);
    const text = `${oneListener}[[hosts]]\ndomain = "montague.example"\ncertificate = "c.pem"\nkey = "k.pem"`;
    const [, certificate] = await findings(text, { now: now + days * dayMs });
    assert.match(certificate ?? "", says);
  });
}

for (const { name, file, at, says } of [
  { name: "are there", file: "c.pem", at: now, says: /^good certificate client_authorities: 1 in .*c\.pem$/ },
  {
    name: "have expired",
    file: "c.pem",
    at: now + 4_000 * dayMs,
    says: /^bad certificate client_authorities: 1 in .*, of which 1 expired/,
  },
  {
    name: "are not there",
    file: "nowhere.pem",
    at: now,
    says: /^bad certificate client_authorities: cannot read .*nowhere\.pem/,
  },
  {
    name: "are no certificates",
    file: "k.pem",
    at: now,
    says: /^bad certificate client_authorities: .* holds no certificate/,
  },
]) {
  test(`authorities of users' certificates that ${name}`, async () => {
    const made = await generateSelfSigned("authority.example", now);
    await writeFile(join(directory, "c.pem"), made.certificate);
    await writeFile(join(directory, "k.pem"), made.key);
    const text = `${oneListener}[tls]\nclient_authorities = "${join(directory, file)}"\n`;
    const found = await findings(text, { now: at });
    assert.equal(found.filter((line) => says.test(line)).length, 1, found.join("\n"));
  });
}

for (const { name, keys, says } of [
  {
    name: "are there",
    keys: "authority_files = ['c.pem']",
    says: /^good certificate authority_files: \d+ authorities are trusted/,
  },
  {
    name: "are not there",
    keys: "authority_files = ['nowhere.pem']",
    says: /^bad certificate authority_files: cannot read/,
  },
  { name: "are none", keys: "authorities = 'none'", says: /^hint certificate no authority is trusted/ },
]) {
  test(`authorities of other servers that ${name}`, async () => {
    const made = await generateSelfSigned("authority.example", now);
    await writeFile(join(directory, "c.pem"), made.certificate);
    const found = await findings(`${oneListener}[s2s]\n${keys}`);
    assert.equal(found.filter((line) => says.test(line)).length, 1, found.join("\n"));
  });
}

test("a port that somebody has is bad, unless it is the running server's", async () => {
  await using holder = createServer();
  holder.listen(0, "127.0.0.1");
  await once(holder, "listening");
  const address = holder.address();
  assert(typeof address === "object" && address !== null);
  const text = `[[listeners]]\naddresses = ['127.0.0.1']\nport = ${address.port}\n`;
  const stopped = await findings(text);
  const place = `bad listener client on 127.0.0.1 port ${address.port}: another program has this port`;
  assert(stopped.includes(`${place}; stop that, or choose another under [[listeners]]`));
  const running = await findings(text, { isRunning: true });
  assert(running.includes(`good listener client on 127.0.0.1 port ${address.port}, of the running server`));
});

test("a store that cannot be opened is bad, and says why", async () => {
  await writeFile(join(directory, "there.sqlite"), "x");
  const found = await findings(`${oneListener}[storage]\nfile = "there.sqlite"`, {
    tryStore: () => Promise.reject(new Error("it is damaged")),
  });
  assert(found.includes("bad storage sqlite: it is damaged"));
});

describe("DNS", () => {
  const listener = (kind: string, port: number) => `[[listeners]]\nkind = "${kind}"\nport = ${port}\n`;
  const host = '[[hosts]]\ndomain = "montague.net"\n';
  const clients = `${listener("client", 5222)}${listener("client-direct-tls", 5223)}${host}`;
  const dns = (names: Readonly<Record<string, readonly string[]>>): Lookup => ({
    services: async (name) => (names[name] ?? []).map((target): ServiceRecord => ({ name: target, port: 5222 })),
    addresses: async (name) => names[name] ?? [],
  });
  const line = (service: string, port: number, to = "montague.net") =>
    `${service}._tcp.montague.net. 3600 IN SRV 5 0 ${port} ${to}.`;
  for (const { name, names, says, lacks = [], text = clients } of [
    {
      name: "nothing",
      names: {},
      says: /^hint dns montague\.net: has no address, so that nobody will find it; DNS lacks$/,
      lacks: [
        "montague.net. 3600 IN A (the public address of this server)",
        line("_xmpp-client", 5222),
        line("_xmpps-client", 5223),
      ],
    },
    {
      name: "an address alone",
      names: { "montague.net": ["192.0.2.1"] },
      says: /^good dns montague\.net: no SRV records; clients to port 5222 of 192\.0\.2\.1$/,
    },
    {
      name: "an address alone, where other servers are to come, too",
      text: `${listener("client", 5222)}${listener("server", 5269)}${host}`,
      names: { "montague.net": ["192.0.2.1"] },
      says: /^good dns montague\.net: no SRV records; other servers to port 5269, clients to port 5222 of 192\.0\.2\.1$/,
    },
    {
      name: "an address alone, while the ports are unusual",
      text: `${listener("server", 15269)}${host}`,
      names: { "montague.net": ["192.0.2.1"] },
      says: /^hint dns montague\.net: no SRV records, while this server has other ports than the usual ones; DNS lacks$/,
      lacks: [line("_xmpp-server", 15269)],
    },
    {
      name: "word that there is no such service for servers",
      text: `${listener("server", 5269)}${listener("server-direct-tls", 5270)}${listener("client", 5222)}${host}`,
      names: {
        "_xmpp-server._tcp.montague.net": [""],
        "_xmpp-client._tcp.montague.net": ["x.montague.net"],
        "x.montague.net": ["192.0.2.1"],
      },
      says: /^good dns montague\.net: SRV to x\.montague\.net:5222$/,
    },
    {
      name: "SRV records of one kind",
      names: { "_xmpp-client._tcp.montague.net": ["x.montague.net"], "x.montague.net": ["192.0.2.1"] },
      says: /^hint dns montague\.net: not all that this server offers can be found; DNS lacks$/,
      lacks: [line("_xmpps-client", 5223, "x.montague.net")],
    },
    {
      name: "SRV records that lead nowhere",
      names: { "_xmpp-client._tcp.montague.net": ["x.montague.net"] },
      says: /^hint dns montague\.net: SRV records point to x\.montague\.net, which has no address; DNS lacks$/,
      lacks: [
        "x.montague.net. 3600 IN A (the public address of this server)",
        line("_xmpps-client", 5223, "x.montague.net"),
      ],
    },
    {
      name: "all there should be",
      names: {
        "_xmpp-client._tcp.montague.net": ["x.montague.net"],
        "_xmpps-client._tcp.montague.net": ["x.montague.net"],
        "x.montague.net": ["192.0.2.1"],
      },
      says: /^good dns montague\.net: SRV to x\.montague\.net:5222$/,
    },
  ]) {
    test(`with ${name}`, async () => {
      assert.match((await findings(text, { lookup: dns(names), isRunning: true })).at(-1) ?? "", says);
      const { hosts, listeners } = parseConfig({ file: undefined, text }, []);
      const [found] = await dnsFindings({ hosts, listeners }, dns(names));
      assert.deepEqual(found?.lines ?? [], lacks);
    });
  }

  test("that does not answer is a hint, and localhost needs none", async () => {
    const deaf: Lookup = { services: () => Promise.reject(new Error("timed out")), addresses: async () => [] };
    assert.match(
      (await findings(clients, { lookup: deaf, isRunning: true })).at(-1) ?? "",
      /^hint dns montague\.net: could not ask: timed out$/,
    );
    assert.match((await findings(oneListener, { lookup: deaf })).at(-1) ?? "", /^good dns localhost: /);
  });
});

test("findings are shown one a line", () => {
  assert.equal(
    findingsText([
      { area: "dns", state: "hint", text: "a" },
      { area: "certificate", state: "bad", text: "b" },
    ]),
    "hint  dns          a\nBAD   certificate  b",
  );
});
