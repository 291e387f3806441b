import assert from "node:assert/strict";
import { chmod, chown, mkdtemp, readFile, readdir, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { ReloadReport } from "#kit/administration.ts";
import { AdministrationError } from "#kit/administration-error.ts";
import { domainName } from "#kit/administration-values.ts";
import { MemoryAdministration } from "#testing/memory-administration.ts";
import { defaultConfig } from "../config/config.ts";
import { ConfigError } from "../config/config-error.ts";
import { LogRing } from "../log-ring.ts";
import { withFiles } from "./with-files.ts";

const capulet = domainName.parse("capulet.example");
const nothingChanged: ReloadReport = {
  changed: [],
  restartNeeded: [],
  problems: [],
  hosts: { added: [], removed: [] },
  certificates: [],
};

let directory: string;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-files-"));
});

after(() => rm(directory, { recursive: true }));

function administrationOf(configFile: string | undefined, reload?: () => Promise<ReloadReport>) {
  return withFiles({
    server: new MemoryAdministration(),
    configFile,
    dataDir: directory,
    config: () => defaultConfig(),
    features: [],
    running: reload && { reload, ring: new LogRing(1) },
  });
}

test("a host is added to the file that was read, its mode kept, and the server serves it", async () => {
  const file = join(directory, "balcony.toml");
  await writeFile(file, "# ours\n[[hosts]]\ndomain = 'montague.example'\n");
  await chmod(file, 0o604);
  let reloads = 0;
  const administration = administrationOf(file, async () => {
    reloads += 1;
    return { ...nothingChanged, hosts: { added: ["capulet.example"], removed: [] } };
  });
  const added = { domain: capulet, file, served: true, problems: [] };
  assert.deepEqual(await administration.addHost({ domain: capulet }), added);
  assert.equal(
    await readFile(file, "utf8"),
    "# ours\n[[hosts]]\ndomain = 'montague.example'\n\n[[hosts]]\ndomain = \"capulet.example\"\n",
  );
  assert.equal((await stat(file)).mode & 0o777, 0o604);
  assert.equal(reloads, 1);
});

test("who owns balcony.toml may still read it when root has changed it", async () => {
  const file = join(directory, "owned.toml");
  await writeFile(file, "");
  const isRoot = process.geteuid?.() === 0;
  const { uid, gid } = isRoot ? { uid: 4711, gid: 4712 } : await stat(file);
  await chown(file, uid, gid);
  await chmod(file, 0o640);
  await administrationOf(file).addHost({ domain: capulet });
  const after = await stat(file);
  assert.deepEqual([after.uid, after.gid, after.mode & 0o777], [uid, gid, 0o640]);
});

test("a link to balcony.toml stays one", async () => {
  const target = join(directory, "real.toml");
  const link = join(directory, "link.toml");
  await writeFile(target, "");
  await symlink(target, link);
  const { served } = await administrationOf(link).addHost({ domain: capulet });
  assert.equal(served, false, "nothing runs that could serve it");
  assert.equal(await readlink(link), target);
  assert.match(await readFile(target, "utf8"), /capulet/);
});

for (const { name, text, code, says } of [
  {
    name: "is there already",
    text: "[[hosts]]\ndomain = 'CAPULET.example'\n",
    code: "exists",
    says: /is in .* already/,
  },
  {
    name: "cannot be written behind a list",
    text: "hosts = [{ domain = 'a.example' }]\n",
    code: "config",
    says: /write them as \[\[hosts\]\] tables/,
  },
  {
    name: "would go into a wrong file",
    text: "[tls]\nmin_version = 1\n",
    code: "config",
    says: /:2: tls\.min_version is 1/,
  },
]) {
  test(`a host that ${name} is refused, and the file stays as it was`, async () => {
    const file = join(directory, "refused.toml");
    await writeFile(file, text);
    await assert.rejects(administrationOf(file).addHost({ domain: capulet }), (error) => {
      assert(error instanceof AdministrationError);
      assert.equal(error.code, code);
      assert.match(error.message, says);
      return true;
    });
    assert.equal(await readFile(file, "utf8"), text);
    assert.deepEqual(
      (await readdir(directory)).filter((entry) => entry.endsWith(".new")),
      [],
    );
  });
}

test("a host that the server could not add is told with the reason", async () => {
  const file = join(directory, "not-served.toml");
  await writeFile(file, "[[hosts]]\ndomain = 'montague.example'\n");
  const administration = administrationOf(file, () =>
    Promise.resolve({ ...nothingChanged, problems: ["capulet.example is not served: no certificate"] }),
  );
  const { served, problems } = await administration.addHost({ domain: capulet });
  assert.deepEqual(
    { served, problems },
    { served: false, problems: ["capulet.example is not served: no certificate"] },
  );
});

