import { runOrThrow } from "./process.ts";

const ports = new Set(["5269", "5270"]);

/** How many connections between servers are established, by the address that accepted them: what the kernel says. */
export async function serverConnections(): Promise<Readonly<Record<string, number>>> {
  const lines = await runOrThrow({ command: ["ss", "-Htn", "state", "established"] });
  const counts: Record<string, number> = {};
  for (const line of lines.trim().split("\n")) {
    const [, , local = ""] = line.trim().split(/\s+/u);
    const [address = "", port = ""] = local.split(":");
    if (ports.has(port)) counts[address] = (counts[address] ?? 0) + 1;
  }
  return counts;
}
