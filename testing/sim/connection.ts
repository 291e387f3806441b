import { unboundChannel } from "#protocol/stream/secure-channel.ts";
import type { Transport, TransportHandler } from "#server/link/transport.ts";
import type { Draws } from "./draws.ts";
import { Pipe, type Weather } from "./pipe.ts";
import type { ServerLife } from "./server-life.ts";
import type { SimClock } from "./sim-clock.ts";

/** The client's end of a connection. */
export interface ClientEnd {
  readonly data: (bytes: string) => void;
  /** The connection is over, and the client has noticed. */
  readonly gone: () => void;
  /** The server's system has taken bytes for the client, which may never have them. */
  readonly taken: (bytes: string) => void;
  /** The server has written bytes for the client, taken or not. */
  readonly written: (bytes: string) => void;
  /** So many more bytes of the client's have reached the server. */
  readonly arrived: (bytes: number) => void;
  /** The connection ends, long ere the client knows: by chance, or as the server wants it, or is gone. */
  readonly broke: (by: "chance" | "server") => void;
}

/** Who notices a cut, and when, in milliseconds; undefined for a side that is never told. */
export interface Cut {
  readonly serverNoticesMs: number | undefined;
  readonly clientNoticesMs: number | undefined;
}

/** A connection between a client and a life of the server, with everything that networks do to it. */
export class Connection {
  readonly transport: Transport;
  readonly #clock: SimClock;
  readonly #draws: Draws;
  readonly #life: ServerLife;
  readonly #client: ClientEnd;
  readonly #filled: () => void;
  readonly #toServer: Pipe;
  readonly #toClient: Pipe;
  #handler: TransportHandler | undefined;
  #hasFilled = false;
  #serverGone = false;
  #clientGone = false;

  constructor(parts: {
    readonly clock: SimClock;
    readonly draws: Draws;
    readonly life: ServerLife;
    readonly client: ClientEnd;
    readonly weather: Weather;
    readonly remoteAddress: string;
    /** Told once: the server's system takes no more for the client, and bytes wait within the server. */
    readonly filled: () => void;
  }) {
    const { clock, draws, weather } = parts;
    this.#clock = clock;
    this.#draws = draws;
    this.#life = parts.life;
    this.#client = parts.client;
    this.#filled = parts.filled;
    this.#toServer = new Pipe({ clock, draws, weather, deliver: (bytes) => this.#give(bytes) });
    this.#toClient = new Pipe({
      clock,
      draws,
      weather,
      deliver: (bytes) => {
        if (!this.#clientGone) this.#client.data(bytes);
      },
      taken: parts.client.taken,
    });
    this.transport = this.#serverEnd(parts.remoteAddress);
  }

  /** Neither side has it any more. */
  get over(): boolean {
    return this.#serverGone && this.#clientGone;
  }

  /** The client sends bytes. */
  send(bytes: string): void {
    if (!this.#clientGone) this.#toServer.write(bytes);
  }

  /** The client closes its end after what it sent. */
  close(): void {
    if (this.#clientGone) return;
    this.#clientGone = true;
    this.#toServer.end(() => {
      this.#toClient.sever(0);
      this.#tellServer();
    });
  }

  setWeather(weather: Weather): void {
    this.#toServer.weather = weather;
    this.#toClient.weather = weather;
  }

  /** The client reads nothing for now. */
  readSlowly(slowly: boolean): void {
    if (slowly) this.#toClient.pause();
    else this.#toClient.resume();
  }

  cut({ serverNoticesMs, clientNoticesMs }: Cut): void {
    // Half of the cuts lose nothing that was on the way, or all of it.
    const share = (): number => (this.#draws.chance(0.5) ? this.#draws.share() : this.#draws.below(2));
    this.#client.broke("chance");
    this.#toServer.sever(share());
    this.#toClient.sever(share());
    if (serverNoticesMs !== undefined) this.#clock.after(serverNoticesMs + 6, () => this.#tellServer());
    if (clientNoticesMs !== undefined) this.#clock.after(clientNoticesMs + 6, () => this.#tellClient());
  }

  /** The server's process is gone. */
  serverDied(clientNoticesMs: number | undefined): void {
    this.#serverGone = true;
    this.#client.broke("server");
    this.#toServer.shut();
    this.#toClient.sever(this.#draws.share());
    if (clientNoticesMs !== undefined) this.#clock.after(clientNoticesMs + 6, () => this.#tellClient());
  }

  #give(bytes: string): void {
    if (this.#serverGone || !this.#life.alive) return;
    this.#client.arrived(bytes.length);
    // A reader must not care where the bytes are cut.
    const cutAt = bytes.length > 1 && this.#draws.chance(0.1) ? this.#draws.between(1, bytes.length - 1) : undefined;
    for (const part of cutAt === undefined ? [bytes] : [bytes.slice(0, cutAt), bytes.slice(cutAt)])
      this.#life.defer(() => {
        if (!this.#serverGone) this.#handler?.data(part);
      });
  }

  #tellServer(): void {
    if (this.#serverGone) return;
    this.#serverGone = true;
    this.#toClient.shut();
    if (this.#life.alive) this.#life.defer(() => this.#handler?.lost(undefined));
  }

  #tellClient(): void {
    if (this.#clientGone) return;
    this.#clientGone = true;
    this.#toServer.shut();
    this.#client.gone();
  }

  #serverEnd(remoteAddress: string): Transport {
    const toClient = this.#toClient;
    const transport: Transport = {
      remoteAddress,
      channel: unboundChannel,
      get bytesQueued() {
        return toClient.queuedBytes;
      },
      write: (bytes) => {
        if (this.#serverGone || !this.#life.alive) return;
        this.#client.written(bytes);
        toClient.write(bytes);
        if (this.#hasFilled || toClient.queuedBytes === 0) return;
        this.#hasFilled = true;
        this.#filled();
      },
      writeThen: (bytes, taken) => {
        if (this.#serverGone) return taken(false);
        transport.write(bytes);
        return toClient.whenTaken((was) => this.#life.defer(() => taken(was)));
      },
      pause: () => this.#toServer.pause(),
      resume: () => this.#toServer.resume(),
      startTls: () => undefined,
      end: () => {
        this.#client.broke("server");
        toClient.end(() => {
          this.#tellClient();
          this.#tellServer();
        });
      },
      destroy: () => {
        if (this.#serverGone) return;
        this.#client.broke("server");
        toClient.sever(this.#draws.share());
        this.#tellServer();
        this.#clock.after(this.#draws.between(1, 50), () => this.#tellClient());
      },
      open: (handler) => {
        this.#handler = handler;
      },
    };
    return transport;
  }
}
