import { AdministrationError } from "#kit/administration-error.ts";
import type {
  ArchiveQuota,
  BackupProgress,
  ExportedMessage,
  ExportedMessages,
  PurgeProgress,
  ServerAdministration,
} from "#kit/administration.ts";

/** A server's administration that keeps everything in memory: the smallest thing that the commands can be tried on. */
export class MemoryAdministration implements ServerAdministration {
  readonly passwords = new Map<string, string>();
  readonly invites = new Map<string, { readonly host: string; readonly usesMax: number; readonly expiresAt: string }>();
  readonly hosts = ["montague.example", "capulet.example"];
  readonly sessions = new Map<string, readonly string[]>();
  readonly backups: string[] = [];
  readonly components = new Map<string, { readonly name?: string }>();
  readonly archives = new Map<string, readonly ExportedMessage[]>();
  #quota: ArchiveQuota = { retentionDays: { value: 0, own: false }, messagesMax: { value: 0, own: false } };
  isStoreWell = true;

  readonly status: ServerAdministration["status"] = async () => ({
    version: "0.0.0",
    pid: 4711,
    startedAt: "2026-11-21T04:00:00.000Z",
    dataDir: "/var/lib/balcony",
    listeners: [
      { kind: "client", address: "::", port: 5222, tls: "required" },
      ...(this.components.size > 0 ? [{ kind: "component", address: "127.0.0.1", port: 5347, tls: "none" }] : []),
    ],
    hosts: this.hosts.map((domain) => ({ domain, sessions: 0, certificateDays: 88.5, selfSigned: false })),
    connections: 3,
    sessions: 2,
    store: { kind: "sqlite", ok: this.isStoreWell, ...(!this.isStoreWell && { detail: "the disc is full" }) },
    search: { state: "ready", indexed: 7, waiting: 0 },
    memoryBytes: 64 * 1024 * 1024,
  });

  readonly addAccount: ServerAdministration["addAccount"] = async ({ address, password }) => {
    if (this.passwords.has(address)) throw new AdministrationError("exists", `${address} exists already`);
    this.passwords.set(address, password);
    return { address };
  };

