import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeAuthority } from "#testing/certificates.ts";
import { addressRecord, startDns } from "#testing/dns-server.ts";
import { domainJid } from "#testing/addresses.ts";
import { silentLog } from "#testing/silent-log.ts";
import type { Config } from "./config/config.ts";
import { parseConfig } from "./config/load-config.ts";
import { openNetwork } from "./network.ts";
import { nodeEnv } from "./node-env.ts";
import { DialError } from "./s2s/dialer.ts";
import { CertificateStore } from "./tls/certificate-store.ts";
import { certificateSettings } from "./tls/certificate-settings.ts";

const never = new AbortController().signal;

function configOf(s2s: string): Config {
  return parseConfig({ file: undefined, text: `[s2s]\nauthorities = "none"\n${s2s}` }, []);
}

async function opened(config: Config, dataDir: string) {
  const certificates = await CertificateStore.open(certificateSettings(config), { dataDir, now: Date.now });
  return openNetwork({
    config,
    env: nodeEnv(),
    log: silentLog,
    certificates,
    connections: { openOutgoing: () => () => {} },
    handshakeFailed: () => {},
  });
}

test("a reload takes other resolvers, networks and authorities over, and forgets what the old resolvers said", async () => {
  const directory = await mkdtemp(join(tmpdir(), "balcony-network-"));
  const answering = (address: string) =>
    startDns(new Map([["A host.example", { answers: [addressRecord("host.example", address)] }]]));
  await using one = await answering("127.0.0.1");
  await using two = await answering("127.0.0.2");
  try {
    const network = await opened(configOf(`resolvers = ["127.0.0.1:${one.port}"]`), directory);
    const asked = async () => (await network.resolver.resolve("host.example", "A", never)).records;
    assert.deepEqual([await asked(), await asked()], [["127.0.0.1"], ["127.0.0.1"]]);
    assert.equal(one.asked.length, 1);
    const file = join(directory, "authority.pem");
    await writeFile(file, (await makeAuthority("CN=authority")).pem);
    const next = configOf(`resolvers = ["127.0.0.1:${two.port}"]\nauthority_files = ["${file}"]`);
    assert.equal(network.trust.authorities, 0);
    assert.deepEqual(await network.reload(next), []);
    assert.deepEqual(await asked(), ["127.0.0.2"]);
    assert.equal(network.trust.authorities, 1);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a reload that names authorities which cannot be read keeps the old ones, and says so", async () => {
  const directory = await mkdtemp(join(tmpdir(), "balcony-network-"));
  try {
    const network = await opened(configOf(""), directory);
    const [problem = ""] = await network.reload(configOf('authority_files = ["/nowhere/authority.pem"]'));
    assert.match(problem, /\/nowhere\/authority\.pem/);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test("a reload opens a private network, and closes it again", async () => {
  const directory = await mkdtemp(join(tmpdir(), "balcony-network-"));
  try {
    const network = await opened(configOf(""), directory);
    // Nobody listens there, so that it is the message that tells whether it was tried.
    const tried = async (): Promise<string> => {
      const request = { local: domainJid("montague.example"), remote: domainJid("127.0.0.9"), signal: never };
      const error: unknown = await network.dialer
        .dial(request)
        .next()
        .catch((cause: unknown) => cause);
      return error instanceof DialError ? error.message : "connected";
    };
    assert.match(await tried(), /127\.0\.0\.9: not a public address/);
    await network.reload(configOf('allowed_networks = ["127.0.0.0/8"]'));
    assert.match(await tried(), /127\.0\.0\.9 port 5269: ECONNREFUSED/);
    await network.reload(configOf(""));
    assert.match(await tried(), /not a public address/);
  } finally {
    await rm(directory, { recursive: true });
  }
});
