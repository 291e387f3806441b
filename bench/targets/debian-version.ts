import { runToEnd } from "#testing/lab/process.ts";

/** The version of an installed Debian package; undefined when it is not installed. */
export async function debianVersion(packageName: string, title: string): Promise<string | undefined> {
  const command = ["dpkg-query", "-W", "-f=${db:Status-Status} ${Version}", packageName] as const;
  const { code, output } = await runToEnd({ command: [...command], msMax: 10_000 }).catch(() => ({
    code: 1,
    output: "",
  }));
  return code === 0 && output.startsWith("installed ") ? `${title} ${output.slice("installed ".length)}` : undefined;
}
