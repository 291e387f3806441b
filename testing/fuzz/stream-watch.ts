import assert from "node:assert/strict";
import type { StreamEffect } from "#protocol/stream/stream-effect.ts";
import { formatStreamHeader } from "#protocol/stream/stream-header.ts";
import type { StreamInput } from "#protocol/stream/stream-input.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_SASL, NS_SASL2 } from "#protocol/xml/namespaces.ts";
import { parseElement } from "#protocol/xml/read.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { startClientMechanism } from "#protocol/sasl/start-client-mechanism.ts";
import type { SaslClientExchange, SaslClientOutput } from "#protocol/sasl/client-exchange.ts";
import { settleClient } from "./sasl-stage.ts";
import { honestScram, honestTokenProof, password } from "./client-script.ts";
import { tokenProof } from "./stream-inputs.ts";

/** What was asked and proven so far, by what passed in and out alone. */
export class Watch {
  /** The question that is open, if there is one. */
  question: StreamEffect | undefined;
  readonly #role: "receiving" | "initiating";
  /** Nothing secret may be said yet. */
  #isClear: boolean;
  #proven = false;
  /** Of whom credentials or tokens were found. */
  #known: string | undefined;
  #authorized = false;
  #client: SaslClientExchange | undefined;
  /** The data of the last challenge. */
  #challenge = new Uint8Array();
  /** What only who knows the password can say. */
  readonly #proofs = new Set<string>();
  /** The server has still to show that it knows the password or the token, which the client tries to log in with. */
  #isDoubted = false;

  constructor(role: "receiving" | "initiating", isClear: boolean) {
    this.#role = role;
    this.#isClear = isClear;
  }

  take(input: StreamInput): void {
    if (input.type === "credentials" && this.question?.type === "lookupCredentials")
      this.#known = input.found === undefined ? undefined : this.question.username;
    if (input.type === "tokens" && this.question?.type === "lookupTokens")
      this.#known = input.found.length === 0 ? undefined : this.question.username;
    if (input.type === "element") {
      this.#proven ||= this.#proves(input.element);
      if (isServersProof(input.element)) this.#isDoubted = false;
    }
    if (input.type === "secured") this.#isClear = false;
    if (input.type === "authorized" && this.question?.type === "authorize") this.#authorized = true;
  }

  /** What an honest client says in SCRAM: first, and then to the last challenge. */
  scram(first: boolean): string {
    if (first || this.#client === undefined) {
      const random = (bytes: number): Uint8Array => new Uint8Array(bytes).fill(6);
      const context = { username: "juliet", password, domain: "im.example", binding: "n", random } as const;
      this.#client = startClientMechanism("SCRAM-SHA-1", context);
      return base64Of(settleClient(this.#client, this.#client.start()));
    }
    const said = base64Of(settleClient(this.#client, this.#client.challenge(this.#challenge)));
    if (said !== "") this.#proofs.add(said);
    return said;
  }

  see(effects: readonly StreamEffect[]): void {
    for (const effect of effects) {
      switch (effect.type) {
        case "send":
          parseElement(serialize(effect.element));
          if (effect.element.name === "challenge")
            this.#challenge = new Uint8Array(Buffer.from(effect.element.text, "base64"));
          this.#seeSaid(effect.element);
          break;
        case "tokenReceived":
          assert.ok(!this.#isDoubted, "takes a token of a server that has proven nothing");
          break;
        case "sendHeader":
          parseElement(`${formatStreamHeader(effect.header)}</stream:stream>`, "");
          break;
        case "lookupCredentials":
        case "lookupTokens":
        case "earlyRequest":
          assert.ok(!this.#isClear || effect.type === "earlyRequest", "asks for credentials in the clear");
          break;
        case "authorize":
          assert.ok(!this.#isClear, "lets somebody in in the clear");
          assert.ok(effect.anonymous || this.#proven, "lets somebody in without the password");
          // Whoever asks about somebody gets Juliet's record; it must be that same name that it then lets in.
          assert.ok(effect.anonymous || effect.user === `${this.#known}@im.example`, `lets ${effect.user} in`);
          break;
        case "keepCredentials":
          assert.ok(!this.#isClear && this.#proven, "keeps keys of who has proven nothing");
          assert.ok(effect.user === `${this.#known}@im.example`, `keeps keys for ${effect.user}`);
          break;
        case "issueToken":
        case "bindResource":
        case "resumeSm":
        case "enableSm":
          assert.ok(this.#authorized, `${effect.type} before anybody was let in`);
          break;
        case "established":
          assert.ok(this.#role === "initiating" || this.#authorized, "established before anybody was let in");
          assert.ok(!this.#isDoubted, "believes a server that has proven nothing");
          break;
        default:
          break;
      }
    }
    const last = effects.at(-1);
    if (last !== undefined) this.question = last;
  }

  /** By a client: no log-in in the clear, and nothing done for a server that is doubted. */
  #seeSaid(element: XmlElement): void {
    const { name, ns } = element;
    if (this.#role === "receiving" || (ns !== NS_SASL && ns !== NS_SASL2)) return;
    if (name === "auth" || name === "authenticate") {
      assert.ok(!this.#isClear, "log-in in the clear");
      this.#isDoubted = /^(?:SCRAM|HT)-/u.test(element.attr("mechanism") ?? "");
    }
    assert.ok(
      !this.#isDoubted || (name !== "next" && name !== "task-data"),
      "works for a server that has proven nothing",
    );
  }

  /** Whether a log-in carries a password, by PLAIN or by XEP-0078, or what only who knows it, or a token, can say. */
  #proves(element: XmlElement): boolean {
    const { text } = element.child(NS_SASL2, "initial-response") ?? element;
    const plain = Buffer.from(text, "base64").toString("latin1");
    if (plain.endsWith(`\0${password}`) || plain.endsWith(`\0${tokenProof}`) || this.#proofs.has(text)) return true;
    return element
      .elements()
      .some((child) => child.elements().some((inner) => inner.name === "password" && inner.text === password));
  }
}

/** What only a server says that knows the password, or the token. */
function isServersProof(element: XmlElement): boolean {
  const { text } = element.child(NS_SASL2, "additional-data") ?? element;
  const said = Buffer.from(text, "base64").toString("base64");
  return said === honestScram.signature || said === honestTokenProof;
}

function base64Of(said: SaslClientOutput): string {
  return said.type === "response" ? Buffer.from(said.data ?? []).toString("base64") : "";
}
