import { setTimeout as sleep } from "node:timers/promises";
import type { XmlElement } from "#protocol/xml/element.ts";
import { serialize } from "#protocol/xml/serialize.ts";
import { CrashClient, Refused } from "./crash-client.ts";
import type { ArchiveLedger } from "./archive-ledger.ts";
import { ArchiveReader } from "./archive-reader.ts";
import { ArrivalOrder, recipientOf, type MessageLedger } from "./message-ledger.ts";
import type { Random } from "#testing/random.ts";
import { difference, WriteLedger, type Places } from "./write-ledger.ts";

const NS_ROSTER = "jabber:iq:roster";
const NS_BLOCKING = "urn:xmpp:blocking";
const NS_MAM = "urn:xmpp:mam:2";
const contactsMax = 20;
const notesMax = 3;
const blockedMax = 3;
/** How many messages a batch has at most before its sender asks how much is settled. */
const batchMessagesMax = 8;

/** What a client waits between attempts where it may be refused. */
const patienceMs = 5;

/** How long the next portion of what waits may take, and how often it is looked whether it has come. */
const portionMsMax = 10_000;
const portionLookMs = 50;

export interface OwnerParts {
  readonly name: string;
  readonly messages: MessageLedger;
  /** Without this, archives are not looked at. */
  readonly archives?: ArchiveLedger;
  /** Whether the client takes from the archive what waited, as those do that have one; else the server sends it. */
  readonly readsArchive?: boolean;
  readonly random: Random;
  readonly problem: (text: string) => void;
  readonly confirmed?: (what: "message" | "write") => void;
  /** Told what the server refuses, and why. Without this, nothing may be refused. */
  readonly refused?: (reason: string, what: "message" | "request") => void;
  /** The server keeps no archives, and nobody's preferences of what is archived. */
  readonly withoutArchive?: boolean;
}

