import { chmod, open, realpath, rename, stat, unlink } from "node:fs/promises";

/** All or nothing: whoever reads the file meanwhile, and a crash, find the old text or the new one. Its mode stays. */
export async function replaceFile(file: string, text: string): Promise<void> {
  // Where balcony.toml is a link, what it points to is replaced, not the link.
  const target = await realpath(file).catch(() => file);
  const temporary = `${target}.${process.pid}.new`;
  try {
    const mode = await stat(target).then(
      (found) => found.mode & 0o7777,
      () => 0o640,
    );
    {
      await using handle = await open(temporary, "wx", mode);
      await handle.writeFile(text);
      await handle.sync();
    }
    await chmod(temporary, mode);
    await rename(temporary, target);
  } catch (cause) {
    await unlink(temporary).catch(() => {});
    throw cause;
  }
}
