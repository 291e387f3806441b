import type { Listener } from "../tcp/listener.ts";

/** By custom. */
const componentPort = 5347;
const loopback = ["127.0.0.1", "::1"];

export interface ComponentListeningParts {
  /** All that the server listens on; what is opened here is added. */
  readonly listeners: Listener[];
  readonly isNeeded: () => boolean;
  /** Opens a listener for components. @throws ListenError */
  readonly open: (address: string, port: number) => Promise<Listener>;
}

/**
 * Makes the function that has the server listen for components, on this machine only, from when there are any; where
 * `[[listeners]]` says otherwise, that is enough.
 */
export function componentListening({ listeners, isNeeded, open }: ComponentListeningParts): () => Promise<void> {
  let opening: Promise<unknown> = Promise.resolve();
  const listen = async (): Promise<void> => {
    if (!isNeeded() || listeners.some(({ kind }) => kind === "component")) return;
    const [first = "", ...others] = loopback;
    listeners.push(await open(first, componentPort));
    for (const address of others) {
      try {
        listeners.push(await open(address, componentPort));
      } catch (error) {
        // A machine may do without IPv6.
        if (!lacksAddress(error)) throw error;
      }
    }
  };
  return () => {
    const mine = opening.then(listen);
    opening = mine.catch(() => undefined);
    return mine;
  };
}

function lacksAddress(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && "code" in cause && (cause.code === "EADDRNOTAVAIL" || cause.code === "EAFNOSUPPORT");
}
