import { chmod, chown, open, realpath, rename, stat, unlink } from "node:fs/promises";

/**
 * All or nothing: whoever reads the file meanwhile, and a crash, find the old text or the new one. Its mode stays, and
 * as far as this user may see to that its owner and group, so that a server can still read what root has changed.
 */
export async function replaceFile(file: string, text: string): Promise<void> {
  // Where balcony.toml is a link, what it points to is replaced, not the link.
  const target = await realpath(file).catch(() => file);
  const temporary = `${target}.${process.pid}.new`;
  try {
    const before = await stat(target).catch(() => undefined);
    const mode = before === undefined ? 0o640 : before.mode & 0o7777;
    {
      await using handle = await open(temporary, "wx", mode);
      await handle.writeFile(text);
      await handle.sync();
    }
    // Only root can do the first, and the owner the second for groups of its own; a change of owner takes bits of the mode away.
    if (before !== undefined)
      await chown(temporary, before.uid, before.gid).catch(() => chown(temporary, -1, before.gid).catch(() => {}));
    await chmod(temporary, mode);
    await rename(temporary, target);
  } catch (cause) {
    await unlink(temporary).catch(() => {});
    throw cause;
  }
}
