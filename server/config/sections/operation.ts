import { bound, choice, duration, flag, integer, optionalText, port, section, text } from "../key.ts";

export const storageSection = section(
  { description: "Where accounts and messages are kept." },
  {
    kind: choice({
      description:
        "`sqlite`: one file, nothing to install, one server. `postgresql`: a database server. `memory`: nothing survives a stop; for tests.",
      choices: ["sqlite", "postgresql", "memory"],
      default: "sqlite",
      change: "restart",
    }),
    file: optionalText({
      description: "The SQLite file. Without it, `balcony.sqlite` in the data directory.",
      allowed: "the name of a file; relative names start at the directory of balcony.toml",
      example: "/var/lib/balcony/balcony.sqlite",
      change: "restart",
    }),
    url: optionalText({
      description:
        "The PostgreSQL database. Leave the password out and put it into the environment variable PGPASSWORD or into ~/.pgpass where you can.",
      allowed: "an address like postgresql://user@host/database",
      pattern: /^postgres(ql)?:\/\/\S{1,2000}$/,
      example: "postgresql://balcony@localhost/balcony",
      secret: true,
      change: "restart",
    }),
    connections_max: integer({
      description: "Connections to PostgreSQL at the same time.",
      unit: "connections",
      min: 2,
      max: 1_000,
      default: 10,
      change: "restart",
    }),
  },
);

export const sessionsSection = section(
  { description: "Clients that are logged in." },
  {
    resource_conflict: choice({
      description:
        "What happens when a client asks for a resource that another one of the same account holds (RFC 6120 §7.7.2.2): end the old one, refuse the new one, or give the new one another name.",
      choices: ["replace-old", "refuse-new", "rename-new"],
      default: "replace-old",
      change: "restart",
    }),
    resume_seconds: duration({
      description:
        "How long a client whose connection broke may take to come back as if nothing had happened (XEP-0198). Off: it cannot.",
      unit: "seconds",
      min: 1,
      max: 86_400,
      default: 600,
      change: "restart",
    }),
    ping_after_silent_seconds: duration({
      description: "After this much silence the server asks whether the client is still there.",
      unit: "seconds",
      min: 10,
      max: 86_400,
      default: 300,
      change: "restart",
    }),
    ping_answer_seconds: integer({
      description: "How long the answer may take before the connection counts as broken.",
      unit: "seconds",
      min: 1,
      max: 3_600,
      default: 60,
      change: "restart",
    }),
    ack_answer_seconds: integer({
      description:
        "How long a client with stream management may take to say what it has got, once it was asked (XEP-0198); then its connection counts as broken and can be resumed. Telephones that sleep need some minutes: what they owe is safe on disc after two seconds, so that waiting costs nothing but an open connection.",
      unit: "seconds",
      min: 5,
      max: 3_600,
      default: 180,
      change: "restart",
    }),
  },
);

export const logSection = section(
  { description: "The log: one line an event. Passwords, keys, tokens and what people write never appear in it." },
  {
    level: choice({
      description: "The least important lines to write.",
      choices: ["debug", "info", "warn", "error"],
      default: "info",
      change: "reload",
    }),
    format: choice({
      description: "`auto` is `pretty` on a terminal and `json` elsewhere.",
      choices: ["auto", "pretty", "json"],
      default: "auto",
      change: "restart",
    }),
    file: optionalText({
      description:
        "Writes to this file instead of the standard output. SIGHUP opens it anew, so that logrotate can move it away.",
      allowed: "the name of a file; relative names start at the directory of balcony.toml",
      example: "/var/log/balcony/balcony.log",
      change: "restart",
    }),
    remembered_lines_max: bound({
      description: "Lines kept in memory for `balcony log tail`.",
      unit: "lines",
      min: 0,
      max: 100_000,
      default: 1_000,
      change: "restart",
    }),
  },
);

export const httpSection = section(
  { description: "GET /health and GET /metrics (Prometheus), for this machine only." },
  {
    enabled: flag({ description: "Whether to listen at all.", default: true, change: "restart" }),
    address: text({
      description: "Must be a loopback address: nothing here asks who is there.",
      allowed: 'a loopback address: "127.0.0.1" or "::1"',
      pattern: /^(127(\.\d{1,3}){3}|::1)$/,
      default: "127.0.0.1",
      change: "restart",
    }),
    port: port({
      description: "The TCP port.",
      default: 5280,
      change: "restart",
    }),
  },
);

export const shutdownSection = section(
  { description: "Stopping." },
  {
    seconds_max: integer({
      description: "How long clients get to say goodbye after SIGTERM. A second signal stops at once.",
      unit: "seconds",
      min: 0,
      max: 300,
      default: 10,
      change: "reload",
    }),
  },
);
