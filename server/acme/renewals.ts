import { domainToASCII } from "node:url";
import type { X509Certificate } from "node:crypto";
import type { DomainJid } from "#protocol/jid/jid.ts";
import { unreachable } from "#protocol/assert.ts";
import type { Env, Timer } from "#kit/env.ts";
import type { Log } from "#kit/log.ts";
import type { AcmeConfig, HostConfig } from "../config/config.ts";
import type { Authority } from "./authority.ts";
import { makeAccountKey, makeChallengeCertificate, makeRequest } from "./certificate-request.ts";
import type { SharedChallenges } from "../tls/shared-challenges.ts";
import type { IssuedFiles } from "./issued-files.ts";
import { renewalDue, type Failures } from "./renewal-plan.ts";
import { AcmeError, type Solver } from "./solver.ts";

/** How long at most until it is looked again whether something is due: clocks jump, machines sleep. */
const lookAgainMsMax = 3_600_000;
/** How long at least, whatever is due. */
const lookAgainMsMin = 1_000;

/** What renewals follow: changed by a reload. */
export interface RenewalSettings {
  readonly acme: AcmeConfig;
  readonly hosts: readonly HostConfig[];
}

export interface RenewalParts {
  readonly env: Env;
  readonly log: Log;
  readonly files: IssuedFiles;
  /** Called when a host's certificate was issued and lies in its file. */
  readonly issued: (domain: DomainJid) => Promise<void>;
  readonly counted: (what: string, by: number) => void;
  /** How the authority is answered on ports of ours that are TLS from the first byte. */
  readonly direct: { readonly shared: SharedChallenges; readonly ports: () => readonly number[] };
}

/** How a host stands with the authority. */
export interface RenewalState {
  readonly names: readonly string[];
  readonly certificate: X509Certificate | undefined;
  /** When it is asked next, in milliseconds since the epoch; in the past: as soon as it is its turn. */
  readonly dueAt: number;
  readonly failures: Failures | undefined;
  readonly underWay: boolean;
}

/**
 * Gets certificates for the hosts that want them of an authority, and renews them in time: one after the other, at two
 * thirds of their life, and after a failure ever more seldom. What fails leaves the old certificate in use.
 */
export class Renewals implements AsyncDisposable {
  readonly #parts: RenewalParts;
  #settings: RenewalSettings;
  readonly #stopped = new AbortController();
  /** The same for the life of this process: when within its due time a host's certificate is renewed. */
  readonly #draws = new Map<DomainJid, number>();
  readonly #underWay = new Map<DomainJid, Promise<void>>();
  /** One at a time. */
  #turn: Promise<void> = Promise.resolve();
  #timer: Timer | undefined;

  constructor(parts: RenewalParts, settings: RenewalSettings) {
    this.#parts = parts;
    this.#settings = settings;
  }

