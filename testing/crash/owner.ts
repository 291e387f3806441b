import { setTimeout as sleep } from "node:timers/promises";
import type { XmlElement } from "#protocol/xml/element.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { CrashClient, Refused } from "./crash-client.ts";
import { ArrivalOrder, type MessageLedger } from "./message-ledger.ts";
import type { Random } from "#testing/random.ts";
import { difference, WriteLedger, type Places } from "./write-ledger.ts";

const NS_ROSTER = "jabber:iq:roster";
const contactsMax = 20;
const notesMax = 3;
/** How many messages a batch has at most before its sender asks how much is settled. */
const batchMessagesMax = 8;

/** What a client waits between attempts where it may be refused. */
const patienceMs = 5;

export interface OwnerParts {
  readonly name: string;
  readonly messages: MessageLedger;
  readonly random: Random;
  readonly problem: (text: string) => void;
  /** Told what the server refuses, and why. Without this, nothing may be refused. */
  readonly refused?: (reason: string, what: "message" | "request") => void;
}

/** A user of the server that is killed: what they do, and what they remember over all its lives. */
export class Owner {
  readonly name: string;
  readonly writes = new WriteLedger();
  readonly #messages: MessageLedger;
  readonly #random: Random;
  readonly #problem: (text: string) => void;
  readonly #refused: OwnerParts["refused"];
  #order = new ArrivalOrder();
  /** The ids of the messages that were sent on this stream, by the number of the stanza. */
  #underWay = new Map<number, string>();
  /** The roster as a client remembers it, which asks only for what has changed since. */
  readonly #remembered = new Map<string, string>();
  #version = "";
  #value = 0;

  constructor(parts: OwnerParts) {
    this.name = parts.name;
    this.#messages = parts.messages;
    this.#random = parts.random;
    this.#problem = (text) => parts.problem(`${parts.name}: ${text}`);
    this.#refused = parts.refused;
  }

