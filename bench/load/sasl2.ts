import { createHmac, randomUUID } from "node:crypto";

/** The mechanism of tokens that the load uses: without channel binding, which would only cost the load more. */
export const tokenMechanism = "HT-SHA-256-NONE";
const NS_FAST = "urn:xmpp:fast:0";
const NS_SM = "urn:xmpp:sm:3";

/** One client's part in log-ins of one step. XEP-0388, XEP-0484. */
export class Device {
  readonly #id = randomUUID();
  #token = "";

  get hasToken(): boolean {
    return this.#token !== "";
  }

  /** To log in by password, and to ask for a token. */
  byPassword(user: string, password: string, inline: string): string {
    const ask = `<request-token xmlns='${NS_FAST}' mechanism='${tokenMechanism}'/>`;
    return this.#authenticate("PLAIN", `\0${user}\0${password}`, ask + inline);
  }

  byToken(user: string, inline: string): string {
    const proof = createHmac("sha256", this.#token).update("Initiator").digest();
    const response = Buffer.concat([Buffer.from(`${user}\0`), proof]);
    return this.#authenticate(tokenMechanism, response, `<fast xmlns='${NS_FAST}'/>${inline}`);
  }

  /** Keeps the token that may be in `<success/>`. */
  take(success: string): void {
    this.#token = /\btoken=['"]([^'"]+)['"]/.exec(success)?.[1] ?? this.#token;
  }

  #authenticate(mechanism: string, response: string | Buffer, inline: string): string {
    const initial = `<initial-response>${Buffer.from(response).toString("base64")}</initial-response>`;
    const agent = `<user-agent id='${this.#id}'><software>bench</software></user-agent>`;
    return `<authenticate xmlns='urn:xmpp:sasl:2' mechanism='${mechanism}'>${initial}${agent}${inline}</authenticate>`;
  }
}

/** Asks for a resource within the log-in. XEP-0386. */
export function bindInline(resumable: boolean): string {
  const enable = resumable ? `<enable xmlns='${NS_SM}' resume='true'/>` : "";
  return `<bind xmlns='urn:xmpp:bind:0'><tag>bench</tag>${enable}</bind>`;
}

/** Asks for a former session within the log-in. XEP-0198 §5, XEP-0388. */
export function resumeInline(previousId: string): string {
  return `<resume xmlns='${NS_SM}' previd='${previousId}' h='0'/>`;
}
