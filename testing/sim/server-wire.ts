import type { SecureChannel } from "#protocol/stream/secure-channel.ts";
import type { Transport, TransportHandler } from "#server/link/transport.ts";
import type { Draws } from "./draws.ts";
import { Pipe, type Weather } from "./pipe.ts";
import type { ServerLife } from "./server-life.ts";
import type { SimClock } from "./sim-clock.ts";

/** One side of a connection between two servers. */
export interface WireParty {
  readonly life: ServerLife;
  readonly address: string;
  /** What it shows of itself in TLS. */
  readonly chain: readonly Uint8Array[];
}

export type WireSide = "dialler" | "acceptor";

/** When each side of a wire that is cut learns of it, in milliseconds; undefined for one that nobody tells. */
export type WireCut = Readonly<Record<WireSide, number | undefined>>;

/** A connection between lives of two servers, with all that networks do to it. */
export class ServerWire {
  readonly dialler: Transport;
  readonly acceptor: Transport;
  /** Of the servers at its two sides. */
  readonly addresses: readonly [string, string];
  readonly #clock: SimClock;
  readonly #draws: Draws;
  readonly #ends: Readonly<Record<WireSide, WireEnd>>;

  constructor(parts: {
    readonly clock: SimClock;
    readonly draws: Draws;
    readonly weather: Weather;
    readonly parties: Readonly<Record<WireSide, WireParty>>;
    readonly directTls: boolean;
    /** Told what comes to the server at an address. */
    readonly came?: (address: string, bytes: string) => void;
  }) {
    const { clock, draws, parties, weather, directTls, came = () => undefined } = parts;
    this.#clock = clock;
    this.#draws = draws;
    const end = (own: WireParty, peer: WireParty): WireEnd =>
      new WireEnd({
        clock,
        draws,
        weather,
        life: own.life,
        peer,
        directTls,
        note: (bytes) => came(own.address, bytes),
      });
    this.#ends = {
      dialler: end(parties.dialler, parties.acceptor),
      acceptor: end(parties.acceptor, parties.dialler),
    };
    this.#ends.dialler.other = this.#ends.acceptor;
    this.#ends.acceptor.other = this.#ends.dialler;
    this.addresses = [parties.dialler.address, parties.acceptor.address];
    this.dialler = this.#ends.dialler.transport;
    this.acceptor = this.#ends.acceptor.transport;
  }

  /** Neither side has it any more. */
  get over(): boolean {
    return this.#ends.dialler.gone && this.#ends.acceptor.gone;
  }

  /** The messages that the system of one side took, and when they came to the other side, where they did. */
  *brought(): Generator<{ readonly id: string; readonly to: WireSide; readonly cameAt: number | undefined }> {
    for (const [from, to] of [["dialler", "acceptor"] as const, ["acceptor", "dialler"] as const]) {
      const taken = this.#ends[from].taken.join("");
      for (const { 1: id = "", index } of taken.matchAll(/ id='(m\d+)'/gu)) {
        const end = taken.indexOf("</message>", index);
        yield { id, to, cameAt: end === -1 ? undefined : this.#ends[to].hadAt(end + 10) };
      }
    }
  }

  setWeather(weather: Weather): void {
    for (const end of Object.values(this.#ends)) end.out.weather = weather;
  }

  /** A side is given bytes that the other has not written, behind the next whole stanza. */
  forge(side: WireSide, bytes: string): void {
    this.#ends[side].forged = bytes;
  }

  /** Nothing comes through, either way, and nobody is told. */
  setMute(mute: boolean): void {
    for (const end of Object.values(this.#ends)) end.out.setMute(mute);
  }

  /** It breaks; of what is on the way any part may still arrive. */
  cut(noticedMs: WireCut): void {
    for (const side of ["dialler", "acceptor"] as const) {
      const end = this.#ends[side];
      end.out.sever(this.#draws.chance(0.5) ? this.#draws.share() : this.#draws.below(2));
      this.#clock.after((noticedMs[side] ?? systemGivesUpMs) + 6, () => end.lose());
    }
  }

  /** The process of one side is gone; the other side learns of it so much later, or not by itself. */
  died(side: WireSide, noticedMs: number | undefined): void {
    const [end, other] = [this.#ends[side], this.#ends[side === "dialler" ? "acceptor" : "dialler"]];
    end.gone = true;
    end.out.sever(this.#draws.share());
    other.out.sever(0);
    this.#clock.after((noticedMs ?? systemGivesUpMs) + 6, () => other.lose());
  }
}

/** Until a system finds out by itself, in milliseconds; without stream management nobody else does. */
const systemGivesUpMs = 100_000;

/** What a side has of a wire: it writes into its own pipe. */
class WireEnd {
  readonly out: Pipe;
  /** What the system took of what it wrote, and what it has read of the other's. */
  readonly taken: string[] = [];
  readonly came: { readonly bytes: string; readonly at: number }[] = [];
  readonly transport: Transport;
  gone = false;
  /** What somebody slips in behind the next whole stanza. */
  forged = "";
  forgedAt: number | undefined;
  other: WireEnd | undefined;
  readonly #clock: SimClock;
  readonly #draws: Draws;
  readonly #life: ServerLife;
  readonly #note: (bytes: string) => void;
  readonly #peerChannel: SecureChannel;
  #channel: SecureChannel | undefined;
  #handler: TransportHandler | undefined;
  #wantsTls = false;
  /** What came from under TLS before this side's handshake was over: nobody can read it yet. */
  readonly #sealed: string[] = [];

  constructor(parts: {
    readonly clock: SimClock;
    readonly draws: Draws;
    readonly weather: Weather;
    readonly life: ServerLife;
    readonly peer: WireParty;
    readonly directTls: boolean;
    readonly note: (bytes: string) => void;
  }) {
    const { clock, draws, weather, life, peer, directTls } = parts;
    this.#note = parts.note;
    this.#clock = clock;
    this.#draws = draws;
    this.#life = life;
    this.#peerChannel = { bindings: { announced: [], tolerated: [] }, peerChain: peer.chain };
    this.#channel = directTls ? this.#peerChannel : undefined;
    this.out = new Pipe({
      clock,
      draws,
      weather,
      deliver: (bytes) => this.other?.take(bytes),
      taken: (bytes) => void this.taken.push(bytes),
    });
    // Until it is opened nobody reads.
    this.out.pause();
    this.transport = this.#transport(peer.address);
  }

  /** When so many bytes had come; undefined if they never did, or were not read. */
  hadAt(count: number): number | undefined {
    let had = 0;
    const at = this.came.find(({ bytes }) => (had += bytes.length) >= count)?.at;
    // The stream is over that brought what was forged, and the rest of it is not read.
    return this.forgedAt !== undefined && at !== undefined && at >= this.forgedAt ? undefined : at;
  }

  take(bytes: string): void {
    if (this.gone || !this.#life.alive) return;
    if (this.#wantsTls && this.#channel === undefined) {
      this.#sealed.push(bytes);
      return;
    }
    this.#note(bytes);
    this.#give(bytes);
    if (this.forged === "" || !/<\/(?:message|iq)>$/u.test(bytes)) return;
    this.#note(this.forged);
    this.#give(this.forged, false);
    this.forged = "";
    this.forgedAt = this.#clock.now;
  }

  #give(bytes: string, isTheirs = true): void {
    const cutAt = bytes.length > 1 && this.#draws.chance(0.1) ? this.#draws.between(1, bytes.length - 1) : bytes.length;
    for (const part of [bytes.slice(0, cutAt), bytes.slice(cutAt)])
      this.#life.defer(() => {
        if (this.gone || part === "") return;
        if (isTheirs) this.came.push({ bytes: part, at: this.#clock.now });
        this.#handler?.data(part);
      });
  }

  /** It is over, and this side knows. */
  lose(): void {
    if (this.gone) return;
    this.gone = true;
    this.out.shut();
    if (this.#life.alive) this.#life.defer(() => this.#handler?.lost(undefined));
  }

  #becomeSecure(): void {
    this.#clock.after(this.#draws.between(1, 40), () => {
      if (this.gone || !this.#life.alive) return;
      this.#channel = this.#peerChannel;
      this.#life.defer(() => this.#handler?.secured(this.#peerChannel));
      for (const bytes of this.#sealed.splice(0)) this.take(bytes);
    });
  }

  #transport(remoteAddress: string): Transport {
    const { out } = this;
    const channelOf = (): SecureChannel | undefined => this.#channel;
    return {
      remoteAddress,
      get channel() {
        return channelOf();
      },
      get bytesQueued() {
        return out.queuedBytes;
      },
      write: (bytes) => {
        if (!this.gone && this.#life.alive) out.write(bytes);
      },
      writeThen: (bytes, taken) => {
        if (this.gone) return taken(false);
        out.write(bytes);
        return out.whenTaken((was) => this.#life.defer(() => taken(was)));
      },
      pause: () => this.other?.out.pause(),
      resume: () => this.other?.out.resume(),
      startTls: () => {
        this.#wantsTls = true;
        if (this.other === undefined || !this.other.#wantsTls) return;
        this.#becomeSecure();
        this.other.#becomeSecure();
      },
      end: () => {
        out.end(() => {
          this.other?.lose();
          this.lose();
        });
      },
      destroy: () => {
        if (this.gone) return;
        const { other } = this;
        out.sever(this.#draws.share());
        this.lose();
        this.#clock.after(this.#draws.between(1, 50), () => other?.lose());
      },
      open: (handler) => {
        this.#handler = handler;
        this.other?.out.resume();
      },
    };
  }
}
