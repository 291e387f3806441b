import type { XmlElement } from "#protocol/xml/element.ts";
import type { DomainJid, Jid } from "#protocol/jid/jid.ts";
import { keyOfPair, type DomainPair, type HeldPair } from "#protocol/stream/servers/domain-pair.ts";
import { SmQueue } from "#protocol/stream/sm/queue.ts";
import { StreamError } from "#protocol/stream/stream-error.ts";
import type { StanzaError } from "#protocol/stanza/stanza-error.ts";
import type { Env, Timer } from "#kit/env.ts";
import type { Stanza } from "#kit/stanza.ts";
import { Mailbox } from "../account/mailbox.ts";
import type { Tally } from "../tally.ts";
import { Acknowledgements, askForAcknowledgement } from "../link/acknowledgements.ts";
import type { Connection, WriteFollower } from "../link/connection.ts";
import { AcknowledgementRequests } from "./acknowledgement-requests.ts";
import { admitRemote, type RemoteAdmission } from "./admit-remote.ts";
import type { FederationLimits } from "./federation-limits.ts";
import type { OutgoingStanza } from "./outgoing-stanza.ts";
import type { OwedBytes, OwedShare } from "./owed-bytes.ts";
import { TakenLately } from "./taken-lately.ts";

/** The connection that a stream has at present, as the stream sees it. */
export interface StreamCarrier {
  readonly id: string;
  /** To cut it leaves the stream, which may go on over another one. */
  readonly connection: Pick<Connection, "remoteAddress" | "write" | "writeFollowed" | "hold" | "letGo" | "cut">;
  readonly close: (error?: StreamError) => void;
}

export interface ServerStreamServices {
  readonly env: Env;
  readonly limits: FederationLimits;
  /** What all streams together have sent and not proven to have arrived. */
  readonly owed: OwedBytes;
  readonly tally: Tally;
  readonly parseJid: (text: string) => Jid | undefined;
  /** Brings what came to whom it is for. */
  readonly route: (stanza: Stanza) => void;
  readonly refuse: (stanza: Stanza, error: StanzaError) => void;
  /** The peer broke a rule; its stream ends with this error. */
  readonly violated: (stream: ServerStream, error: StreamError, element: XmlElement) => void;
  /** It was full, and takes stanzas again. */
  readonly hasRoom: (stream: ServerStream) => void;
  /** What is for its pairs may go out by it, or had better not. */
  readonly usable: (stream: ServerStream) => void;
  readonly unusable: (stream: ServerStream) => void;
  /** Its connection is gone, and it may be resumed. */
  readonly suspended: (stream: ServerStream) => void;
  /** It will not come back. What it still owes is in the order in which it was given. */
  readonly ended: (stream: ServerStream, owed: readonly OutgoingStanza[]) => void;
}

/**
 * An established stream between this server and another: which pairs of domains it may carry, stream management of both
 * directions, and what was sent and is not proven to have arrived. It outlives its connection where it can be resumed.
 */
export class ServerStream implements WriteFollower {
  /** What the connection that it began on was called in the log. */
  readonly id: string;
  /** The pair that it was opened for. */
  readonly main: DomainPair;
  readonly initiated: boolean;
  readonly since: number;
  /** What it was authorized for, and which way. */
  readonly pairs = new Map<string, HeldPair>();
  readonly #services: ServerStreamServices;
  readonly #admission: RemoteAdmission;
  #link: StreamCarrier | undefined;
  #ended = false;
  /** One of both sides has said that it ends, or it goes on as another one. */
  #tookLeave = false;
  /** With stream management: what the peer has not acknowledged. */
  #unacknowledged: SmQueue<OutgoingStanza> | undefined;
  /** Without: what the operating system has not taken. */
  readonly #untaken = new Mailbox<OutgoingStanza>();
  #untakenBytes = 0;
  #takenLately: TakenLately | undefined;
  readonly #share: OwedShare;
  #full = false;
  /** It has a new connection, on which what the peer has not had comes before all else. */
  #resuming = false;
  /**
   * Nothing goes out before it is known whether the peer will tell what has arrived: what is sent without that is lost
   * with the connection, or comes twice.
   */
  #unsettled: Timer | "asked" | undefined;
  /** A peer that has connected and said nothing: what goes out had better take another way. */
  #passedOver = false;
  /** It may be that the peer does not know of it any more. */
  #doubted = false;
  /** It is to be closed when nothing is owed any more. */
  #draining = false;
  /** With stream management: what came. */
  #handled: Acknowledgements | undefined;
  #resumption: { readonly id: string; readonly ms: number } | undefined;
  #expiry: Timer | undefined;
  /** With stream management: when it asks for acknowledgements. */
  #requests: AcknowledgementRequests | undefined;
  #takingSince: number | undefined;
  #usedAt: number;

