import { addressGroup } from "../link/address-group.ts";

export interface ConnectionLimits {
  /** Infinity switches a limit off. */
  readonly totalMax: number;
  readonly perAddressMax: number;
  readonly unauthenticatedMax: number;
  /** What the system's limit of open files has room for. */
  readonly openFilesMax: number;
}

export type ConnectionLimitHit =
  | "connections-total"
  | "connections-per-address"
  | "connections-unauthenticated"
  | "connections-open-files";

/** Counts open connections, by address and by whether somebody has logged in on them. */
export class ConnectionCount {
  readonly #limits: ConnectionLimits;
  readonly #byAddress = new Map<string, number>();
  #total = 0;
  #unauthenticated = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** A connection came: it is counted, or the limit that refuses it is named. */
  open(address: string): OpenConnection | ConnectionLimitHit {
    const group = addressGroup(address);
    const { totalMax, perAddressMax, unauthenticatedMax, openFilesMax } = this.#limits;
    const before = this.#byAddress.get(group) ?? 0;
    if (this.#total >= totalMax) return "connections-total";
    if (before >= perAddressMax) return "connections-per-address";
    if (this.#total >= openFilesMax) return "connections-open-files";
    if (this.#unauthenticated >= unauthenticatedMax) return "connections-unauthenticated";
    this.#total += 1;
    this.#unauthenticated += 1;
    this.#byAddress.set(group, before + 1);
    let waiting = true;
    const authenticated = (): void => {
      if (waiting) this.#unauthenticated -= 1;
      waiting = false;
    };
    return {
      authenticated,
      close: () => {
        authenticated();
        this.#total -= 1;
        const left = (this.#byAddress.get(group) ?? 1) - 1;
        if (left === 0) this.#byAddress.delete(group);
        else this.#byAddress.set(group, left);
      },
    };
  }
}

/** One counted connection. Both are to be called once at most, `close` last. */
export interface OpenConnection {
  readonly authenticated: () => void;
  readonly close: () => void;
}
