/**
 * A balcony.toml for a server on loopback without TLS, with limits that no load hits; other tables may be put behind it.
 *
 * @param httpPort where it tells of its health; without it, nowhere
 */
export function crashConfig(httpPort?: number): string {
  return `
[http]
${httpPort === undefined ? "enabled = false" : `port = ${httpPort}`}

[[hosts]]
domain = "localhost"
registration = "open"

[[listeners]]
kind = "client"
addresses = ["127.0.0.1"]
port = 0
tls = "none"
plain_without_tls = true

[auth]
scram_iterations = 4096

[limits.rate]
session_bytes_per_second = 1073741824
session_bytes_burst = 1073741824
session_stanzas_per_second = 1000000
session_stanzas_burst = 1000000
address_bytes_per_second = 1073741824
address_bytes_burst = 1073741824
address_stanzas_per_second = 1000000
address_stanzas_burst = 1000000

[limits.login]
registrations_per_address_max = 100000
failures_max = 1000000

[features.messages]
offline_messages_max = 1000000
`;
}

/**
 * For users of tokens, which want TLS, and for a neighbour on loopback that speaks dialback in the clear: what waits for it
 * waits as long as it takes, and is not given back.
 *
 * @param domain the neighbour's
 */
export function outsideConfig(domain: string, port: number): string {
  return `
[[listeners]]
kind = "client-direct-tls"
addresses = ["127.0.0.1"]
port = 0

[[listeners]]
kind = "server"
addresses = ["127.0.0.1"]
port = 0

[s2s]
security = "plain"
allowed_networks = ["127.0.0.1"]
authorities = "none"
posh = false

[[s2s.routes]]
domain = "${domain}"
host = "127.0.0.1"
port = ${port}

[s2s.limits]
delivery_seconds_max = 86400
negotiation_seconds_max = 600
answer_seconds_max = 3600
`;
}
