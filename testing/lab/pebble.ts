import { mkdir, mkdtemp, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Authority } from "./certificates.ts";
import { labDir } from "./lab.ts";
import { serverAddress } from "./network.ts";
import { Daemon } from "./process.ts";

const directoryPort = 14_000;
const recordsPort = 8_053;
const managementPort = 8_055;

export interface PebbleOptions {
  /** How long its certificates are good for, in seconds. */
  readonly validSeconds: number;
}

/**
 * Debian's pebble: a certificate authority that speaks ACME, looks at the real ports 80 and 443, and believes in DNS what
 * its own little DNS server says, in which every name is at the server under test.
 */
export class Pebble implements AsyncDisposable {
  readonly directory = `https://localhost:${directoryPort}/dir`;
  /** The authority that vouches for the directory's own HTTPS. */
  readonly authority: string;
  readonly dir: string;
  readonly #running: AsyncDisposableStack;

  private constructor(dir: string, authority: string, running: AsyncDisposableStack) {
    this.dir = dir;
    this.authority = authority;
    this.#running = running;
  }

  static async start({ validSeconds }: PebbleOptions): Promise<Pebble> {
    await using opened = new AsyncDisposableStack();
    const dir = await mkdtemp(join(labDir, "pebble-"));
    await mkdir(join(dir, "ca"));
    const authority = await Authority.create(join(dir, "ca"), "Who vouches for pebble");
    const own = await authority.issue({ name: "pebble", dnsNames: ["localhost"] });
    const config = {
      pebble: {
        listenAddress: `127.0.0.1:${directoryPort}`,
        managementListenAddress: "",
        certificate: own.certificate,
        privateKey: own.key,
        httpPort: 80,
        tlsPort: 443,
        certificateValidityPeriod: validSeconds,
      },
    };
    await writeFile(join(dir, "pebble.json"), JSON.stringify(config));
    const management = { host: "127.0.0.1", port: managementPort };
    opened.use(
      await Daemon.start({
        command: [
          "pebble-challtestsrv",
          "-http01",
          "",
          "-https01",
          "",
          "-tlsalpn01",
          "",
          "-dns01",
          `127.0.0.1:${recordsPort}`,
          "-management",
          `127.0.0.1:${managementPort}`,
          "-defaultIPv4",
          serverAddress,
          "-defaultIPv6",
          "",
        ],
        logFile: join(dir, "records.log"),
        listens: [management],
      }),
    );
    opened.use(
      await Daemon.start({
        command: ["pebble", "-config", join(dir, "pebble.json"), "-dnsserver", `127.0.0.1:${recordsPort}`],
        environment: { PEBBLE_VA_NOSLEEP: "1", PEBBLE_AUTHZREUSE: "0" },
        logFile: join(dir, "pebble.log"),
        listens: [{ host: "127.0.0.1", port: directoryPort }],
      }),
    );
    return new Pebble(dir, authority.certificate, opened.move());
  }

  /** A program for dns-01 that has pebble's DNS server make the records, and notes how it was called. */
  async dnsHook(): Promise<{ readonly program: string; readonly calls: string }> {
    const program = join(this.dir, "dns-hook");
    const calls = join(this.dir, "dns-hook.calls");
    await writeFile(
      program,
      `#!/bin/sh
set -eu
echo "$@" >>${calls}
case $1 in
  present) path=set-txt; body='{"host":"'$3'.","value":"'$4'"}' ;;
  cleanup) path=clear-txt; body='{"host":"'$3'."}' ;;
esac
exec ${process.execPath} -e 'fetch(process.argv[1], {method: "POST", body: process.argv[2]}).then((r) => process.exit(r.ok ? 0 : 3))' "http://127.0.0.1:${managementPort}/$path" "$body"
`,
      { mode: 0o755 },
    );
    return { program, calls };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running.disposeAsync();
  }
}