test("a host with a certificate that cannot be used is refused before anything is written", async () => {
  const file = join(directory, "bad-certificate.toml");
  await writeFile(file, "");
  const missing = join(directory, "missing.pem");
  await assert.rejects(administrationOf(file).addHost({ domain: capulet, certificate: missing, key: missing }), {
    code: "config",
    message: `capulet.example: cannot read the certificate ${missing}: there is no such file`,
  });
  assert.equal(await readFile(file, "utf8"), "");
});

const twoHosts = `# ours
[[hosts]]
domain = 'montague.example'
# of montague

# the second one
[[hosts]]
domain = 'capulet.example' # gone soon
certificate = 'c.pem'
key = 'k.pem'
[hosts.contacts]
admin = ['mailto:a@capulet.example']

# what is logged
[log]
level = 'warn'
[hosts.features.ping]
enabled = false
`;

async function removeHost(file: string, wipe: boolean, reload?: () => Promise<ReloadReport>) {
  const server = new MemoryAdministration();
  for (const name of ["juliet@capulet.example", "romeo@montague.example", "nurse@capulet.example"])
    server.passwords.set(name, "");
  const administration = withFiles({
    server,
    configFile: file,
    dataDir: directory,
    config: () => defaultConfig(),
    features: [{ name: "ping", implements: [] }],
    running: reload && { reload, ring: new LogRing(1) },
  });
  const items = [];
  for await (const item of administration.removeHost({ domain: capulet, wipe }, new AbortController().signal))
    items.push(item);
  return { last: items.at(-1), left: [...server.passwords.keys()] };
}

test("a host is removed from the file with its tables; all else stays, and so do its accounts", async () => {
  const file = join(directory, "remove.toml");
  await writeFile(file, twoHosts);
  const { last, left } = await removeHost(file, false, () =>
    Promise.resolve({ ...nothingChanged, hosts: { added: [], removed: ["capulet.example"] } }),
  );
  assert.deepEqual(last, { done: true, domain: capulet, file, accounts: 2, deleted: 0, problems: [] });
  assert.equal(left.length, 3);
  assert.equal(
    await readFile(file, "utf8"),
    "# ours\n[[hosts]]\ndomain = 'montague.example'\n# of montague\n\n# the second one\n\n# what is logged\n[log]\nlevel = 'warn'\n",
  );
});

test("a host is removed with all its accounts where that is asked for", async () => {
  const file = join(directory, "wipe.toml");
  await writeFile(file, twoHosts);
  const { last, left } = await removeHost(file, true);
  assert.equal(last?.deleted, 2);
  assert.deepEqual(left, ["romeo@montague.example"]);
});

for (const { name, text, code, says } of [
  {
    name: "is the last one",
    text: "[[hosts]]\ndomain = 'capulet.example'\n",
    code: "not-allowed",
    says: /the only host/,
  },
  { name: "is not there", text: "[[hosts]]\ndomain = 'a.example'\n", code: "not-found", says: /is no host in/ },
  {
    name: "is in a list",
    text: "hosts = [{ domain = 'a.example' }, { domain = 'capulet.example' }]\n",
    code: "config",
    says: /write them as \[\[hosts\]\] tables/,
  },
]) {
  test(`a host that ${name} is not removed, and nothing is deleted`, async () => {
    const file = join(directory, "not-removed.toml");
    await writeFile(file, text);
    await assert.rejects(removeHost(file, true), (error) => {
      assert(error instanceof AdministrationError);
      assert.equal(error.code, code);
      assert.match(error.message, says);
      return true;
    });
    assert.equal(await readFile(file, "utf8"), text);
  });
}

test("a wrong file is reported by a reload as such", async () => {
  const administration = administrationOf(undefined, () =>
    Promise.reject(new ConfigError("/b.toml", [{ line: 3, text: "wrong" }])),
  );
  await assert.rejects(administration.reloadConfig({}), { code: "config", message: "/b.toml:3: wrong" });
});

test("what only a running server can do says how to start one", async () => {
  const administration = administrationOf(undefined);
  const refusal = { code: "not-running", message: "the server does not run; start it with: balcony start" };
  await assert.rejects(async () => administration.reloadConfig({}), refusal);
  assert.throws(
    () => administration.tailLog({ lines: 1, level: "info", follow: false }, new AbortController().signal),
    refusal,
  );
});

test("the configuration is shown with its file", async () => {
  const { file, config } = await administrationOf("/etc/balcony.toml").showConfig({});
  assert.equal(file, "/etc/balcony.toml");
  assert.deepEqual(Object(config)["shutdown"], { seconds_max: 10 });
});
