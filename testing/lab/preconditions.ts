import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { promisify } from "node:util";

const packagesFile = new URL("packages.txt", import.meta.url);

/** What keeps the lab from running on this machine, one sentence each. Empty when it can run. */
export async function obstacles(): Promise<readonly string[]> {
  const found: string[] = [];
  if (process.platform !== "linux")
    return ["The lab runs on Linux only: it lives in network, mount and pid namespaces."];
  if (process.getuid?.() !== 0) found.push("The lab needs root, to make its private network. Run it as root.");
  const missing = await missingPackages();
  if (missing.length > 0) {
    found.push(
      `These Debian packages are not installed: ${missing.join(" ")}\n` +
        `  apt-get update && apt-get install -y --no-install-recommends ${missing.join(" ")}`,
    );
  }
  return found;
}

/** The names in packages.txt. */
export async function wantedPackages(): Promise<readonly string[]> {
  const text = await readFile(packagesFile, "utf8");
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
}

async function missingPackages(): Promise<readonly string[]> {
  const wanted = await wantedPackages();
  const installed = new Set<string>();
  for (const line of (await queryDpkg(wanted)).split("\n")) {
    const [name, status] = line.split("\t");
    if (name !== undefined && status === "installed") installed.add(name);
  }
  return wanted.filter((name) => !installed.has(name));
}

/** dpkg-query exits with 1 when it knows nothing of one of the names, and still prints the others. */
async function queryDpkg(names: readonly string[]): Promise<string> {
  const format = "-f=${Package}\\t${db:Status-Status}\\n";
  try {
    return (await promisify(execFile)("dpkg-query", ["-W", format, ...names])).stdout;
  } catch (error) {
    if (error instanceof Error && "stdout" in error && typeof error.stdout === "string") return error.stdout;
    return "";
  }
}
