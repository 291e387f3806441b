import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Authority, makeTrustStore } from "./certificates.ts";
import { dnsmasqConfig, hostsFile, labHosts, remoteHosts, resolvConf } from "./network.ts";

const insideScript = new URL("inside.sh", import.meta.url).pathname;

/** Writes into `dir` all that a lab consists of: its authority, trust store, names. */
export async function furnish(dir: string): Promise<void> {
  const authority = await Authority.create(join(dir, "ca"), "Balcony lab");
  const names = labHosts.map((host) => host.domain);
  await authority.issue({ name: "ours.test", dnsNames: names });
  await authority.issue({ name: "wrong-name", dnsNames: ["somebody-else.test"] });
  await authority.issue({ name: "expired", dnsNames: names, expired: true });
  await authority.issue({ name: "self-signed", dnsNames: names, selfSigned: true });
  await authority.issue({ name: "server-only", dnsNames: names, serverOnly: true });
  await authority.issue({ name: "alice", xmppAddresses: ["alice@ours.test"] });
  const stranger = await Authority.create(join(dir, "stranger"), "Nobody trusts this authority");
  await stranger.issue({ name: "unknown-authority", dnsNames: names });
  await makeTrustStore(authority, join(dir, "trust"));
  await writeFile(join(dir, "dnsmasq.conf"), dnsmasqConfig([...labHosts, ...remoteHosts]));
  await writeFile(join(dir, "resolv.conf"), resolvConf());
  await writeFile(join(dir, "hosts"), hostsFile());
}

/**
 * Runs a command in network, mount and pid namespaces of its own, furnished from `dir`. When this process dies,
 * however it dies, so does everything in there.
 * @returns the command's exit code
 */
export async function runInside(options: {
  readonly dir: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
}): Promise<number> {
  const unshare = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const argv = ["--pdeathsig", "KILL", ...unshare, insideScript, options.dir, ...options.command];
  const env = { ...process.env, ...options.environment };
  const child = spawn("setpriv", argv, { stdio: ["ignore", "inherit", "inherit"], env });
  const [code] = await once(child, "exit");
  return typeof code === "number" ? code : 1;
}
