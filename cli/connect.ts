import type { Administration } from "#kit/administration.ts";
import { connectControl } from "#server/control/control-client.ts";
import { offlineOperations } from "./offline-operations.ts";
import { OpenedWhenNeeded } from "./opened-when-needed.ts";

export interface ConnectParts {
  readonly dataDir: string;
  /**
   * Opens what can be administered where no server runs, when the first operation needs it: a file that is just being edited
   * is in nobody's way before.
   */
  readonly openStopped: () => Promise<Administration & AsyncDisposable>;
}

/** The administration of the server in a data directory: over its control socket where it runs, on its files and its store where not. */
export async function connectAdministration({
  dataDir,
  openStopped,
}: ConnectParts): Promise<Administration & AsyncDisposable> {
  return (await connectControl(dataDir)) ?? stopped(openStopped);
}

function stopped(openStopped: ConnectParts["openStopped"]): Administration & AsyncDisposable {
  const server = new OpenedWhenNeeded(openStopped);
  return {
    ...offlineOperations(() => server.get()),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
