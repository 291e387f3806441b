import { operations, type Administration } from "#kit/administration.ts";
import { connectControl } from "#server/control/control-client.ts";
import { notRunning } from "#server/control/not-running.ts";
import { administrationOf, invoke, invokeStream } from "#server/control/operators.ts";

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
  let opened: ReturnType<typeof openStopped> | undefined;
  const open = () => (opened ??= openStopped());
  const administration = administrationOf((name) => {
    const { kind, offline } = operations[name];
    if (!offline) return notRunning;
    if (kind === "call") return async (input, signal) => invoke(await open(), name, input, signal);
    return async function* (input, signal) {
      yield* invokeStream(await open(), name, input, signal);
    };
  });
  return {
    ...administration,
    [Symbol.asyncDispose]: async () => {
      // Whoever waited for it has been told why it could not be opened.
      const server = await opened?.catch(() => undefined);
      await server?.[Symbol.asyncDispose]();
    },
  };
}
