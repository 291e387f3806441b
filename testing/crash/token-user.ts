import { setTimeout as sleep } from "node:timers/promises";
import { htClient } from "#protocol/sasl/ht-client.ts";
import type { Random } from "#testing/random.ts";
import { SocketClient } from "#testing/socket-client.ts";
import { ConnectionEnded, passwordOf } from "./crash-client.ts";
import { TokenLedger, type TokenAttempt } from "./token-ledger.ts";

const pauseMs = 40;
const NS_SASL2 = "urn:xmpp:sasl:2";
const NS_FAST = "urn:xmpp:fast:0";
const mechanism = "HT-SHA-256-NONE";
const device = "d4565fa7-4d72-4749-b3d3-740edbf87770";

export interface TokenUserParts {
  readonly name: string;
  readonly random: Random;
  readonly problem: (text: string) => void;
  readonly confirmed: () => void;
}

/**
 * Somebody whose client logs in by tokens (XEP-0484): asks for them, uses them, counts, logs out and changes the
 * password. Whatever was answered must hold when the server has been killed.
 */
export class TokenUser {
  readonly name: string;
  readonly #ledger: TokenLedger;
  readonly #parts: TokenUserParts;
  /** Asked for, and not answered. */
  #underWay: TokenAttempt | undefined;
  #number = 0;

  constructor(parts: TokenUserParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#ledger = new TokenLedger(passwordOf(parts.name));
  }

  /** Answers that could not have been others. */
  get kept(): number {
    return this.#ledger.kept;
  }

  /** Tries what must not work, and then what must. */
  async comeBack(port: number): Promise<void> {
    const { random } = this.#parts;
    if (this.#underWay !== undefined) this.#ledger.lost(this.#underWay);
    this.#underWay = undefined;
    const [, ...earlier] = this.#ledger.given.toReversed();
    const [first, ...others] = earlier.slice(0, 20);
    if (first !== undefined) await this.#logIn(port, { by: "token", token: random.one([first, ...others]) });
    const { latest } = this.#ledger;
    // With the count that it was used with last, or a lower one.
    if (latest !== undefined) await this.#logIn(port, { by: "token", token: latest, count: this.#number });
    if (latest !== undefined) await this.#logIn(port, { by: "token", token: latest, count: ++this.#number });
  }

  /** Goes on until the server is gone. */
  async comeAndGo(port: number): Promise<never> {
    for (;;) {
      await this.#visit(port);
      this.#parts.confirmed();
      await sleep(pauseMs);
    }
  }

  async #visit(port: number): Promise<void> {
    const { random } = this.#parts;
    const { latest } = this.#ledger;
    const share = random.share();
    if (latest === undefined || share < 0.15) return this.#comeByPassword(port);
    if (share < 0.25) return this.#changePassword(port);
    // Who counts once counts on.
    const count = ++this.#number;
    await this.#logIn(port, {
      by: "token",
      token: latest,
      ...(share < 0.35 ? { invalidates: true } : { asks: share < 0.8 }),
      ...((share < 0.6 || share > 0.9) && { count }),
    });
  }

  async #comeByPassword(port: number): Promise<void> {
    for (const password of this.#ledger.passwords) if (await this.#logIn(port, { by: "password", password })) return;
  }

  async #changePassword(port: number): Promise<void> {
    await this.#comeByPassword(port);
    const [old = ""] = this.#ledger.passwords;
    using client = await opened(port);
    const { ok } = await answerTo(client, "PLAIN", plain(this.name, old), "<bind xmlns='urn:xmpp:bind:0'/>");
    if (!ok) return this.#parts.problem(`${this.name} cannot log in with the password that just worked`);
    const attempt: TokenAttempt = { by: "change", password: `password ${++this.#number} of ${this.name}` };
    const fields = `<username>${this.name}</username><password>${attempt.password}</password>`;
    await this.#attempt(attempt, async () => {
      client.send(`<iq type='set' id='change'><query xmlns='jabber:iq:register'>${fields}</query></iq>`);
      const [answer] = await heard(client.until(/<iq [^>]*id='change'[^>]*>/));
      return { ok: answer.includes("type='result'"), token: undefined };
    });
  }

  /** Whether it worked; that this was right is looked at. */
  async #logIn(port: number, attempt: Exclude<TokenAttempt, { readonly by: "change" }>): Promise<boolean> {
    using client = await opened(port);
    const { ok } = await this.#attempt(attempt, () =>
      attempt.by === "password"
        ? answerTo(client, "PLAIN", plain(this.name, attempt.password), wanted)
        : answerTo(client, mechanism, proofOf(this.name, attempt.token), inlineOf(attempt)),
    );
    return ok;
  }

  async #attempt(attempt: TokenAttempt, act: () => Promise<Answer>): Promise<Answer> {
    this.#underWay = attempt;
    const answer = await act();
    this.#underWay = undefined;
    const wrong = this.#ledger.answered(attempt, answer);
    if (wrong !== undefined) this.#parts.problem(`${this.name}: ${wrong}`);
    return answer;
  }
}

interface Answer {
  readonly ok: boolean;
  readonly token: string | undefined;
}

const wanted = `<request-token xmlns='${NS_FAST}' mechanism='${mechanism}'/>`;

function inlineOf({ asks, count, invalidates }: Extract<TokenAttempt, { readonly by: "token" }>): string {
  const counts = count === undefined ? "" : ` count='${count}'`;
  const ends = invalidates === true ? " invalidate='true'" : "";
  return `<fast xmlns='${NS_FAST}'${counts}${ends}/>${asks === true ? wanted : ""}`;
}

function plain(name: string, password: string): Uint8Array {
  return Buffer.from(`\0${name}\0${password}`);
}

function proofOf(username: string, token: string): Uint8Array {
  const said = htClient({ hash: "SHA-256", binding: "none" }, { username, token, bindings: [] }).start();
  if (said.type !== "response") throw new Error(`no proof can be made for ${username}`);
  return said.data ?? new Uint8Array();
}

async function opened(port: number): Promise<SocketClient> {
  const client = await heard(SocketClient.tls(port, "localhost"));
  client.open("localhost");
  await heard(client.until(/<\/stream:features>/));
  return client;
}

async function answerTo(client: SocketClient, name: string, initial: Uint8Array, inline: string): Promise<Answer> {
  const response = `<initial-response>${Buffer.from(initial).toString("base64")}</initial-response>`;
  const agent = `<user-agent id='${device}'/>`;
  client.send(`<authenticate xmlns='${NS_SASL2}' mechanism='${name}'>${response}${agent}${inline}</authenticate>`);
  const [answer] = await heard(client.until(/<(success|failure)\b.*?<\/\1>/s));
  return { ok: answer.startsWith("<success"), token: /<token[^>]* token='([^']+)'/.exec(answer)?.[1] };
}

/** What is under way when the server is killed ends as it does for the other clients. */
async function heard<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (!(error instanceof Error) || error.message.includes("<stream:error")) throw error;
    throw new ConnectionEnded(error.message, { cause: error });
  }
}
