import { readFile } from "node:fs/promises";
import { Agent, get } from "node:https";
import { setTimeout as wait } from "node:timers/promises";
import type { Client } from "acme-client";
import { AcmeError, type Solver } from "./solver.ts";

/** One request to the authority, in milliseconds. */
const requestMsMax = 30_000;
/** A chain of certificates is a few thousand bytes. */
const answerBytesMax = 1024 * 1024;
/** How often it is asked whether it has looked, in milliseconds. */
const pollMs = 2_000;
/** How long it may take to look, or to issue, in milliseconds. */
const decisionMsMax = 300_000;
/** What an authority may send as an error, for the log. */
const detailCharsMax = 1_000;
/** RFC 8555 §8.1: base64url, at least 128 bits. It becomes a part of a file's name. */
const tokenPattern = /^[\w-]{16,256}$/;

export interface AuthoritySettings {
  readonly directory: string;
  readonly contacts: readonly string[];
  readonly externalAccount: { readonly id: string; readonly key: string } | undefined;
  /** PEM file of authorities that may vouch for the directory. */
  readonly authorities: string | undefined;
  readonly preferredChain: string | undefined;
}

/** An account at an authority that issues certificates by ACME (RFC 8555). The administrator has agreed to its terms. */
export class Authority implements Disposable {
  readonly #client: Client;
  readonly #settings: AuthoritySettings;
  readonly #connections: DisposableStack;
  /** What the authority said last about when to come again. */
  #notBefore: number | undefined;

  private constructor(client: Client, settings: AuthoritySettings, connections: DisposableStack) {
    this.#client = client;
    this.#settings = settings;
    this.#connections = connections;
  }

