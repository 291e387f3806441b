import { mkdtemp, chmod } from "node:fs/promises";
import { join } from "node:path";
import type { KeyPair } from "./certificates.ts";
import type { Daemon } from "./process.ts";
import { tail } from "./process.ts";
import { required } from "./environment.ts";
import type { Place, Settings, Target } from "./target.ts";
import { targetNamed } from "./targets/all.ts";

/** The directory of this run of the lab. Scenarios only work inside the lab. */
export const labDir = required("LAB_DIR");
/** The server under test, as --target chose it. */
export const target: Target = targetNamed(required("LAB_TARGET"));
/** The authority that everything in the lab trusts. */
export const authorityFile = join(labDir, "ca", "ca.pem");

export type ServerCertificate =
  | "ours.test"
  | "server-only"
  | "wrong-name"
  | "expired"
  | "self-signed"
  | "unknown-authority";

export interface LabServerOptions extends Settings {
  /** For the names of the directories with logs. */
  readonly name: string;
  readonly certificate?: ServerCertificate;
  /** Accounts to make, by JID. Everybody's password is passwordOf(jid). */
  readonly users?: readonly string[];
}

/** The server under test, started afresh with an empty store of its own. */
export class LabServer implements AsyncDisposable {
  readonly #place: Place;
  #daemon: Daemon;

  private constructor(place: Place, daemon: Daemon) {
    this.#place = place;
    this.#daemon = daemon;
  }

  static async start(options: LabServerOptions): Promise<LabServer> {
    const dir = await mkdtemp(join(labDir, `server-${options.name}-`));
    await chmod(dir, 0o755);
    const certificate = certificatePair(options.certificate ?? "ours.test");
    const place: Place = { dir, certificate, authority: authorityFile, settings: options };
    const server = new LabServer(place, await target.start(place));
    try {
      for (const jid of options.users ?? []) await server.addUser(jid);
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose](); // else it would keep the scenario's process alive for ever
      throw error;
    }
  }

  /** Where its configuration and its data are. */
  get dir(): string {
    return this.#place.dir;
  }

  get pid(): number {
    return this.#daemon.pid;
  }

  async addUser(jid: string): Promise<void> {
    await target.addUser(this.#place, { jid, password: passwordOf(jid) });
  }

  /** Stops the server, in peace or by kill -9, and starts it again on the same data. */
  async restart({ killed = false }: { readonly killed?: boolean } = {}): Promise<void> {
    if (killed) this.#daemon.signal("SIGKILL");
    await this.#daemon.stop();
    this.#daemon = await target.start(this.#place);
  }

  logTail(): string {
    return tail(this.#daemon.logFile);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#daemon.stop();
  }
}

/**
 * Everybody's password has a comma and an equals sign, which SCRAM and DIGEST-MD5 must leave alone. Zoe's goes beyond
 * ASCII too, and beyond Latin-1, where DIGEST-MD5 has a rule of its own that slixmpp does not follow. She is not
 * everybody, because xmpp.js 0.14 sends such a PLAIN password as Latin-1.
 */
export function passwordOf(jid: string): string {
  const user = jid.split("@")[0] ?? "";
  return user === "zoe" ? "pw,=for-зоя" : `pw,=for-${user}`;
}

/** The client certificate of alice@ours.test. */
export const aliceCertificate: KeyPair = pair("ca", "alice");

function certificatePair(which: ServerCertificate): KeyPair {
  return pair(which === "unknown-authority" ? "stranger" : "ca", which);
}

function pair(dir: string, name: string): KeyPair {
  return { certificate: join(labDir, dir, `${name}.crt`), key: join(labDir, dir, `${name}.key`) };
}