  readonly setPassword: ServerAdministration["setPassword"] = async ({ address, password }) => {
    this.#find(address);
    this.passwords.set(address, password);
    return { address, sessionsEnded: this.#end(address) };
  };

  readonly deleteAccount: ServerAdministration["deleteAccount"] = async ({ address }) => {
    this.#find(address);
    this.passwords.delete(address);
    return { address, sessionsEnded: this.#end(address) };
  };

  readonly listAccounts: ServerAdministration["listAccounts"] = async ({ host }) => {
    const accounts = [...this.passwords.keys()]
      .filter((address) => host === undefined || address.endsWith(`@${host}`))
      .map((address) => ({ address, sessions: this.sessions.get(address)?.length ?? 0 }));
    return { accounts, total: accounts.length };
  };

  readonly listSessions: ServerAdministration["listSessions"] = async ({ address }) => {
    const sessions = [...this.sessions]
      .filter(([account]) => address === undefined || account === address)
      .flatMap(([account, resources]) =>
        resources.map((resource) => ({ address: `${account}/${resource}`, state: "connected" as const })),
      );
    return { sessions, total: sessions.length };
  };

  readonly endSessions: ServerAdministration["endSessions"] = async ({ address }) => ({ ended: this.#end(address) });

  readonly createInvite: ServerAdministration["createInvite"] = async ({ host, usesMax }) => {
    const token = `token${this.invites.size}`;
    const expiresAt = "2026-11-28T04:00:00.000Z";
    this.invites.set(token, { host, usesMax, expiresAt });
    return { token, uri: `xmpp:${host}?register;preauth=${token}`, expiresAt, usesMax };
  };

  readonly listInvites: ServerAdministration["listInvites"] = async () => {
    const invites = [...this.invites].map(([token, invite]) => ({ token, uses: 0, ...invite }));
    return { invites, total: invites.length };
  };

  readonly revokeInvite: ServerAdministration["revokeInvite"] = async ({ token }) => {
    if (!this.invites.delete(token)) throw new AdministrationError("not-found", "there is no such invitation");
    return { token };
  };

  readonly deleteAccountsOf: ServerAdministration["deleteAccountsOf"] = (domain) => {
    const { passwords } = this;
    return (async function* () {
      const before = passwords.size;
      for (const address of passwords.keys()) {
        if (!address.endsWith(`@${domain}`)) continue;
        passwords.delete(address);
        yield before - passwords.size;
      }
    })();
  };

  readonly listCertificates: ServerAdministration["listCertificates"] = async () => ({
    certificates: this.hosts.map((domain) => ({
      domain,
      names: [domain],
      source: "acme" as const,
      issuer: "Authority",
      expiresAt: "2027-02-19T04:00:00.000Z",
      days: 90,
      renewal: { dueAt: "2027-01-20T04:00:00.000Z", underWay: false, failures: 1, reason: "the firewall" },
    })),
  });

  readonly renewCertificates: ServerAdministration["renewCertificates"] = async function* ({ domain = "all" }) {
    yield { domain, state: "working", text: "ordering" };
    yield { domain, state: "failed", text: "the firewall" };
  };

  readonly listHosts: ServerAdministration["listHosts"] = async () => ({
    hosts: this.hosts.map((domain) => ({
      domain,
      accounts: [...this.passwords.keys()].filter((address) => address.endsWith(`@${domain}`)).length,
      sessions: 0,
      registration: "closed" as const,
    })),
  });

  readonly listServers: ServerAdministration["listServers"] = async () => ({
    streams: [
      {
        stream: "k3v9wq",
        local: "capulet.example",
        remote: "montague.example",
        ways: "both",
        openedBy: "us",
        state: "open",
        managed: true,
        remoteAddress: "192.0.2.7",
        since: "2026-11-21T04:10:00.000Z",
        usedAt: "2026-11-21T04:11:00.000Z",
        unproven: 0,
      },
    ],
    routes: [
      {
        local: "capulet.example",
        remote: "verona.example",
        state: "failing",
        waiting: 3,
        waitingBytes: 900,
        reason: "verona.example:5269: connection refused",
        retryAt: "2026-11-21T04:12:00.000Z",
      },
    ],
  });

  readonly connectServer: ServerAdministration["connectServer"] = async ({ domain }) => {
    if (domain === "verona.example")
      throw new AdministrationError("unavailable", "verona.example cannot be reached: connection refused");
    return { local: "capulet.example", remote: domain, stream: "k3v9wq", managed: true };
  };

  readonly closeServer: ServerAdministration["closeServer"] = async ({ domain }) => {
    if (domain !== "montague.example") throw new AdministrationError("not-found", `there is no stream with ${domain}`);
    return { domain, closed: 1 };
  };

  readonly listComponents: ServerAdministration["listComponents"] = async () => ({
    components: [...this.components].map(([domain, { name }]) => ({
      domain,
      state: "away" as const,
      since: "2026-11-21T04:00:00.000Z",
      subdomains: false,
      waiting: 2,
      ...(name !== undefined && { name }),
    })),
  });

  readonly archiveInfo: ServerAdministration["archiveInfo"] = async ({ address }) => {
    const kept = this.archives.get(address) ?? [];
    this.#find(address);
    return { address, messages: kept.length, ...times(kept), quota: this.#quota };
  };

  readonly setArchiveQuota: ServerAdministration["setArchiveQuota"] = async ({
    address,
    retentionDays: days,
    messagesMax: messages,
  }) => {
    this.#find(address);
    const { retentionDays, messagesMax } = this.#quota;
    const next = (wanted: number | "host" | undefined, now: typeof retentionDays): typeof retentionDays =>
      wanted === undefined ? now : { value: wanted === "host" ? 0 : wanted, own: wanted !== "host" };
    this.#quota = { retentionDays: next(days, retentionDays), messagesMax: next(messages, messagesMax) };
    return { address, quota: this.#quota };
  };

  readonly exportArchive: ServerAdministration["exportArchive"] = ({ address, with: peer }) =>
    this.#export(
      address,
      (this.archives.get(address) ?? []).filter((message) => peer === undefined || message.with === peer),
    );

  async *#export(address: string, messages: readonly ExportedMessage[]): AsyncGenerator<ExportedMessages> {
    this.#find(address);
    for (const [place, message] of messages.entries())
      yield { done: place === messages.length - 1, total: messages.length, messages: [message] };
    if (messages.length === 0) yield { done: true, total: 0, messages: [] };
  }

  readonly purgeArchive: ServerAdministration["purgeArchive"] = ({ address, host }) => this.#purge(address, host);

  async *#purge(address: string | undefined, host: string | undefined): AsyncGenerator<PurgeProgress> {
    let removed = 0;
    let accounts = 0;
    for (const [owner, messages] of this.archives) {
      if (owner !== address && !owner.endsWith(`@${host}`)) continue;
      removed += messages.length;
      accounts += 1;
      this.archives.delete(owner);
      yield { done: false, removed, accounts, address: owner };
    }
    yield { done: true, removed, accounts };
  }

  readonly backup: ServerAdministration["backup"] = ({ file }) => this.#backup(file);

  async *#backup(file: string): AsyncGenerator<BackupProgress> {
    if (this.backups.includes(file)) throw new AdministrationError("exists", `${file} exists already`);
    yield { done: false, fraction: 0.5 };
    this.backups.push(file);
    yield { done: true, bytes: 12 };
  }

  #find(address: string): void {
    if (!this.passwords.has(address)) throw new AdministrationError("not-found", `${address} does not exist`);
  }

  #end(address: string): number {
    const count = this.sessions.get(address)?.length ?? 0;
    this.sessions.delete(address);
    return count;
  }
}

function times(messages: readonly ExportedMessage[]): { readonly firstAt?: string; readonly lastAt?: string } {
  const [first, last] = [messages[0], messages.at(-1)];
  return first === undefined || last === undefined ? {} : { firstAt: first.at, lastAt: last.at };
}
