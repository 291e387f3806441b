import { setTimeout as sleep } from "node:timers/promises";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { Random } from "#testing/random.ts";
import { CrashClient } from "./crash-client.ts";
import { ArrivalOrder, MessageLedger } from "./message-ledger.ts";
import { neighbourDomain, type Neighbour } from "./neighbour.ts";

/** At the neighbour's: gets letters, and the errors about what it writes to nobody here. */
const stranger = "stranger";
const nobody = "nobody";
const batchMessagesMax = 5;
/** Errors that may be under way to the neighbour; of one domain the server holds a thousand. */
const errorsMax = 300;
const pauseMs = 20;
/** How long what was held may take to arrive, and how often it is looked whether it has. */
const arrivalMsMax = 60_000;
const lookMs = 20;
const hearsShare = 0.6;
const staysShare = 0.5;
const nothing = { message: () => {}, request: () => {} };

export interface CorrespondentParts {
  readonly name: string;
  readonly neighbour: Neighbour;
  readonly random: Random;
  readonly problem: (text: string) => void;
  readonly confirmed: () => void;
}

/**
 * A user who writes to another server, which writes back to nobody. That server hears nothing at times, for one life of
 * ours or many: what was acknowledged, and the errors about what was acknowledged to it, wait for it, over every kill.
 */
export class Correspondent {
  readonly name: string;
  readonly #parts: CorrespondentParts;
  readonly #letters = new MessageLedger();
  #order = new ArrivalOrder();
  readonly #neighbour: Neighbour;
  /** The ids of what was sent in this life, by the number of the stanza. */
  #underWay = new Map<number, string>();

  constructor(parts: CorrespondentParts) {
    this.name = parts.name;
    this.#parts = parts;
    this.#neighbour = parts.neighbour;
    this.#neighbour.arrived = (stanza) => this.#take(stanza);
  }

  /** Letters and errors that were acknowledged, and that a check has found to have arrived. */
  get kept(): number {
    return this.#letters.kept;
  }

  /** They came again after a crash, which is allowed. */
  get repeated(): number {
    return this.#letters.repeated;
  }

  /** No server is there. Before the next one starts it is decided whether the neighbour hears it. */
  async beginLife(mustHear: boolean): Promise<void> {
    await this.#neighbour.untilAlone();
    this.#letters.endSessions();
    // What was sent just before the kill may come again.
    this.#order = new ArrivalOrder();
    this.#underWay = new Map();
    this.#neighbour.hears = mustHear || this.#parts.random.share() < hearsShare;
  }

  /** Where the neighbour hears, all that was held for it must arrive. */
  async comeBack(port: number): Promise<CrashClient> {
    const { problem, random } = this.#parts;
    const acknowledged = (count: number): void => this.#acknowledged(count);
    const client = await CrashClient.logIn(port, this.name, { ...nothing, acknowledged });
    if (!this.#neighbour.hears) return client;
    for (let ms = 0; ms < arrivalMsMax && this.#letters.isMissing(stranger); ms += lookMs)
      await Promise.race([sleep(lookMs), client.ended]);
    for (const text of this.#letters.check(stranger)) problem(text);
    this.#neighbour.hears = random.share() < staysShare;
    return client;
  }

  /** Writes to the stranger until the server is gone. */
  async write(client: CrashClient): Promise<never> {
    for (;;) {
      let last = 0;
      for (let count = 1 + this.#parts.random.below(batchMessagesMax); count > 0; count--) {
        const id = this.#letters.send(this.name, stranger);
        last = client.send(
          `<message to='${stranger}@${neighbourDomain}' type='chat' id='${id}'><body>${id}</body></message>`,
        );
        this.#underWay.set(last, id);
      }
      client.askAcknowledgement();
      await client.untilAcknowledged(last);
      await sleep(pauseMs);
    }
  }

  /** Has the stranger write to nobody until the server is gone. */
  async hearFromStranger(port: number): Promise<never> {
    const visit = await this.#neighbour.visit(port);
    for (;;) {
      // Too many would be dropped, as is said.
      if (this.#owed > errorsMax) return visit.ended;
      const ids: string[] = [];
      let last = 0;
      for (let count = 1 + this.#parts.random.below(batchMessagesMax); count > 0; count--) {
        const id = this.#letters.send(nobody, stranger);
        ids.push(id);
        last = visit.send(
          `<message from='${stranger}@${neighbourDomain}/home' to='${nobody}@localhost' id='${id}'><body>${id}</body></message>`,
        );
      }
      await visit.untilAcknowledged(last);
      for (const id of ids) this.#letters.acknowledge(id);
      this.#parts.confirmed();
      await sleep(pauseMs);
    }
  }

  /** Acknowledged, and not arrived yet. */
  get #owed(): number {
    return this.#letters.acknowledged - this.#letters.kept;
  }

  #acknowledged(count: number): void {
    for (const [number, id] of this.#underWay) {
      if (number > count) return;
      this.#letters.acknowledge(id);
      this.#underWay.delete(number);
      this.#parts.confirmed();
    }
  }

  #take(stanza: XmlElement): void {
    const { problem } = this.#parts;
    const isError = stanza.attr("type") === "error";
    const id = stanza.attr("id") ?? "";
    if (stanza.name !== "message" || isError !== id.startsWith(nobody))
      return problem(`the neighbour got a ${stanza.name} ${id} of type ${stanza.attr("type")}`);
    const wrong = this.#letters.receive(stranger, id) ?? this.#order.arrived(id);
    return wrong === undefined ? undefined : problem(wrong);
  }
}