/** A user of the server that is killed: what they do, and what they remember over all its lives. */
export class Owner {
  readonly name: string;
  readonly writes = new WriteLedger();
  readonly #messages: MessageLedger;
  readonly #archives: ArchiveLedger | undefined;
  readonly #readsArchive: boolean;
  readonly #archive = new ArchiveReader();
  readonly #random: Random;
  readonly #problem: (text: string) => void;
  readonly #confirmed: OwnerParts["confirmed"];
  readonly #refused: OwnerParts["refused"];
  readonly #withoutArchive: boolean;
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
    this.#archives = parts.archives;
    this.#readsArchive = parts.readsArchive === true;
    this.#random = parts.random;
    this.#problem = (text) => parts.problem(`${parts.name}: ${text}`);
    this.#confirmed = parts.confirmed;
    this.#refused = parts.refused;
    this.#withoutArchive = parts.withoutArchive === true;
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
    const archived = this.#readsArchive ? await this.#archive.read(client, "reads-on") : undefined;
    for (const id of archived?.filter((each) => recipientOf(each) === this.name) ?? [])
      this.#messages.receive(this.name, id);
    client.send("<presence/>");
    // Answered by the account when it has sent what waited, or the first portion of it.
    await client.ask("get", `<query xmlns='${NS_ROSTER}' ver='${this.#version}'/>`);
    client.acknowledge();
    await this.#takeTheRest(client);
    for (const text of this.#messages.check(this.name)) this.#problem(text);
    if (this.#archives !== undefined)
      await this.#checkArchive(client, this.#archives, archived ?? (await this.#archive.read(client, "looks")));
    return client;
  }

  /** What waits comes in portions, the next one when the last one is acknowledged: until nothing is missing, or nothing more comes. */
  async #takeTheRest(client: CrashClient): Promise<void> {
    for (let idleMs = 0; idleMs < portionMsMax && this.#messages.isMissing(this.name); idleMs += portionLookMs) {
      const { arrived } = this.#messages;
      await sleep(portionLookMs);
      client.acknowledge();
      if (this.#messages.arrived > arrived) idleMs = 0;
    }
  }

  /** Sends messages to these (one of them may be oneself) until the server is gone. */
  async chat(client: CrashClient, recipients: readonly [string, ...string[]]): Promise<never> {
    for (;;) {
      let last = 0;
      for (let count = 1 + this.#random.below(batchMessagesMax); count > 0; count--) {
        const to = this.#random.one(recipients);
        const id = this.#messages.send(this.name, to);
        last = client.send(
          `<message to='${to}@localhost' type='chat' id='${id}'><body>${wordOf(id)} ${filler(this.#random)}</body></message>`,
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
    const places = new Map([...(await this.#notes(client)), ...(await this.#settings(client))]);
    // The whole roster comes behind the changes that make a whole of the remembered one.
    const roster = contactsOf(rosterOf(await client.ask("get", `<query xmlns='${NS_ROSTER}'/>`)));
    for (const [contact, item] of roster) places.set(contact, item);
    const wrong = this.writes.check(places);
    if (wrong !== undefined) this.#problem(wrong);
    const outdated = difference(roster, this.#remembered);
    if (outdated !== undefined) this.#problem(`the changes since a version leave out that ${outdated}`);
  }

  /** All that was acknowledged is in the archive, and found by its words. */
  async #checkArchive(client: CrashClient, archives: ArchiveLedger, ids: readonly string[]): Promise<void> {
    for (const text of archives.check(this.name, ids)) this.#problem(text);
    const [first, ...others] = ids;
    if (first === undefined) return;
    const wanted = this.#random.one([first, ...others]);
    const found = await this.#archive.search(client, wordOf(wanted));
    if (found.join() !== wanted) this.#problem(`a search for ${wanted} found "${found.join()}"`);
  }

  #giveUp(id: string, reason: string): void {
    this.#messages.refuse(id);
    this.#refused?.(reason, "message");
  }

  async #change(client: CrashClient): Promise<void> {
    const value = `${++this.#value}`;
    const share = this.#random.share();
    if (share < 0.2) {
      const { place, after, payload } = this.#changedSetting(value);
      this.writes.write(place, after);
      await client.ask("set", payload);
    } else if (share < 0.35) {
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
    this.#confirmed?.("write");
  }

  /** Another block list, card or preference of what is archived: other slots of the same account. */
  #changedSetting(value: string): {
    readonly place: string;
    readonly after: string | undefined;
    readonly payload: string;
  } {
    const share = this.#random.share();
    if (share < (this.#withoutArchive ? 0.6 : 0.3))
      return { place: "card", after: value, payload: `<vCard xmlns='vcard-temp'><FN>${value}</FN></vCard>` };
    if (share < 0.6) {
      const always = `always${value}@elsewhere.example`;
      const lists = `<always><jid>${always}</jid></always><never/>`;
      return {
        place: "archived",
        after: always,
        payload: `<prefs xmlns='${NS_MAM}' default='always'>${lists}</prefs>`,
      };
    }
    const place = `blocked${this.#random.below(blockedMax)}@elsewhere.example`;
    const isBlocked = this.writes.latest.has(place);
    const action = isBlocked ? "unblock" : "block";
    return {
      place,
      after: isBlocked ? undefined : "blocked",
      payload: `<${action} xmlns='${NS_BLOCKING}'><item jid='${place}'/></${action}>`,
    };
  }

  async #settings(client: CrashClient): Promise<Places> {
    const found = new Map<string, string>();
    const ask = async (payload: string): Promise<XmlElement | undefined> =>
      (await client.ask("get", payload)).elements()[0];
    for (const item of (await ask(`<blocklist xmlns='${NS_BLOCKING}'/>`))?.elements() ?? [])
      found.set(item.attr("jid") ?? "", "blocked");
    const card = (await this.#card(client))?.elements().find(({ name }) => name === "FN");
    if (card !== undefined) found.set("card", card.text);
    if (this.#withoutArchive) return found;
    const always = (await ask(`<prefs xmlns='${NS_MAM}'/>`))?.child(NS_MAM, "always")?.elements()[0];
    if (always !== undefined) found.set("archived", always.text);
    return found;
  }

  async #card(client: CrashClient): Promise<XmlElement | undefined> {
    try {
      return (await client.ask("get", "<vCard xmlns='vcard-temp'/>")).elements()[0];
    } catch (error) {
      if (error instanceof Refused && error.reason === "cancel item-not-found") return undefined;
      throw error;
    }
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
    if (this.#archive.take(element)) return;
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
      this.#archives?.acknowledge(id);
      this.#underWay.delete(number);
      this.#confirmed?.("message");
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

/** By which a message is found: its number is in no other. */
function wordOf(id: string): string {
  return `number${id.slice(id.indexOf("#") + 1)}`;
}

function filler(random: Random): string {
  return "m".repeat(20 + random.below(random.share() < 0.05 ? 8_000 : 200));
}
