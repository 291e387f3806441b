import { setTimeout as sleep } from "node:timers/promises";
import type { XmlElement } from "#protocol/xml/element.ts";
import type { CrashClient } from "./crash-client.ts";

const NS_MAM = "urn:xmpp:mam:2";
const NS_RSM = "http://jabber.org/protocol/rsm";
const pageRows = 200;
/** A search waits so often for the index to catch up with what was kept when the server was killed. */
const searchesMax = 400;
const searchPauseMs = 25;

/** Reads one owner's archive, always behind what was read before. */
export class ArchiveReader {
  #after = "";
  #rows: string[] = [];

  /** Takes what is the result of a query; whether it is. */
  take(message: XmlElement): boolean {
    const result = message.child(NS_MAM, "result");
    if (result === undefined) return false;
    const kept = result
      .elements()[0]
      ?.elements()
      .find(({ name }) => name === "message");
    this.#rows.push(kept?.attr("id") ?? "no message");
    return true;
  }

  /**
   * The ids of the messages behind those of the last time.
   *
   * @param how whoever reads on has got from here what waited for them; whoever looks, selects
   */
  async read(client: CrashClient, how: "reads-on" | "looks"): Promise<readonly string[]> {
    const selected = how === "looks" ? form(field("end", "2999-01-01T00:00:00Z")) : "";
    const ids: string[] = [];
    for (;;) {
      const place = this.#after === "" ? "" : `<after>${this.#after}</after>`;
      this.#rows = [];
      const page = `<set xmlns='${NS_RSM}'><max>${pageRows}</max>${place}</set>`;
      const fin = (await client.ask("set", query(selected + page))).elements()[0];
      ids.push(...this.#rows);
      this.#after = fin?.child(NS_RSM, "set")?.child(NS_RSM, "last")?.text ?? this.#after;
      if (fin?.attr("complete") === "true") return ids;
    }
  }

  /** Looks for a word until something is found, or for long; the ids. */
  async search(client: CrashClient, word: string): Promise<readonly string[]> {
    for (let times = 0; times < searchesMax; times++) {
      this.#rows = [];
      await client.ask("set", query(form(field("{urn:xmpp:fulltext:0}fulltext", word))));
      if (this.#rows.length > 0) return this.#rows;
      await sleep(searchPauseMs);
    }
    return [];
  }
}

function field(name: string, value: string): string {
  return `<field var='${name}'><value>${value}</value></field>`;
}

function form(fields: string): string {
  return `<x xmlns='jabber:x:data' type='submit'>${field("FORM_TYPE", NS_MAM)}${fields}</x>`;
}

function query(content: string): string {
  return `<query xmlns='${NS_MAM}'>${content}</query>`;
}
