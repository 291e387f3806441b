import { z } from "zod";
import { choice, flag, optionalText, port, sectionFacts, texts } from "../key.ts";

const listener = z.strictObject({
  kind: choice({
    description:
      "`client`: connections begin in the clear and switch to TLS (STARTTLS), by custom on port 5222. `client-direct-tls`: TLS from the first byte (XEP-0368), by custom on port 5223. `server` and `server-direct-tls`: the same for other servers, by custom on ports 5269 and 5270. `component`: external components (XEP-0114), always in the clear, by custom on port 5347.",
    choices: ["client", "client-direct-tls", "server", "server-direct-tls", "component"],
    default: "client",
    change: "restart",
  }),
  addresses: texts({
    description: 'Where to listen. `"*"` means every address of this machine, IPv4 and IPv6.',
    allowed: 'a list of IP addresses, or ["*"] for all',
    pattern: /^(\*|[0-9.]{7,15}|[0-9a-fA-F:.]{2,45}(%[\w.-]{1,32})?)$/,
    default: ["*"],
    example: ["127.0.0.1", "::1"],
    change: "restart",
  }),
  port: port({
    description: "The TCP port.",
    default: 5222,
    change: "restart",
  }),
  tls: choice({
    description:
      "Whether clients have to switch to TLS, may, or cannot. Other than `required`, it is accepted on loopback addresses only, unless `insecure_beyond_loopback` is set. A `client-direct-tls` listener is always `required`; what other servers have to do is said in `[s2s]`; a `component` listener has no TLS.",
    choices: ["required", "optional", "none"],
    default: "required",
    change: "restart",
  }),
  location: optionalText({
    description:
      "Where clients of this listener are told to come back to when their connection broke (XEP-0198), such as this machine's own name or address where the name of the domain leads to several. Clients that do not get through there connect as ever.",
    allowed: 'a host name or address, with or without a port; IPv6 addresses in brackets: "[2001:db8::1]:5222"',
    pattern: /^(\[[0-9a-fA-F:.]{2,45}\]|[A-Za-z0-9_.-]{1,253})(:\d{1,5})?$/,
    example: "node1.example.org:5222",
    change: "restart",
  }),
  plain_without_tls: flag({
    description: "Lets clients send their password in the clear where no TLS protects it. For tests on loopback.",
    default: false,
    change: "restart",
  }),
  insecure_beyond_loopback: flag({
    description:
      "Allows `tls` other than `required`, and components, on addresses that others can reach. Everyone on the way reads along; meant for a proxy that does TLS in front of Balcony.",
    default: false,
    change: "restart",
  }),
});

export const listenersSection = z
  .array(listener)
  .min(1)
  .max(64)
  // The registered ports. [rfc3920-2.3-02] [rfc3920-2.5-03] [rfc3920-15.9-01]
  .prefault([
    { kind: "client", port: 5222 },
    { kind: "client-direct-tls", port: 5223 },
    { kind: "server", port: 5269 },
    { kind: "server-direct-tls", port: 5270 },
  ])
  .register(sectionFacts, {
    description:
      "Where clients and other servers connect. Without any `[[listeners]]`: ports 5222 for clients and 5269 for servers with STARTTLS, ports 5223 and 5270 with direct TLS, on all addresses. A list of one's own replaces all of these.",
    example: '[[listeners]]\nkind = "client"\naddresses = ["127.0.0.1", "::1"]\nport = 5222\ntls = "optional"',
  });
