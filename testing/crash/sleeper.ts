import { setTimeout as sleep } from "node:timers/promises";
import type { XmlElement } from "#protocol/xml/element.ts";
import { CrashClient, type CutStream } from "./crash-client.ts";
import { ArrivalOrder, type MessageLedger } from "./message-ledger.ts";
import type { Random } from "#testing/random.ts";

const awakeMsMax = 150;
const sleepsOnShare = 0.4;
/** Batches that are settled one after the other behind a cut: then the server has long seen it, and written it down. */
const witnessedBatches = 2;
const nothing = { message: () => {}, request: () => {}, acknowledged: () => {} };

export interface SleeperParts {
  readonly name: string;
  /** Whose messages tell that a cut is written down. */
  readonly witness: string;
  readonly messages: MessageLedger;
  readonly random: Random;
  readonly problem: (text: string) => void;
}

/**
 * A user whose stream is cut, and whose session hibernates while the server is killed, once or many times. Whenever it is
 * certain that it was written down, it must be resumed, with what came meanwhile, nothing twice.
 */
export class Sleeper {
  readonly name: string;
  /** How often a session that had to be resumed was. */
  resumed = 0;
  readonly #parts: SleeperParts;
  #stream: CutStream | undefined;
  #isCertain = false;
  /** What came on this stream and its resumptions. */
  #arrived = new Set<string>();
  #order = new ArrivalOrder();

  constructor(parts: SleeperParts) {
    this.name = parts.name;
    this.#parts = { ...parts, problem: (text) => parts.problem(`${parts.name}: ${text}`) };
  }

  /** Wakes up, or sleeps on through this life of the server. */
  async comeBack(port: number, mustWake: boolean): Promise<CrashClient | undefined> {
    const { messages, problem, random } = this.#parts;
    const stream = this.#stream;
    if (stream !== undefined && !mustWake && random.share() < sleepsOnShare) return undefined;
    const isOwed = this.#isCertain;
    // Killed from here on, the server may have it still or not.
    this.#isCertain = false;
    const coming: XmlElement[] = [];
    let take = (message: XmlElement): void => void coming.push(message);
    const reactions = { ...nothing, message: (message: XmlElement) => take(message) };
    const client = await CrashClient.logIn(port, this.name, reactions, { resumable: true, resume: stream });
    if (client.resumedAt === undefined) {
      if (isOwed) problem("a session that was written down cannot be resumed");
      this.#arrived = new Set();
      this.#order = new ArrivalOrder();
      client.send("<presence/>");
    } else {
      if (isOwed) this.resumed++;
      if (client.resumedAt !== stream?.sent)
        problem(`${stream?.sent} stanzas were sent and settled, and the server says ${client.resumedAt}`);
    }
    this.#stream = undefined;
    take = (message) => this.#take(message);
    for (const message of coming) this.#take(message);
    // Answered when all that waited has been sent.
    await client.ask("get", "<query xmlns='jabber:iq:roster'/>");
    client.acknowledge();
    for (const text of messages.check(this.name)) problem(text);
    return client;
  }

  /** Is there for a moment, cuts the stream, and lets somebody write until the cut is written down. */
  async fallAsleep(client: CrashClient, port: number): Promise<void> {
    await sleep(this.#parts.random.below(awakeMsMax));
    await client.untilSettled();
    this.#stream = client.cut();
    const { messages, witness } = this.#parts;
    const friend = await CrashClient.logIn(port, witness, nothing);
    for (let batch = 0; batch < witnessedBatches; batch++) {
      const id = messages.send(witness, this.name);
      friend.send(`<message to='${this.name}@localhost' type='chat' id='${id}'><body>asleep?</body></message>`);
      await friend.untilSettled();
      messages.acknowledge(id);
    }
    this.#isCertain = true;
    friend.destroy();
  }

  #take(message: XmlElement): void {
    const { messages, problem } = this.#parts;
    const id = message.attr("id") ?? "";
    if (this.#arrived.has(id)) problem(`${id} came twice on one stream`);
    this.#arrived.add(id);
    const wrong = messages.receive(this.name, id) ?? this.#order.arrived(id);
    if (wrong !== undefined) problem(wrong);
  }
}
