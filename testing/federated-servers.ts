import { parseConfig } from "#server/config/load-config.ts";
import { serverModules } from "#server/modules.generated.ts";
import { addressRecord, serviceRecord, startDns, type TestDns, type ZoneEntry } from "./dns-server.ts";
import { startedServer, type StartedServer } from "./started-server.ts";

/** Two servers on loopback that find one another by a DNS of their own. */
export interface FederatedServers extends AsyncDisposable {
  /** montague.example, where romeo is. */
  readonly montague: StartedServer;
  /** capulet.example, where juliet is. */
  readonly capulet: StartedServer;
  readonly dns: TestDns;
}

const domains = ["montague.example", "capulet.example"] as const;

/**
 * Starts them, with certificates of their own making unless `hosts` names others.
 *
 * @param options `toml`: what both have besides hosts and listeners, in `[s2s]`; `hosts`: what each has in its `[[hosts]]`; `direct`: DNS names the ports of direct
 * TLS; `faster`: how many times faster timers run than real time
 */
export async function federatedServers(
  options: {
    readonly toml?: string;
    readonly hosts?: Readonly<Record<string, string>>;
    readonly direct?: boolean;
    readonly faster?: number;
  } = {},
): Promise<FederatedServers> {
  await using opened = new AsyncDisposableStack();
  const servers = new Map<string, StartedServer>();
  const kind = options.direct === true ? "server-direct-tls" : "server";
  const service = options.direct === true ? "_xmpps-server" : "_xmpp-server";
  const zone = new Map<string, () => ZoneEntry>();
  for (const domain of domains) {
    const name = `${service}._tcp.${domain}`;
    // Ports are known only when the servers run.
    zone.set(`SRV ${name}`, () => ({
      answers: [serviceRecord(name, `5 0 ${servers.get(domain)?.portOf(kind) ?? 0} xmpp.${domain}`)],
    }));
    zone.set(`A xmpp.${domain}`, () => ({ answers: [addressRecord(`xmpp.${domain}`, "127.0.0.1")] }));
  }
  const dns = opened.use(await startDns(zone));
  const start = async (domain: string, account: string): Promise<StartedServer> => {
    const text = configOf(domain, dns.port, { toml: options.toml ?? "", host: options.hosts?.[domain] ?? "" });
    const server = opened.use(
      await startedServer("", {
        config: parseConfig({ file: undefined, text }, serverModules),
        accounts: [`${account}@${domain}`],
        ...(options.faster !== undefined && { faster: options.faster }),
      }),
    );
    servers.set(domain, server);
    return server;
  };
  const montague = await start("montague.example", "romeo");
  const capulet = await start("capulet.example", "juliet");
  const held = opened.move();
  return { montague, capulet, dns, [Symbol.asyncDispose]: () => held.disposeAsync() };
}

function configOf(
  domain: string,
  dnsPort: number,
  { toml, host }: { readonly toml: string; readonly host: string },
): string {
  const listeners = ["client", "client-direct-tls", "server", "server-direct-tls"].map(
    (kind) => `[[listeners]]\nkind = "${kind}"\naddresses = ["127.0.0.1"]\nport = 0\n`,
  );
  return `
[s2s]
resolvers = ["127.0.0.1:${dnsPort}"]
allowed_networks = ["127.0.0.1"]
authorities = "none"
posh = false
${toml}
[[hosts]]
domain = "${domain}"
${host}
${listeners.join("")}`;
}