  /** Begins, or goes on by other settings. */
  follow(settings: RenewalSettings): void {
    this.#settings = settings;
    for (const domain of this.#draws.keys()) if (this.#host(domain) === undefined) this.#draws.delete(domain);
    void this.#look();
  }

  /** Undefined for a host that has its certificate from elsewhere. */
  async state(domain: DomainJid): Promise<RenewalState | undefined> {
    const host = this.#host(domain);
    if (host === undefined) return undefined;
    const { files } = this.#parts;
    const names = namesOf(host);
    const certificate = await files.certificate(domain);
    const failures = await files.failures(domain);
    const dueAt = renewalDue({ certificate, names, failures, draw: this.#draw(domain) });
    return { names, certificate, dueAt, failures, underWay: this.#underWay.has(domain) };
  }

  /**
   * Gets a new certificate now, due or not.
   *
   * @param told what is being done
   * @throws AcmeError
   */
  renew(domain: DomainJid, told: (what: string) => void): Promise<void> {
    const going = this.#underWay.get(domain);
    if (going !== undefined) {
      told("is being renewed already");
      return going;
    }
    const mine = this.#turn.then(() => this.#issue(domain, told));
    this.#turn = mine.catch(() => {});
    this.#underWay.set(domain, mine);
    const over = (): void => {
      this.#underWay.delete(domain);
      this.#schedule();
    };
    mine.then(over, over);
    return mine;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped.abort();
    this.#timer?.cancel();
    await this.#turn;
  }

  #schedule(): void {
    void this.#look();
  }

  /** Begins what is due, and sees to it that the next look comes in time. */
  async #look(): Promise<void> {
    const { env, log } = this.#parts;
    try {
      this.#timer?.cancel();
      let next = env.now() + lookAgainMsMax;
      for (const { domain } of this.#settings.hosts) {
        const state = await this.state(domain);
        if (state === undefined || state.underWay) continue;
        if (state.dueAt > env.now()) next = Math.min(next, state.dueAt);
        // Its failure is told, and remembered, where it happens.
        else this.renew(domain, (what) => log.info({ host: domain }, `certificate: ${what}`)).catch(() => {});
      }
      if (this.#stopped.signal.aborted) return;
      this.#timer?.cancel();
      this.#timer = env.setTimer(Math.max(lookAgainMsMin, next - env.now()), () => void this.#look());
    } catch (error) {
      log.error({ error }, "it cannot be seen which certificates are to be renewed");
    }
  }

  async #issue(domain: DomainJid, told: (what: string) => void): Promise<void> {
    const { log, files, issued, counted } = this.#parts;
    const { signal } = this.#stopped;
    const host = this.#host(domain);
    if (host === undefined || signal.aborted) return;
    try {
      const { acme } = this.#settings;
      const names = namesOf(host);
      using authority = await this.#authority(acme, signal);
      const { key, csr } = await makeRequest(names, acme.keyType);
      const chain = await authority.issue({ names, csr, solver: await this.#solver(acme), told, signal });
      await files.keep(domain, chain, key);
      await files.keepFailures(domain, undefined);
      this.#draws.delete(domain);
      await issued(domain);
      counted("certificates_issued", 1);
      const until = (await files.certificate(domain))?.validToDate.toISOString();
      told(`issued, good until ${until?.slice(0, 10) ?? "?"}`);
      log.info({ host: domain, names, until }, "a certificate was issued");
    } catch (error) {
      if (this.#stopped.signal.aborted) throw error;
      counted("certificate_renewals_failed", 1);
      await this.#failed(domain, error);
      throw error;
    }
  }

  async #failed(domain: DomainJid, error: unknown): Promise<void> {
    const { env, log, files } = this.#parts;
    const reason = error instanceof Error ? error.message : String(error);
    const before = await files.failures(domain).catch(() => undefined);
    const notBefore = error instanceof AcmeError ? error.notBefore : undefined;
    const failures = { count: (before?.count ?? 0) + 1, lastAt: env.now(), reason, notBefore };
    await files
      .keepFailures(domain, failures)
      .catch((cause: unknown) => log.error({ host: domain, error: cause }, "a failed renewal cannot be noted"));
    const state = await this.state(domain).catch(() => undefined);
    const next = state === undefined ? undefined : new Date(state.dueAt).toISOString();
    const inUse = state?.certificate?.validToDate.toISOString();
    const fields = { host: domain, reason, attempt: failures.count, next, inUseUntil: inUse };
    // A bug of ours shows its stack.
    const line = error instanceof AcmeError ? fields : { ...fields, error };
    log.error(line, "no new certificate could be had; what there is stays in use");
  }

  async #authority(acme: AcmeConfig, signal: AbortSignal): Promise<Authority> {
    const { directory, contacts, externalAccountId: id, externalAccountKey: key, authorities, preferredChain } = acme;
    const externalAccount = id === undefined || key === undefined ? undefined : { id, key };
    const accountKey = await this.#parts.files.accountKey(directory, makeAccountKey);
    // Loaded here, as the solvers are: most servers never talk to an authority, and all others seldom.
    const { Authority } = await import("./authority.ts");
    return Authority.open({ directory, contacts, externalAccount, authorities, preferredChain }, accountKey, signal);
  }

  async #solver(acme: AcmeConfig): Promise<Solver> {
    const { challenge, addresses, webroot } = acme;
    switch (challenge) {
      case "http-01": {
        const { httpListenerSolver, webrootSolver } = await import("./http-solver.ts");
        return webroot === undefined ? httpListenerSolver({ addresses, port: acme.httpPort }) : webrootSolver(webroot);
      }
      case "tls-alpn-01": {
        const { tlsAlpnSolver } = await import("./tls-alpn-solver.ts");
        return tlsAlpnSolver(
          { addresses, port: acme.tlsPort, shared: this.#parts.direct.shared, directPorts: this.#parts.direct.ports() },
          makeChallengeCertificate,
        );
      }
      case "dns-01": {
        const { dnsHookSolver } = await import("./dns-hook.ts");
        return dnsHookSolver({
          program: acme.dnsHook ?? "",
          secondsMax: acme.dnsHookSecondsMax,
          cleanupFailed: (reason) => this.#parts.log.warn({ reason }, "a DNS record of a challenge may be left over"),
        });
      }
      default:
        return unreachable(challenge);
    }
  }

  #host(domain: DomainJid): HostConfig | undefined {
    return this.#settings.hosts.find((host) => host.domain === domain && host.acme);
  }

  #draw(domain: DomainJid): number {
    const drawn = this.#draws.get(domain) ?? (this.#parts.env.entropy(1)[0] ?? 0) / 256;
    this.#draws.set(domain, drawn);
    return drawn;
  }
}

/** The names of a host's certificate, as DNS and certificates spell them (A-labels). */
export function namesOf({ domain, acmeNames }: Pick<HostConfig, "domain" | "acmeNames">): readonly string[] {
  const ascii = (name: string): string =>
    name.startsWith("*.") ? `*.${domainToASCII(name.slice(2))}` : domainToASCII(name);
  return [...new Set([domain, ...acmeNames].map(ascii))];
}
