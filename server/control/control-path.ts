import { lstat, mkdir } from "node:fs/promises";
import { join } from "node:path";

/** Unix allows 108 bytes for the name of a socket, the closing zero among them. */
const socketPathBytesMax = 107;

/** Why a socket cannot be where it should; a sentence that says what to do. */
export class ControlPathError extends Error {
  override readonly name = "ControlPathError";
}

/** Where the running server listens for its administrator: a directory of its own, which only the owner can enter. */
export function controlDirectory(dataDir: string): string {
  return join(dataDir, "control");
}

export function controlSocket(dataDir: string): string {
  return join(controlDirectory(dataDir), "socket");
}

/**
 * Makes the directory, or makes sure that nobody else can put a socket into it or reach the one that is there.
 *
 * @throws ControlPathError
 */
export async function prepareControlDirectory(dataDir: string): Promise<void> {
  const directory = controlDirectory(dataDir);
  if (Buffer.byteLength(controlSocket(dataDir)) > socketPathBytesMax) {
    throw new ControlPathError(
      `${dataDir} is too long a name: its control socket must fit into ${socketPathBytesMax} bytes; choose another --data`,
    );
  }
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await checkControlDirectory(dataDir);
}

/** @throws ControlPathError when others than the owner could meddle with the socket */
export async function checkControlDirectory(dataDir: string): Promise<void> {
  const directory = controlDirectory(dataDir);
  const found = await lstat(directory);
  if (!found.isDirectory()) throw new ControlPathError(`${directory} is not a directory; remove it`);
  if (!isOurs(found.uid)) throw new ControlPathError(`${directory} belongs to another user; remove it`);
  if ((found.mode & 0o077) !== 0) {
    throw new ControlPathError(`${directory} is open to other users; close it with: chmod 700 ${directory}`);
  }
}

/** Root may talk to anybody's server, and everybody may talk to root's as far as the file system lets them. */
function isOurs(owner: number): boolean {
  const user = process.geteuid?.() ?? owner;
  return owner === user || owner === 0 || user === 0;
}
