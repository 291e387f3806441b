import type { Config } from "#server/config/config.ts";
import type { Style } from "#kit/style.ts";

/** What somebody should do who has just started their first server. */
export function firstStartBanner(parts: {
  readonly config: Config;
  readonly configFile: string | undefined;
  readonly selfSigned: readonly string[];
  readonly ports: readonly { readonly kind: string; readonly port: number }[];
  /** How this program was called. */
  readonly program: string;
  /** `--config` and `--data` where they were given, to be repeated. */
  readonly options: string;
  readonly style: Style;
}): string {
  const { config, configFile, selfSigned, ports, program, options, style } = parts;
  const domain = config.hosts[0]?.domain ?? "localhost";
  const address = `romeo@${domain}`;
  const portText = ports
    .filter(({ kind }) => kind.startsWith("client"))
    .map(({ kind, port }) => `${port}${kind === "client-direct-tls" ? " (direct TLS)" : " (STARTTLS)"}`)
    .join(" or ");
  const steps: readonly (readonly [string, string])[] = [
    ["Create a user", style.bold(`${program} user add ${address}${options}`)],
    [
      "Log in",
      `with any XMPP client, as ${address} with that password; where it asks: server ${domain}, port ${portText}`,
    ],
    ...(selfSigned.length > 0
      ? [["Certificate", `self-signed for ${selfSigned.join(", ")}: the client asks once whether to trust it`] as const]
      : []),
    configFile === undefined
      ? ["Your own domain", `${program} init --domain example.org writes balcony.toml; without it all is by default`]
      : ["Configuration", `${configFile}; after a change: ${program} config reload${options}`],
    ["Stop", "Ctrl-C"],
  ];
  const width = Math.max(...steps.map(([name]) => name.length));
  const lines = steps.map(([name, text]) => `  ${style.bold(name.padEnd(width))}  ${text}`);
  return `\n${style.green("Balcony runs")} for ${config.hosts.map((host) => host.domain).join(", ")}. What next:\n\n${lines.join("\n")}\n\n`;
}
