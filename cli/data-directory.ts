import { mkdir, stat } from "node:fs/promises";
import { AdministrationError } from "#kit/administration-error.ts";

/** Where everything is kept when `--data` does not say. */
export const defaultDataDir = "data";

/** Makes the data directory, for its owner only; says whether it is new. */
export async function makeDataDirectory(dataDir: string): Promise<boolean> {
  try {
    return (await mkdir(dataDir, { recursive: true, mode: 0o700 })) !== undefined;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AdministrationError("not-allowed", `cannot make the data directory ${dataDir}: ${reason}`, { cause });
  }
}

/** Files that root makes in somebody's data directory could not be opened by that server any more. */
export async function refuseForeignOwner(dataDir: string): Promise<void> {
  const user = process.geteuid?.();
  const owner = await stat(dataDir).then(
    ({ uid }) => uid,
    () => user,
  );
  if (owner !== user) {
    throw new AdministrationError(
      "not-allowed",
      `${dataDir} belongs to user ${owner ?? "?"}; run this as that user, for example with: sudo -u '#${owner ?? "?"}' …`,
    );
  }
}
