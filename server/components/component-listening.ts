import type { Listener } from "../tcp/listener.ts";

/** Where components connect when `[[listeners]]` say nothing of them: on this machine, on the port that is theirs by custom. */
export const componentListenerByDefault = {
  kind: "component",
  addresses: ["127.0.0.1", "::1"],
  port: 5_347,
} as const;

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
    const { addresses, port } = componentListenerByDefault;
    const [first, ...others] = addresses;
    listeners.push(await open(first, port));
    for (const address of others) {
      try {
        listeners.push(await open(address, port));
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
