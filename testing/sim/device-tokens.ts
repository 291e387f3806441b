import { htClient } from "#protocol/sasl/ht-client.ts";
import type { SaslClientExchange } from "#protocol/sasl/client-exchange.ts";
import { decodeBase64, encodeBase64 } from "#protocol/sasl/sasl-base64.ts";
import { NS_FAST, NS_SASL2 } from "#protocol/xml/namespaces.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { Draws } from "./draws.ts";
import { passwordMessage } from "./password-message.ts";

const mechanism = "HT-SHA-256-NONE";

/** A token of a device's, and how often it was used. */
interface Token {
  readonly text: string;
  count: number;
}

/** An attempt that has no answer yet. */
interface Attempt {
  /** Undefined for the password. */
  readonly token: Token | undefined;
  readonly count: number;
  readonly last: boolean;
  readonly exchange: SaslClientExchange | undefined;
}

/**
 * What one device logs in with in one request (XEP-0388): its password, until it has a token (XEP-0484). It knows which tokens
 * must be good, and what must let nobody in any more.
 */
export class DeviceTokens {
  readonly #account: string;
  readonly #draws: Draws;
  readonly #id: string;
  #token: Token | undefined;
  #attempt: Attempt | undefined;
  /** What proves nothing any more: a use that was answered, a token that a newer one has replaced, or that was given back. */
  readonly #spent: { readonly text: string; readonly count: number }[] = [];

  constructor(account: string, draws: Draws) {
    this.#account = account;
    this.#draws = draws;
    const hex = Array.from({ length: 32 }, () => draws.below(16).toString(16)).join("");
    this.#id = [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  }

  /** The next request to be let in. @param inline what is to be done in one with it */
  authenticate(inline: string): string {
    const token = this.#token;
    if (token === undefined) {
      this.#attempt = { token, count: 0, last: false, exchange: undefined };
      const message = passwordMessage(this.#account);
      return this.#request("PLAIN", message, `<request-token xmlns='${NS_FAST}' mechanism='${mechanism}'/>${inline}`);
    }
    token.count += 1;
    const last = this.#draws.chance(0.1);
    const exchange = this.#exchangeOf(token.text);
    this.#attempt = { token, count: token.count, last, exchange };
    // Whether or not that is heard.
    if (last) this.#token = undefined;
    return this.#request(mechanism, proofOf(exchange), `${useOf(token.count, last)}${inline}`);
  }

  /** The server let it in. Says what is wrong with that. */
  succeeded(success: XmlElement, discFailed: boolean): string | undefined {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    const given = success.child(NS_FAST, "token")?.attr("token");
    if (given !== undefined) this.#token = { text: given, count: 0 };
    // Where it cannot be stored it is not given.
    if (attempt?.token === undefined)
      return given === undefined && !discFailed ? "no token was given to who asked for one" : undefined;
    const { token, count, last } = attempt;
    for (const spent of this.#older.splice(0)) this.#spent.push({ text: spent, count: farAhead });
    this.#spent.push({ text: token.text, count: last ? farAhead : count });
    if (last && given !== undefined) return "a token was given to who wanted none any more";
    if (given !== undefined) this.#older.push(token.text);
    const additional = decodeBase64(success.child(NS_SASL2, "additional-data")?.text ?? "");
    return attempt.exchange?.success(additional).type === "authenticated"
      ? undefined
      : "the server does not know the token that it let in";
  }

  /** In use until the newer one is. */
  readonly #older: string[] = [];

  /** The server did not. Says what is wrong with that. */
  failed(condition: string | undefined): string | undefined {
    const attempt = this.#attempt;
    this.#attempt = undefined;
    if (attempt?.token === undefined || condition === "temporary-auth-failure") return undefined;
    this.#token = undefined;
    return `a good token was refused with ${condition}`;
  }

  /** A request that must not let anybody in; undefined as long as there is none. */
  stolen(): string | undefined {
    const replaced = this.#spent.filter(({ count }) => count === farAhead);
    const tried = replaced.length > 0 && this.#draws.chance(0.6) ? replaced : this.#spent;
    const spent = tried[this.#draws.below(tried.length)];
    if (spent === undefined) return undefined;
    return this.#request(mechanism, proofOf(this.#exchangeOf(spent.text)), useOf(spent.count, false));
  }

  #exchangeOf(token: string): SaslClientExchange {
    const username = this.#account.slice(0, this.#account.indexOf("@"));
    return htClient({ hash: "SHA-256", binding: "none" }, { username, token, bindings: [] });
  }

  #request(name: string, initial: string, inline: string): string {
    const agent = `<user-agent id='${this.#id}'><software>Simulator</software></user-agent>`;
    return `<authenticate xmlns='${NS_SASL2}' mechanism='${name}'><initial-response>${initial}</initial-response>${agent}${inline}</authenticate>`;
  }
}

/** A count that no client of its own has come to. */
const farAhead = 1_000_000;

function proofOf(exchange: SaslClientExchange): string {
  const first = exchange.start();
  return first.type === "response" && first.data !== undefined ? encodeBase64(first.data) : "";
}

function useOf(count: number, last: boolean): string {
  return `<fast xmlns='${NS_FAST}' count='${count}'${last ? " invalidate='true'" : ""}/>`;
}
