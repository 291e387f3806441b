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
