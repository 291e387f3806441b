import { addressGroup } from "../link/address-group.ts";

export interface ConnectionLimits {
  /** Infinity switches a limit off. */
  readonly totalMax: number;
  readonly perAddressMax: number;
  readonly unauthenticatedMax: number;
  /** Connections that come from one address within a time, refused ones included. */
  readonly attempts: { readonly max: number; readonly windowMs: number };
  /** What the system's limit of open files has room for. */
  readonly openFilesMax: number;
}

export type ConnectionLimitHit =
  | "connections-total"
  | "connections-per-address"
  | "connections-attempts"
  | "connections-unauthenticated"
  | "connections-open-files";

/** One counted connection. */
export type OpenConnection = Pick<CountedConnection, "authenticated" | "close">;

/** The connections of one address, or one network of IPv6. */
interface Group {
  readonly address: string;
  open: number;
  /** Oldest first. */
  readonly waiting: Set<CountedConnection>;
}

/** Counts open connections, by address and by whether somebody has logged in on them. */
export class ConnectionCount {
  readonly #limits: ConnectionLimits;
  readonly #limitHit: (limit: ConnectionLimitHit) => void;
  readonly #groups = new Map<string, Group>();
  /** How often each address has come since the window began. */
  readonly #attempts = new Map<string, number>();
  #attemptsEnd = 0;
  #total = 0;
  #outgoing = 0;
  #unauthenticated = 0;

  constructor(limits: ConnectionLimits, limitHit: (limit: ConnectionLimitHit) => void) {
    this.#limits = limits;
    this.#limitHit = limitHit;
  }

  get total(): number {
    return this.#total;
  }

  /**
   * A connection came: it is counted, or refused.
   *
   * Where too many wait for somebody to log in, it takes the place of the one that has waited longest of the address
   * that has the most of them: whoever holds connections open and says nothing displaces himself, and a user who comes
   * with one gets in (A7).
   *
   * @param now milliseconds since the epoch
   * @param destroy ends it, should it have to give way
   */
  open(address: string, now: number, destroy: () => void): OpenConnection | undefined {
    const group = this.#group(addressGroup(address));
    // [rfc6120-13.12-04] [rfc6120-13.12-05]
    const tooOften = this.#attemptsOf(group.address, now) > this.#limits.attempts.max;
    const hit = tooOften ? "connections-attempts" : this.#refusalOf(group);
    if (hit !== undefined) {
      this.#limitHit(hit);
      this.#forgetEmpty(group);
      return undefined;
    }
    if (this.#unauthenticated >= this.#limits.unauthenticatedMax) {
      this.#limitHit("connections-unauthenticated");
      this.#makeRoom();
    }
    return this.#count(group, destroy);
  }

  /**
   * A connection that we open ourselves takes a file, too.
   *
   * @returns what to call when it is over; undefined when there is no room
   */
  openOutgoing(): (() => void) | undefined {
    if (this.#total + this.#outgoing >= this.#limits.openFilesMax) {
      this.#limitHit("connections-open-files");
      return undefined;
    }
    let open = true;
    this.#outgoing += 1;
    return () => {
      if (open) this.#outgoing -= 1;
      open = false;
    };
  }

  /** How often the address has come within the window, this time included. */
  #attemptsOf(address: string, now: number): number {
    const { max, windowMs } = this.#limits.attempts;
    if (max === Infinity) return 0;
    // A clock that was set back begins a window too.
    if (now >= this.#attemptsEnd || now < this.#attemptsEnd - windowMs) {
      this.#attempts.clear();
      this.#attemptsEnd = now + windowMs;
    }
    const attempts = (this.#attempts.get(address) ?? 0) + 1;
    this.#attempts.set(address, attempts);
    return attempts;
  }

  #refusalOf(group: Group): ConnectionLimitHit | undefined {
    const { totalMax, perAddressMax, openFilesMax } = this.#limits;
    if (this.#total >= totalMax) return "connections-total";
    // [rfc6120-13.12-02] [rfc6120-13.12-03]
    if (group.open >= perAddressMax) return "connections-per-address";
    if (this.#total + this.#outgoing >= openFilesMax) return "connections-open-files";
    return undefined;
  }

  #count(group: Group, destroy: () => void): OpenConnection {
    const connection = new CountedConnection(this, group, destroy);
    // Looked up again: making room may have forgotten it.
    this.#groups.set(group.address, group);
    group.open += 1;
    group.waiting.add(connection);
    this.#total += 1;
    this.#unauthenticated += 1;
    return connection;
  }

  /** Called by {@link CountedConnection}. */
  authenticated(connection: CountedConnection): void {
    if (connection.group.waiting.delete(connection)) this.#unauthenticated -= 1;
  }

  /** Called by {@link CountedConnection}. */
  closed(connection: CountedConnection): void {
    this.authenticated(connection);
    this.#total -= 1;
    connection.group.open -= 1;
    this.#forgetEmpty(connection.group);
  }

  #makeRoom(): void {
    let largest: Group | undefined;
    for (const group of this.#groups.values()) if (group.waiting.size > (largest?.waiting.size ?? 0)) largest = group;
    const [oldest] = largest?.waiting ?? [];
    oldest?.giveWay();
  }

  #group(address: string): Group {
    const known = this.#groups.get(address);
    if (known !== undefined) return known;
    const group: Group = { address, open: 0, waiting: new Set() };
    this.#groups.set(address, group);
    return group;
  }

  #forgetEmpty(group: Group): void {
    if (group.open === 0) this.#groups.delete(group.address);
  }
}

/** There are as many as connections: nothing is kept but what is needed. */
class CountedConnection {
  readonly group: Group;
  readonly #count: ConnectionCount;
  #destroy: (() => void) | undefined;
  #isOpen = true;

  constructor(count: ConnectionCount, group: Group, destroy: () => void) {
    this.#count = count;
    this.group = group;
    this.#destroy = destroy;
  }

  /** Somebody has logged in on it. */
  authenticated(): void {
    this.#destroy = undefined;
    this.#count.authenticated(this);
  }

  /** It is over. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#destroy = undefined;
    this.#count.closed(this);
  }

  /** To one who has come later. */
  giveWay(): void {
    const destroy = this.#destroy;
    this.close();
    destroy?.();
  }
}