  constructor(
    parts: {
      readonly link: StreamCarrier;
      readonly main: DomainPair;
      readonly initiated: boolean;
      readonly language: string | undefined;
    },
    services: ServerStreamServices,
  ) {
    this.id = parts.link.id;
    this.main = parts.main;
    this.initiated = parts.initiated;
    this.#link = parts.link;
    this.#services = services;
    this.#share = services.owed.enter(parts.main.remote);
    this.since = this.#usedAt = services.env.now();
    // A peer that has connected asks for stream management first of all, if it wants any.
    if (!parts.initiated) this.#unsettled = services.env.setTimer(managementMsMax, () => this.#passOver());
    this.#admission = {
      parseJid: services.parseJid,
      mayBring: (remote, local) => isIn(this.pairs.get(keyOfPair({ local, remote }))),
      isFor: (local) => this.#isFor(local),
      language: parts.language,
    };
  }

  get state(): "open" | "suspended" | "ended" {
    if (this.#ended) return "ended";
    return this.#link === undefined ? "suspended" : "open";
  }

  get remoteAddress(): string | undefined {
    return this.#link?.connection.remoteAddress;
  }

  get link(): StreamCarrier | undefined {
    return this.#link;
  }

  /** It has ended, or is to end, without anybody having said so. */
  get broke(): boolean {
    return !this.#tookLeave;
  }

  /** Stanzas that were taken lately and that nobody has acknowledged, nor ever will: they may be lost if it broke. */
  get unprovable(): number {
    return this.managed ? 0 : (this.#takenLately?.count(this.#services.env.now()) ?? 0);
  }

  get managed(): boolean {
    return this.#unacknowledged !== undefined;
  }

  /** Whether what is for this pair may go out on it. */
  maySend(pair: DomainPair): boolean {
    if (this.#ended || this.#draining || this.#passedOver) return false;
    const held = this.pairs.get(keyOfPair(pair));
    return held !== undefined && held.ways !== "in";
  }

  #isFor(local: DomainJid): boolean {
    for (const pair of this.pairs.values()) if (pair.local === local && isIn(pair)) return true;
    return false;
  }

  /** Stanzas that were sent and are not proven to have arrived. */
  get owed(): number {
    return (this.#unacknowledged?.size ?? 0) + this.#untaken.size;
  }

  /** When a stanza went either way last, in milliseconds since the epoch. */
  get usedAt(): number {
    return this.#usedAt;
  }

  /** How it may be resumed, by us: under which id, and how many of the peer's stanzas are handled. */
  get resumption(): { readonly id: string; readonly h: number } | undefined {
    if (this.#resumption === undefined || this.#handled === undefined) return undefined;
    return { id: this.#resumption.id, h: this.#handled.h };
  }

  /** Puts a stanza on the wire. False when it is cut or has no room: `hasRoom` or `ended` follow. */
  send(stanza: OutgoingStanza): boolean {
    const link = this.#link;
    if (link === undefined || this.#ended || this.#draining) return false;
    if (this.#unsettled !== undefined || this.#resuming) {
      this.#full = true;
      return false;
    }
    if (!this.#share.hasRoomFor(stanza.size) || !this.#owe(stanza)) {
      this.#full = true;
      this.#requests?.ask();
      return false;
    }
    this.#share.change(stanza.size);
    this.#services.tally.stanzasSent += 1;
    this.#usedAt = this.#services.env.now();
    if (this.#unacknowledged === undefined) link.connection.writeFollowed(stanza.bytes, this);
    else {
      link.connection.write(stanza.bytes);
      this.#requests?.sent();
    }
    return true;
  }

  /** From now on it is owed; false when there is no room. */
  #owe(stanza: OutgoingStanza): boolean {
    if (this.#unacknowledged !== undefined) return this.#unacknowledged.push(stanza);
    const { unacknowledgedStanzasMax, unacknowledgedBytesMax } = this.#services.limits;
    if (this.#untaken.size >= unacknowledgedStanzasMax) return false;
    if (this.#untakenBytes + stanza.size > unacknowledgedBytesMax) return false;
    this.#untaken.add(stanza);
    this.#untakenBytes += stanza.size;
    this.#takingSince ??= this.#services.env.now();
    return true;
  }

  /** A stanza came. */
  receive(element: XmlElement): void {
    if (this.#ended) return;
    if (this.#passedOver || (this.#unsettled !== undefined && this.#unsettled !== "asked")) this.#settleManagement();
    this.#usedAt = this.#services.env.now();
    this.#take(element);
  }

  /**
   * A stanza came that was under way when we said that the stream ends. Where nobody counts them its peer would not send
   * it again; where they are counted it was told what we have, and will. [rfc6120-4.4-01]
   */
  receiveLate(element: XmlElement): void {
    if (this.#ended && this.#handled === undefined) this.#take(element);
  }

  #take(element: XmlElement): void {
    const settlement = this.#handled?.next();
    const admitted = admitRemote(element, this.#admission, settlement);
    if (admitted instanceof StreamError) {
      this.#services.violated(this, admitted, element);
      this.close(admitted);
      return;
    }
    if ("refused" in admitted) this.#services.refuse(admitted.refused, admitted.error);
    else this.#services.route(admitted);
    settlement?.release();
  }

  /**
   * From now on what is sent counts: `<enable/>` or its answer is on its way. XEP-0198 §4
   *
   * @param asked it is not known yet what the peer answers
   */
  countOutgoing(asked: boolean): void {
    if (asked) this.#unsettled = "asked";
    const { unacknowledgedStanzasMax, unacknowledgedBytesMax } = this.#services.limits;
    this.#unacknowledged ??= new SmQueue({ entriesMax: unacknowledgedStanzasMax, bytesMax: unacknowledgedBytesMax });
    this.#requests ??= new AcknowledgementRequests(this.#services.env, () => {
      this.#link?.connection.write(askForAcknowledgement);
      return this.#link !== undefined;
    });
  }

  /** From now on what comes counts. */
  countIncoming(resumption: { readonly id: string; readonly ms: number } | undefined): void {
    const { env, tally } = this.#services;
    this.#handled ??= new Acknowledgements(
      (bytes) => {
        tally.acksSent += 1;
        this.#link?.connection.write(bytes);
      },
      (run) => env.setTimer(settlingMsMax, run),
    );
    this.#resumption = resumption;
    this.#services.env.defer(() => this.#settleManagement());
  }

  /** The peer will not count after all: what it was sent is taken as what was sent on any other stream. */
  doNotCount(): void {
    const queue = this.#unacknowledged;
    this.#unacknowledged = undefined;
    this.#requests?.cut();
    this.#requests = undefined;
    for (const stanza of queue?.unacknowledged() ?? []) this.#discharge(stanza);
    this.#settleManagement();
  }

  acknowledgementWanted(): void {
    this.#handled?.answer();
  }

  /** The peer has handled `h` stanzas. Returns the error with which the stream ends when it was not sent so many (S8). */
  acknowledged(h: number): StreamError | undefined {
    const queue = this.#unacknowledged;
    if (queue === undefined) return undefined;
    const result = queue.acknowledge(h);
    if (result.type === "tooHigh") {
      this.close(result.error);
      return result.error;
    }
    this.#doubted = false;
    for (const stanza of result.entries) this.#discharge(stanza);
    this.#requests?.answered(queue.size, result.entries.length > 0);
    this.#gotRoom();
    return undefined;
  }

  /** The peer has opened another stream. Had it forgotten this one, as a process does that ends, nobody would say so. */
  doubt(): void {
    if (this.#link === undefined || this.#requests === undefined) return;
    this.#doubted = true;
    this.#requests.ask();
  }

  /** Looks whether the peer still answers, and whether anybody still needs the stream. */
  checkAlive(now: number): void {
    const link = this.#link;
    if (link === undefined) return;
    const { answerMsMax, idleMsMax } = this.#services.limits;
    const waitsSince = this.#requests?.unansweredSince ?? this.#takingSince;
    const waitMsMax = this.#doubted ? Math.min(answerMsMax, doubtedMsMax) : answerMsMax;
    if (waitsSince !== undefined && now - waitsSince >= waitMsMax) link.connection.cut();
    else if (this.owed === 0 && now - this.#usedAt >= idleMsMax) this.close();
  }

  /** Takes nothing more, and closes when the peer has acknowledged what it was sent, or does not for long. */
  drain(): void {
    if (this.#draining || this.#ended) return;
    this.#draining = true;
    if (this.#link === undefined) this.close();
    else {
      this.#expiry = this.#services.env.setTimer(drainMsMax, () => this.close());
      if (this.owed === 0) this.#takeLeave(this.#link);
      else this.#requests?.ask();
    }
  }

  /** Nothing more is taken in, and what came is told to be here when it is safe: the peer will send nothing of it again. */
  #takeLeave(link: StreamCarrier): void {
    link.connection.hold();
    this.whenSettled(() => {
      if (this.#link === link) this.close();
      link.connection.letGo();
    });
  }

  /** Ends the stream. In peace the peer learns how much of what it sent has arrived (S7). */
  close(error?: StreamError): void {
    const link = this.#link;
    if (link === undefined) this.end();
    else link.close(error);
  }

  /** The closing tag is about to be sent on this connection, or the peer has sent its own. */
  leave(link: StreamCarrier): void {
    // Another one carries it by now.
    if (this.#link !== link) return;
    this.#tookLeave = true;
    this.#handled?.tell();
    this.#link = undefined;
    for (const stanza of this.#unacknowledged?.unacknowledged() ?? []) stanza.closings += 1;
    this.end();
  }

  /** The stream that its peer had before goes on in its place. */
  giveWay(): void {
    this.#tookLeave = true;
    this.end();
  }

  /** The connection is gone without a closing tag. */
  cut(link: StreamCarrier): void {
    if (this.#ended || this.#link !== link) return;
    this.#link = undefined;
    this.#takingSince = undefined;
    this.#requests?.cut();
    // What was sent before the peer turned stream management on is not counted, so it cannot go out again on this stream.
    const resumption = this.#untaken.size === 0 ? this.#resumption : undefined;
    if (resumption === undefined || resumption.ms === 0) {
      this.end();
      return;
    }
    this.#expiry?.cancel();
    this.#expiry = this.#services.env.setTimer(this.#resumableMs(resumption.ms), () => this.end());
    this.#services.suspended(this);
  }

  /** What is to go out must not wait long for a peer that may not know of the stream any more. */
  #resumableMs(agreedMs: number): number {
    if (this.initiated) return agreedMs;
    const sends = [...this.pairs.values()].some(({ ways }) => ways !== "in");
    return sends ? Math.min(agreedMs, this.#services.limits.resumeWaitMsMax) : agreedMs;
  }

  /** It does not come back. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#expiry?.cancel();
    this.#requests?.cut();
    this.#link = undefined;
    if (this.#unsettled !== undefined && this.#unsettled !== "asked") this.#unsettled.cancel();
    // What was sent before the peer turned stream management on is older.
    const owed = [...this.#untaken.takeAll(), ...(this.#unacknowledged?.unacknowledged() ?? [])];
    this.#handled?.end();
    this.#share.leave();
    // It is remembered for how much it had handled, and not for what it owed (A15).
    if (this.managed) this.#unacknowledged = new SmQueue({ entriesMax: 0, bytesMax: 0 });
    this.#services.ended(this, owed);
  }

  /** How many of the peer's stanzas are handled: told to a peer that comes back too late (S8). */
  get handled(): number | undefined {
    return this.#handled?.h;
  }

  /** The same, as it grows: it outlives the stream, and keeps nothing else of it. */
  get acknowledgements(): { readonly h: number } | undefined {
    return this.#handled;
  }

  /** Runs when all that came is settled, or the stream has ended. */
  whenSettled(run: () => void): void {
    if (this.#handled === undefined || this.#ended) run();
    else this.#handled.whenAllSettled(run);
  }

  /** The connection that it had counts no more: it goes on over another. */
  detach(): void {
    const old = this.#link;
    this.#link = undefined;
    old?.close(new StreamError("conflict", { text: "the stream was resumed on another connection" }));
  }

  /** Goes on over another connection, on which the peer knows of it: `repeat` follows. */
  resume(link: StreamCarrier): void {
    this.#expiry?.cancel();
    this.#expiry = undefined;
    this.#resuming = true;
    this.#link = link;
    this.#usedAt = this.#services.env.now();
  }

  /** Sends again what the peer has not had. */
  repeat(): void {
    this.#resuming = false;
    for (const { bytes } of this.#unacknowledged?.unacknowledged() ?? []) this.#link?.connection.write(bytes);
    this.#requests?.cut();
    if ((this.#unacknowledged?.size ?? 0) > 0) this.#requests?.ask();
    this.#full = false;
    this.#services.hasRoom(this);
  }

  taken(writes: number): void {
    if (this.#ended) return;
    const now = this.#services.env.now();
    for (let left = writes; left > 0; left--) {
      const stanza = this.#untaken.take();
      if (stanza === undefined) break;
      this.#untakenBytes -= stanza.size;
      (this.#takenLately ??= new TakenLately()).add(now);
      this.#discharge(stanza);
    }
    this.#takingSince = this.#untaken.size === 0 ? undefined : now;
    this.#gotRoom();
  }

  /** What was not taken goes another way when the stream ends. */
  notTaken(): void {}

  /** It has arrived, as far as anybody can tell. */
  #discharge({ duty, size }: OutgoingStanza): void {
    this.#share.change(-size);
    duty?.discharge();
  }

  #settleManagement(): void {
    if (this.#passedOver) {
      this.#passedOver = false;
      this.#services.usable(this);
    }
    if (this.#unsettled === undefined) return;
    if (this.#unsettled !== "asked") this.#unsettled.cancel();
    this.#unsettled = undefined;
    this.#gotRoom();
  }

  /** It may be there no more, and without stream management nobody would notice what is lost. */
  #passOver(): void {
    this.#unsettled = undefined;
    this.#passedOver = true;
    this.#services.unusable(this);
  }

  #gotRoom(): void {
    if (this.#draining && this.owed === 0 && this.#link !== undefined) this.#takeLeave(this.#link);
    if (!this.#full) return;
    this.#full = false;
    this.#services.hasRoom(this);
  }
}

function isIn(pair: HeldPair | undefined): boolean {
  return pair !== undefined && pair.ways !== "out";
}

/** How long a peer may take to answer on a stream when it has opened another one, in milliseconds. */
const doubtedMsMax = 10_000;
/** How long a peer that has connected may take to ask for stream management before stanzas are sent to it, in milliseconds. */
const managementMsMax = 5_000;
/** How long a peer that asks waits for what is being settled, in milliseconds: rows that are written, bytes that are taken. */
const settlingMsMax = 50;
/** How long a stream that is to be closed waits for the last acknowledgements, in milliseconds. */
const drainMsMax = 5_000;