  /**
   * Opens the account that belongs to a key; makes it where there is none yet.
   *
   * @param signal breaks off what goes on
   * @throws AcmeError
   */
  static async open(settings: AuthoritySettings, accountKey: string, signal: AbortSignal): Promise<Authority> {
    using opened = new DisposableStack();
    // Loaded here, because most servers never need it.
    const { Client: AcmeClient, axios } = await import("acme-client");
    axios.defaults.timeout = requestMsMax;
    // An authority has no reason to send us elsewhere, or as much as it likes (A47).
    axios.defaults.maxRedirects = 0;
    axios.defaults.maxContentLength = answerBytesMax;
    // We have a back-off of our own, which survives restarts.
    const settled: unknown = Reflect.get(axios.defaults, "acmeSettings");
    const acmeSettings = { ...(typeof settled === "object" ? settled : {}), retryMaxAttempts: 0 };
    Reflect.set(axios.defaults, "acmeSettings", acmeSettings);
    const agent = opened.adopt(await agentFor(settings), (made) => made.destroy());
    const abort = (): void => agent.destroy();
    signal.addEventListener("abort", abort);
    opened.defer(() => signal.removeEventListener("abort", abort));
    axios.defaults.httpsAgent = agent;
    const { externalAccount, directory, contacts } = settings;
    // Before the library, which has no words for a network that fails.
    await reach(directory, agent);
    const client = new AcmeClient({
      directoryUrl: directory,
      accountKey,
      ...(externalAccount !== undefined && {
        externalAccountBinding: { kid: externalAccount.id, hmacKey: externalAccount.key },
      }),
    });
    const authority = new Authority(client, settings, opened.move());
    // Seen by nobody else: the library keeps the headers to itself.
    const watching = axios.interceptors.response.use((response) => {
      authority.#hear(response.status, response.headers["retry-after"]);
      return response;
    });
    authority.#connections.defer(() => axios.interceptors.response.eject(watching));
    try {
      await authority.#ask("opening the account", () =>
        client.createAccount({ termsOfServiceAgreed: true, contact: [...contacts] }),
      );
      return authority;
    } catch (error) {
      authority[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#connections.dispose();
  }

  /**
   * Proves each name and gets a certificate for them.
   *
   * @param csr a request in PEM form for the very same names
   * @param told what is being done, for whoever looks
   * @returns the chain in PEM form, the certificate first
   * @throws AcmeError
   */
  async issue(parts: {
    readonly names: readonly string[];
    readonly csr: string;
    readonly solver: Solver;
    readonly told: (what: string) => void;
    readonly signal: AbortSignal;
  }): Promise<string> {
    const { names, csr, solver, told, signal } = parts;
    const identifiers = names.map((value) => ({ type: "dns", value }));
    told(`ordering a certificate for ${names.join(", ")}`);
    const order = await this.#ask("ordering", () => this.#client.createOrder({ identifiers }));
    for (const url of order.authorizations) await this.#prove(order, url, { solver, told, signal });
    told("all names are proven; waiting for the certificate");
    let state = await this.#ask("asking for the certificate", () => this.#client.finalizeOrder(order, csr));
    await this.#until(signal, "issue the certificate", async () => {
      if (state.status === "processing" || state.status === "ready")
        state = await this.#ask("asking for the certificate", () => this.#client.getOrder(order));
      if (state.status === "invalid") throw new AcmeError(`the authority refuses: ${problemOf(state)}`);
      return state.status === "valid";
    });
    return this.#ask("fetching the certificate", () =>
      this.#client.getCertificate(state, this.#settings.preferredChain),
    );
  }

  async #prove(
    order: Awaited<ReturnType<Client["createOrder"]>>,
    url: string,
    {
      solver,
      told,
      signal,
    }: { readonly solver: Solver; readonly told: (what: string) => void; readonly signal: AbortSignal },
  ): Promise<void> {
    const look = async () => {
      const [found] = await this.#ask("looking at a name", () =>
        this.#client.getAuthorizations({ ...order, authorizations: [url] }),
      );
      if (found === undefined) throw new AcmeError("the authority does not say what it wants to see");
      return found;
    };
    const authorization = await look();
    const name = authorization.identifier.value;
    if (authorization.status === "valid") return told(`${name} was proven before`);
    const challenge = authorization.challenges.find(({ type }) => type === solver.type);
    if (challenge === undefined) {
      const offered = authorization.challenges.map(({ type }) => type).join(", ");
      throw new AcmeError(`the authority does not take ${solver.type} for ${name}, but ${offered} ([acme] challenge)`);
    }
    if (!tokenPattern.test(challenge.token)) throw new AcmeError("the authority's token is none by RFC 8555 §8.1");
    const keyAuthorization = await this.#client.getChallengeKeyAuthorization(challenge);
    told(`proving ${name} by ${solver.type}`);
    await using _presented = await solver.present({ name, token: challenge.token, keyAuthorization }, signal);
    await this.#ask(`proving ${name}`, () => this.#client.completeChallenge(challenge));
    await this.#until(signal, `look at ${name}`, async () => {
      const { status, challenges } = await look();
      if (status === "pending") return false;
      if (status === "valid") return true;
      const tried = challenges.find(({ type }) => type === solver.type);
      throw new AcmeError(
        `the authority could not see that ${name} is ours: ${problemOf(tried)}; ${solver.advice(name)}`,
      );
    });
    told(`${name} is proven`);
  }

  async #until(signal: AbortSignal, what: string, done: () => Promise<boolean>): Promise<void> {
    for (let waited = 0; !(await done()); waited += pollMs) {
      if (waited >= decisionMsMax) throw new AcmeError(`the authority has taken too long to ${what}`);
      await wait(pollMs, undefined, { signal }).catch((cause: unknown) => {
        throw new AcmeError("the server stops", { cause });
      });
    }
  }

  /** RFC 8555 §6.6, RFC 9110 §10.2.3 */
  #hear(status: number, retryAfter: unknown): void {
    if (status !== 429 && status !== 503) return;
    const text = typeof retryAfter === "string" ? retryAfter : "";
    const at = /^\d{1,9}$/.test(text) ? Date.now() + Number(text) * 1_000 : Date.parse(text);
    this.#notBefore = Number.isFinite(at) ? at : undefined;
  }

  /** One exchange with the authority; whatever goes wrong becomes an error that says at what. */
  async #ask<T>(what: string, request: () => Promise<T>): Promise<T> {
    try {
      return await request();
    } catch (cause) {
      // What the library throws when there is no answer is a TypeError.
      const said = cause instanceof Error ? cause.message : String(cause);
      const message = cause instanceof TypeError ? "the connection broke, or there was no answer in time" : said;
      const { host } = new URL(this.#settings.directory);
      const notBefore = this.#notBefore;
      const until = notBefore === undefined ? "" : `; it wants to be asked again ${new Date(notBefore).toISOString()}`;
      throw new AcmeError(`${what} at ${host} failed: ${message.slice(0, detailCharsMax)}${until}`, {
        cause,
        notBefore,
      });
    }
  }
}

async function agentFor({ authorities }: AuthoritySettings): Promise<Agent> {
  if (authorities === undefined) return new Agent();
  try {
    return new Agent({ ca: await readFile(authorities, "utf8") });
  } catch (cause) {
    throw new AcmeError(`cannot read ${authorities}: ${String(cause)} ([acme] authorities)`, { cause });
  }
}

/** Sees whether the authority answers at all. */
function reach(directory: string, agent: Agent): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const request = get(directory, { agent, timeout: requestMsMax }, (response) => {
    response.resume();
    resolve();
  });
  request.on("timeout", () => request.destroy(new Error("no answer in time")));
  request.on("error", (cause) => {
    const { host } = new URL(directory);
    const reason = cause.message === "" && "code" in cause ? String(cause.code) : cause.message;
    reject(
      new AcmeError(`cannot reach the authority at ${host}: ${reason}; see whether this machine gets out to it`, {
        cause,
      }),
    );
  });
  return promise;
}

/** What the authority says is wrong, RFC 8555 §6.7. */
function problemOf(found: unknown): string {
  const error: unknown = typeof found === "object" && found !== null ? Reflect.get(found, "error") : undefined;
  if (typeof error !== "object" || error === null) return "it does not say why";
  const detail: unknown = Reflect.get(error, "detail");
  const type: unknown = Reflect.get(error, "type");
  return [detail, type].find((text) => typeof text === "string")?.slice(0, detailCharsMax) ?? "it does not say why";
}
