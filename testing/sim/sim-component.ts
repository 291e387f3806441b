import { handshakeOf } from "#protocol/stream/component/handshake.ts";
import type { XmlElement } from "#protocol/xml/element.ts";
import { NS_COMPONENT_ACCEPT, NS_STREAM } from "#protocol/xml/namespaces.ts";
import { XmlStreamReader } from "#protocol/xml/read.ts";
import type { ClientEnd, Connection } from "./connection.ts";
import type { Draws } from "./draws.ts";
import type { SimClock } from "./sim-clock.ts";
import type { Trace } from "./trace.ts";

export const componentSecret = "a secret of the simulated component";

/** Silence after which the component gives up a connection: the server asks earlier than that whether it is there. */
const givingUpMs = 110_000;
const lookMs = 10_000;

/** One connection of the component, as the component knows it. */
export interface ComponentStay {
  readonly from: number;
  until: number;
  /** Messages that it read, in order, and when. */
  readonly had: { readonly id: string; readonly at: number }[];
  /** What the server's system took for it. */
  taken: string;
}

/** A program that speaks for a domain beside the server's own (XEP-0114): it comes, takes what it is sent, goes, and comes back. */
export class SimComponent {
  readonly domain: string;
  /** Its connections, in order. */
  readonly stays: ComponentStay[] = [];
  readonly violations: string[] = [];
  readonly #clock: SimClock;
  readonly #draws: Draws;
  readonly #trace: Trace;
  readonly #connect: (end: ClientEnd) => Connection | undefined;
  #connection: Connection | undefined;
  #reader: XmlStreamReader | undefined;
  #heardAt = 0;
  /** Its process is not there before. */
  #downUntil = 0;
  #wanted = true;

  constructor(parts: {
    readonly domain: string;
    readonly clock: SimClock;
    readonly draws: Draws;
    readonly trace: Trace;
    /** To the server that serves at present; undefined while there is none. */
    readonly connect: (end: ClientEnd) => Connection | undefined;
  }) {
    this.domain = parts.domain;
    this.#clock = parts.clock;
    this.#draws = parts.draws;
    this.#trace = parts.trace;
    this.#connect = parts.connect;
  }

  get connection(): Connection | undefined {
    return this.#connection;
  }

  /** Connects, and again whenever it is no longer. */
  begin(): void {
    if (!this.#wanted || this.#connection !== undefined) return;
    const { now } = this.#clock;
    if (now < this.#downUntil) return void this.#clock.after(this.#downUntil - now, () => this.begin());
    const stay: ComponentStay = { from: now, until: Infinity, had: [], taken: "" };
    const ifCurrent = (run: () => void): void => {
      if (this.stays.at(-1) === stay) run();
    };
    const connection = this.#connect({
      data: (bytes) => ifCurrent(() => this.#take(bytes)),
      gone: () => ifCurrent(() => this.#lost()),
      taken: (bytes) => {
        stay.taken += bytes;
      },
      written: ignore,
      arrived: ignore,
      broke: () => {
        stay.until = Math.min(stay.until, this.#clock.now);
      },
    });
    if (connection === undefined) return this.#again();
    this.stays.push(stay);
    this.#connection = connection;
    this.#heardAt = now;
    this.#open(stay);
    this.#watch(connection);
  }

  /** Its process ends, and another one begins after a while. What its system had not given it is lost. */
  restart(downMs: number): void {
    this.#downUntil = this.#clock.now + downMs;
    this.#connection?.cut({ serverNoticesMs: this.#draws.between(0, 50), clientNoticesMs: undefined });
    this.#lost();
  }

  /** It goes for good. */
  leave(): void {
    this.#wanted = false;
    this.#send("</stream:stream>");
    this.#connection?.close();
    this.#connection = undefined;
  }

  /** Whether it was away for some of the time between these, in milliseconds of the clock. */
  wasAway(from: number, until: number): boolean {
    return !this.stays.some((stay) => stay.from <= from && stay.until >= until);
  }

  #open(stay: ComponentStay): void {
    this.#reader = new XmlStreamReader(
      {
        streamOpened: (header) =>
          this.#send(`<handshake>${handshakeOf(header.attr("id") ?? "", componentSecret)}</handshake>`),
        elementRead: (element) => this.#read(stay, element),
        streamClosed: () => this.#lost(),
        failed: (fault) => this.violations.push(`the component was sent what is no stream: ${fault.text}`),
      },
      {
        input: "bytes",
        decodeUtf8: (bytes) => Buffer.from(bytes, "latin1").toString("utf8"),
        contentNamespace: NS_COMPONENT_ACCEPT,
      },
    );
    this.#send(
      `<?xml version='1.0'?><stream:stream xmlns='${NS_COMPONENT_ACCEPT}' xmlns:stream='${NS_STREAM}' to='${this.domain}'>`,
    );
  }

  #read(stay: ComponentStay, element: XmlElement): void {
    const { name } = element;
    if (name === "error" && element.ns === NS_STREAM) {
      const [condition] = element.elements();
      // A server that stops says so, and so does one to which it came anew before it noticed.
      if (condition?.name !== "system-shutdown" && condition?.name !== "conflict")
        this.violations.push(`the component's stream ended with ${condition?.name}`);
    } else if (name === "message") stay.had.push({ id: element.attr("id") ?? "", at: this.#clock.now });
    else if (name === "iq" && (element.attr("type") === "get" || element.attr("type") === "set")) {
      const [payload] = element.elements();
      const ends = `from='${element.attr("to")}' to='${element.attr("from")}' id='${element.attr("id")}'`;
      const query = payload?.name === "query" ? `<query xmlns='${payload.ns}'/>` : "";
      this.#send(`<iq type='result' ${ends}>${query}</iq>`);
    }
  }

  #take(bytes: string): void {
    this.#trace.note(this.#clock.now, `${this.domain} < ${bytes}`);
    this.#heardAt = this.#clock.now;
    this.#reader?.write(bytes);
  }

  #send(bytes: string): void {
    if (this.#connection === undefined) return;
    this.#trace.note(this.#clock.now, `${this.domain} > ${bytes}`);
    this.#connection.send(bytes);
  }

  #lost(): void {
    const stay = this.stays.at(-1);
    if (stay !== undefined) stay.until = Math.min(stay.until, this.#clock.now);
    this.#connection?.close();
    this.#connection = undefined;
    this.#again();
  }

  #again(): void {
    this.#clock.after(this.#draws.between(100, 3_000), () => this.begin());
  }

  #watch(connection: Connection): void {
    this.#clock.after(lookMs, () => {
      if (this.#connection !== connection) return;
      if (this.#clock.now - this.#heardAt >= givingUpMs) this.#lost();
      else this.#watch(connection);
    });
  }
}

function ignore(): void {}