  /** Logs in, takes what waited, and looks whether all is there that must be. */
  async comeBack(port: number): Promise<CrashClient> {
    this.#order = new ArrivalOrder();
    this.#underWay = new Map();
    const client = await CrashClient.logIn(port, this.name, {
      message: (element) => this.#take(element, client),
      request: (payload) => this.#merge(payload),
      acknowledged: (count) => this.#acknowledged(count),
      ...(this.#refused !== undefined && { refused: (id, reason) => this.#giveUp(id, reason) }),
    });
    await this.#lookUp(client);
    client.send("<presence/>");
    // Answered by the account when it has sent what waited.
    await client.ask("get", `<query xmlns='${NS_ROSTER}' ver='${this.#version}'/>`);
    client.acknowledge();
    for (const text of this.#messages.check(this.name)) this.#problem(text);
    return client;
  }

  /** Sends messages to these (one of them may be oneself) until the server is gone. */
  async chat(client: CrashClient, recipients: readonly [string, ...string[]]): Promise<never> {
    for (;;) {
      let last = 0;
      for (let count = 1 + this.#random.below(batchMessagesMax); count > 0; count--) {
        const to = this.#random.one(recipients);
        const id = this.#messages.send(this.name, to);
        last = client.send(
          `<message to='${to}@localhost' type='chat' id='${id}'><body>${filler(this.#random)}</body></message>`,
        );
        this.#underWay.set(last, id);
      }
      client.askAcknowledgement();
      await client.untilAcknowledged(last);
      if (this.#refused !== undefined) await sleep(patienceMs);
    }
  }

  /** Changes roster and private data until the server is gone. */
  async write(client: CrashClient): Promise<never> {
    for (;;) {
      if (this.#refused === undefined) {
        const changes = Array.from({ length: 1 + this.#random.below(3) }, () => this.#change(client));
        await Promise.all(changes);
      } else {
        await this.#refusable(
          () => this.#change(client),
          () => this.#lookUp(client),
        );
        await sleep(patienceMs);
      }
    }
  }

  /** Does something; when that is refused does the other, until it succeeds. */
  async #refusable(work: () => Promise<void>, afterwards: () => Promise<void>): Promise<void> {
    for (let step = work; ; step = afterwards) {
      try {
        await step();
        return;
      } catch (error) {
        if (!(error instanceof Refused)) throw error;
        this.#refused?.(error.reason, "request");
        await sleep(patienceMs);
      }
    }
  }

  /** Reads all that the owner wrote, and looks whether it is what it must be. */
  async #lookUp(client: CrashClient): Promise<void> {
    const changed = rosterOf(await client.ask("get", `<query xmlns='${NS_ROSTER}' ver='${this.#version}'/>`));
    if (changed !== undefined) this.#remembered.clear();
    this.#merge(changed);
    const places = new Map(await this.#notes(client));
    // The whole roster comes behind the changes that make a whole of the remembered one.
    const roster = contactsOf(rosterOf(await client.ask("get", `<query xmlns='${NS_ROSTER}'/>`)));
    for (const [contact, item] of roster) places.set(contact, item);
    const wrong = this.writes.check(places);
    if (wrong !== undefined) this.#problem(wrong);
    const outdated = difference(roster, this.#remembered);
    if (outdated !== undefined) this.#problem(`the changes since a version leave out that ${outdated}`);
  }

  #giveUp(id: string, reason: string): void {
    this.#messages.refuse(id);
    this.#refused?.(reason, "message");
  }

  async #change(client: CrashClient): Promise<void> {
    const value = `${++this.#value}`;
    if (this.#random.share() < 0.2) {
      const note = `note${this.#random.below(notesMax)}`;
      this.writes.write(note, value);
      await client.ask(
        "set",
        `<query xmlns='jabber:iq:private'><note xmlns='urn:note:${note}'>${value}</note></query>`,
      );
    } else {
      const contact = `contact${this.#random.below(contactsMax)}@localhost`;
      const removes = this.writes.latest.has(contact) && this.#random.share() < 0.3;
      this.writes.write(contact, removes ? undefined : shown(value, [`group ${value}`]));
      const item = removes
        ? `<item jid='${contact}' subscription='remove'/>`
        : `<item jid='${contact}' name='${value}'><group>group ${value}</group></item>`;
      await client.ask("set", `<query xmlns='${NS_ROSTER}'>${item}</query>`);
    }
    this.writes.confirm();
  }

  async #notes(client: CrashClient): Promise<Places> {
    const found = new Map<string, string>();
    for (let number = 0; number < notesMax; number++) {
      const note = `note${number}`;
      const reply = await client.ask(
        "get",
        `<query xmlns='jabber:iq:private'><note xmlns='urn:note:${note}'/></query>`,
      );
      const text = reply.elements()[0]?.elements()[0]?.text ?? "";
      if (text !== "") found.set(note, text);
    }
    return found;
  }

  #take(element: XmlElement, client: CrashClient): void {
    const id = element.attr("id") ?? "";
    const wrong = this.#messages.receive(this.name, id) ?? this.#order.arrived(id);
    if (wrong !== undefined) this.#problem(wrong);
    // A client that is slow to answer leaves the server with messages that it owes.
    if (this.#random.share() < 0.2) client.acknowledge();
  }

  #acknowledged(count: number): void {
    for (const [number, id] of this.#underWay) {
      if (number > count) return;
      this.#messages.acknowledge(id);
      this.#underWay.delete(number);
    }
  }

  /** Takes over a roster, or a change of it. */
  #merge(query: XmlElement | undefined): void {
    if (query === undefined || query.ns !== NS_ROSTER) return;
    const version = query.attr("ver");
    if (version === undefined) this.#problem(`a roster without a version: ${serialize(query)}`);
    this.#version = version ?? "";
    for (const item of query.elements()) {
      if (item.attr("subscription") === "remove") this.#remembered.delete(item.attr("jid") ?? "");
      else this.#remembered.set(item.attr("jid") ?? "", itemText(item));
    }
  }
}

function rosterOf(reply: XmlElement): XmlElement | undefined {
  return reply.elements()[0];
}

function contactsOf(query: XmlElement | undefined): Places {
  return new Map((query?.elements() ?? []).map((item) => [item.attr("jid") ?? "", itemText(item)]));
}

function itemText(item: XmlElement): string {
  return shown(
    item.attr("name") ?? "",
    item.elements().map(({ text }) => text),
  );
}

function shown(name: string, groups: readonly string[]): string {
  return `"${name}" in ${groups.join(", ")}`;
}

function filler(random: Random): string {
  return "m".repeat(20 + random.below(random.share() < 0.05 ? 8_000 : 200));
}
