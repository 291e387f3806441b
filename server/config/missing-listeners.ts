import type { Config } from "./config.ts";
import { tomlValue } from "./toml-value.ts";

/** Where other servers come, by custom (RFC 6120 §14.8, XEP-0368). */
const serverListeners = [
  { kind: "server", port: 5_269 },
  { kind: "server-direct-tls", port: 5_270 },
] as const;

/**
 * What a `[[listeners]]` list of one's own lacks: it replaces the one that there is by default, also as to kinds that
 * nobody thought of when it was written.
 *
 * @returns the lines to add where hosts talk to other servers and none of these could come; none where all is well
 */
export function missingServerListeners({ hosts, listeners, s2s }: Config): readonly string[] {
  if (listeners.some(({ kind }) => kind.startsWith("server"))) return [];
  // Nobody comes to localhost.
  const talks = hosts.some((host) => host.domain !== "localhost" && (host.s2s.enabled ?? s2s.enabled));
  if (!talks) return [];
  return serverListeners.flatMap(({ kind, port }) => ["[[listeners]]", `kind = ${tomlValue(kind)}`, `port = ${port}`]);
}

/** What that means, and what can be done about it. */
export const missingServerListenersText =
  "no other server can connect: the [[listeners]] of balcony.toml have none for them; add these lines, or set s2s.enabled = false";
