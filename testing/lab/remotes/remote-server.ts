import { chmod, mkdtemp, readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Authority, type KeyPair } from "../certificates.ts";
import { authorityFile, labDir } from "../lab.ts";
import { tail, type Daemon } from "../process.ts";

/** What a remote server shows: good for its domains, or bad in one way. */
export type RemoteCertificate =
  | "good"
  | "server-only"
  | "wrong-name"
  | "expired"
  | "self-signed"
  | "unknown-authority"
  | "server-only-unknown-authority";

export interface RemoteSettings {
  readonly certificate?: RemoteCertificate;
  /**
   * What it asks of others: a good certificate; TLS, and dialback where the certificate is not good; or dialback, without
   * TLS on its own streams too.
   */
  readonly security?: "certificate" | "dialback" | "plain";
  /** Whether it manages streams between servers, as far as it can. Default: yes. */
  readonly streamManagement?: boolean;
  /** Whether it lets stanzas come back on the stream that it opened, and the other way round, where it can. Default: no. */
  readonly bidirectional?: boolean;
  /** Whether its log has every stanza, and so all that `streamsWith` needs. Default: yes. */
  readonly verbose?: boolean;
}

/** A stream with another server that got so far that stanzas went over it. */
export interface ServerStream {
  /** As the remote server sees it. */
  readonly direction: "incoming" | "outgoing";
  readonly by: "EXTERNAL" | "dialback";
  readonly tls: boolean;
}

/** Where a remote server is started, and how. */
export interface RemotePlace {
  /** Its own, writable; keeps its data over a restart. */
  readonly dir: string;
  readonly certificate: KeyPair;
  readonly authority: string;
  readonly settings: Required<RemoteSettings>;
}

/** A server program of others', as the remote end of streams between servers. Its users are alice and bob, see passwordOf. */
export interface RemoteSoftware {
  readonly name: string;
  /** Its domains; the first has users, and is reached by STARTTLS. */
  readonly domains: readonly [string, ...string[]];
  readonly address: string;
  /** Stream management between servers (XEP-0198): whether it says what it has got, and takes a stream up that was cut. */
  readonly management: "none" | "acknowledges" | "resumes";
  /** Whether it can take part in EXTERNAL, as the one who comes and as the one who is come to. */
  readonly external: {
    readonly shows: boolean;
    readonly accepts: boolean;
    /** Also of a certificate that is for servers only, as public authorities make them now. */
    readonly acceptsServerOnly: boolean;
  };
  /** Whether it sends, too, by a connection that it has made to verify a key. */
  readonly asksWhereItVerified: boolean;
  /** Whether it can be told to do without TLS. */
  readonly goesWithoutTls: boolean;
  readonly start: (place: RemotePlace) => Promise<Daemon>;
  /** Its file that tells of streams, within its directory. */
  readonly streamLog: string;
  /** The streams with a domain that such a log tells of. */
  readonly streamsIn: (log: string, domain: string) => readonly ServerStream[];
  /** Makes the users, once, after the first start or before it. */
  readonly furnish: (place: RemotePlace, when: "before" | "after") => Promise<void>;
}

const logMsMax = 30_000;
const pollMs = 100;

export const remoteUsers = ["alice", "bob"] as const;

/** A remote server that was started for a scenario. */
export class RemoteServer implements AsyncDisposable {
  readonly software: RemoteSoftware;
  readonly #place: RemotePlace;
  #daemon: Daemon | undefined;

  private constructor(software: RemoteSoftware, place: RemotePlace, daemon: Daemon) {
    this.software = software;
    this.#place = place;
    this.#daemon = daemon;
  }

  static async start(software: RemoteSoftware, settings: RemoteSettings = {}): Promise<RemoteServer> {
    const dir = await mkdtemp(join(labDir, `${software.name}-`));
    await chmod(dir, 0o755);
    const complete = { certificate: "good", security: "dialback", ...defaults, ...settings } as const;
    const certificate = await certificateFor(software, complete.certificate);
    const place: RemotePlace = { dir, certificate, authority: authorityFile, settings: complete };
    await software.furnish(place, "before");
    const daemon = await software.start(place);
    try {
      await software.furnish(place, "after");
      return new RemoteServer(software, place, daemon);
    } catch (error) {
      await daemon.stop(); // else it would keep the scenario's process alive for ever
      throw error;
    }
  }

  get domain(): string {
    return this.software.domains[0];
  }

  /** Where its configuration, its data and its log are. */
  get dir(): string {
    return this.#place.dir;
  }

  /** What it shows. */
  get certificate(): KeyPair {
    return this.#place.certificate;
  }

  user(name: (typeof remoteUsers)[number]): string {
    return `${name}@${this.domain}`;
  }

  async stop(): Promise<void> {
    await this.#daemon?.stop();
    this.#daemon = undefined;
  }

  /**
   * What it says of its streams with one of our domains: a witness that is not us.
   *
   * @param directions that it must have had streams in: what it writes down may come behind what it does
   */
  async streamsWith(
    domain: string,
    directions: readonly ServerStream["direction"][] = [],
  ): Promise<readonly ServerStream[]> {
    for (const deadline = Date.now() + logMsMax; ; await sleep(pollMs)) {
      const log = await readFile(join(this.#place.dir, this.software.streamLog), "utf8");
      const streams = this.software.streamsIn(log, domain);
      const isAll = directions.every((direction) => streams.some((stream) => stream.direction === direction));
      if (isAll || Date.now() > deadline) return streams;
    }
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#daemon?.signal("SIGKILL");
    await this.stop();
  }

  /** Starts it again on the same data. */
  async startAgain(): Promise<void> {
    this.#daemon = await this.software.start(this.#place);
  }

  /** It hangs: its sockets are open, and nobody is there. */
  freeze(): void {
    this.#daemon?.signal("SIGSTOP");
  }

  thaw(): void {
    this.#daemon?.signal("SIGCONT");
  }

  logTail(): string {
    return this.#daemon === undefined ? "(it is not running)" : tail(this.#daemon.logFile);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.thaw();
    await this.stop();
  }
}

const defaults = { streamManagement: true, bidirectional: false, verbose: true };
let issued = 0;

/** A certificate with which a remote server could be started. */
export async function certificateFor(software: RemoteSoftware, which: RemoteCertificate): Promise<KeyPair> {
  issued += 1;
  const name = `${software.name}-${which}-${issued}`;
  const dnsNames = which === "wrong-name" ? ["somebody-else.test"] : software.domains;
  const authority = await Authority.open(join(labDir, which.endsWith("unknown-authority") ? "stranger" : "ca"));
  return await authority.issue({
    name,
    dnsNames,
    expired: which === "expired",
    serverOnly: which.startsWith("server-only"),
    selfSigned: which === "self-signed",
  });
}
