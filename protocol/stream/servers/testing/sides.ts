import { encodeUtf8 } from "#protocol/sasl/utf8.ts";
import { type SecureChannel, unboundChannel } from "../../secure-channel.ts";
import { domain } from "../../testing/server.ts";
import { dialbackKeys } from "../dialback-key.ts";
import type { ServerErrand, ServerHost, ServerSide } from "../server-config.ts";

export const channel: SecureChannel = unboundChannel;

/** A host that takes TLS, both ways, and whatever proof there is. */
export function hostOf(name: string, changes: Partial<ServerHost> = {}): ServerHost {
  return {
    domain: domain(name),
    languages: ["en"],
    security: "dialback",
    certified: true,
    admits: () => true,
    bidirectional: false,
    streamManagement: false,
    ...changes,
  };
}

/** A server of these hosts, the first is the default; `gone.example` was one of them once. */
export function sideOf(
  hosts: readonly [ServerHost, ...ServerHost[]],
  options: { readonly secret?: string; readonly id?: string } & Pick<ServerSide, "limits"> = {},
): ServerSide {
  let streams = 0;
  const { id, limits, secret = "s3cr3tf0rd14lb4ck" } = options;
  return {
    defaultDomain: hosts[0].domain,
    host: (wanted) => {
      const host = hosts.find((one) => one.domain === wanted);
      if (host !== undefined) return { type: "served", host };
      return { type: wanted === "gone.example" ? "gone" : "unknown" };
    },
    newStreamId: () => id ?? `id${++streams}`,
    dialbackKey: dialbackKeys(encodeUtf8(secret)),
    ...(limits === undefined ? {} : { limits }),
  };
}

export function errandOf(local: string, remote: string, changes: Partial<ServerErrand> = {}): ServerErrand {
  return { local: domain(local), remote: domain(remote), authorize: true, ...changes };
}
