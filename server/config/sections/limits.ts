import { bound, duration, integer, section } from "../key.ts";
import { componentLimits } from "./components.ts";

const change = "restart";
const KiB = 1024;
const MiB = 1024 * KiB;

const stream = section(
  {
    description: "What one connection may make the server hold. Over a limit, the stream ends with `policy-violation`.",
  },
  {
    stanza_bytes_max: bound({
      description: "Size of one stanza.",
      unit: "bytes",
      // [rfc6120-13.12-09]
      min: 10_000,
      max: 64 * MiB,
      default: 256 * KiB,
      change,
    }),
    stanza_bytes_max_before_login: bound({
      description: "The same, until the client has logged in.",
      unit: "bytes",
      min: 10_000,
      max: MiB,
      default: 16 * KiB,
      change,
    }),
    header_bytes_max: bound({
      description: "Size of the stream's opening tag.",
      unit: "bytes",
      min: 1_000,
      max: MiB,
      default: 8 * KiB,
      change,
    }),
    depth_max: bound({
      description: "Elements within one another.",
      unit: "elements",
      min: 8,
      max: 1_000,
      default: 64,
      change,
    }),
    attributes_max: bound({
      description: "Attributes of one element.",
      unit: "attributes",
      min: 8,
      max: 10_000,
      default: 64,
      change,
    }),
    namespaces_max: bound({
      description: "Namespace prefixes declared at one place.",
      unit: "prefixes",
      min: 8,
      max: 10_000,
      default: 32,
      change,
    }),
    name_bytes_max: bound({
      description: "Length of the name of an element or attribute.",
      unit: "bytes",
      min: 64,
      max: 64 * KiB,
      default: 256,
      change,
    }),
    children_max: bound({
      description: "Elements directly within one element.",
      unit: "elements",
      min: 64,
      max: MiB,
      default: 4_096,
      change,
    }),
    unsent_bytes_max: bound({
      // A part of what waits for an account, and a page of its archive, go out at once: a megabyte each.
      description: "What may wait for a client that does not read; then its connection counts as broken.",
      unit: "bytes",
      min: 2 * MiB,
      max: 1_024 * MiB,
      default: 4 * MiB,
      change,
    }),
    negotiation_seconds_max: duration({
      description: "From connecting until the client has logged in.",
      unit: "seconds",
      min: 5,
      max: 600,
      default: 30,
      change,
    }),
    closing_seconds_max: integer({
      description: "How long a client may take to close its side after the server has closed its own.",
      unit: "seconds",
      min: 1,
      max: 60,
      default: 5,
      change,
    }),
  },
);

const rate = section(
  { description: "How fast clients may send. Who is faster is read more slowly; nothing is lost." },
  {
    session_bytes_per_second: bound({
      description: "Of one connection.",
      unit: "bytes",
      min: 1_000,
      max: 1_024 * MiB,
      default: 256 * KiB,
      change,
    }),
    session_bytes_burst: bound({
      description: "What a connection may send at once after a pause.",
      unit: "bytes",
      min: 10_000,
      max: 1_024 * MiB,
      default: MiB,
      change,
    }),
    session_stanzas_per_second: bound({
      description: "Of one connection.",
      unit: "stanzas",
      min: 1,
      max: 1_000_000,
      default: 200,
      change,
    }),
    session_stanzas_burst: bound({
      description: "What a connection may send at once after a pause.",
      unit: "stanzas",
      min: 1,
      max: 1_000_000,
      default: 1_000,
      change,
    }),
    address_bytes_per_second: bound({
      description: "Of all connections from one IP address (one /64 network of IPv6).",
      unit: "bytes",
      min: 1_000,
      max: 1_024 * MiB,
      default: 2 * MiB,
      change,
    }),
    address_bytes_burst: bound({
      description: "What they may send at once after a pause.",
      unit: "bytes",
      min: 10_000,
      max: 1_024 * MiB,
      default: 8 * MiB,
      change,
    }),
    address_stanzas_per_second: bound({
      description: "Of all connections from one IP address (one /64 network of IPv6).",
      unit: "stanzas",
      min: 1,
      max: 1_000_000,
      default: 1_000,
      change,
    }),
    address_stanzas_burst: bound({
      description: "What they may send at once after a pause.",
      unit: "stanzas",
      min: 1,
      max: 1_000_000,
      default: 5_000,
      change,
    }),
    session_recipients_max: bound({
      description:
        "Different addresses that one client may write to within the window below; what goes to more of them is refused.",
      unit: "addresses",
      min: 10,
      max: 1_000_000,
      default: 1_000,
      change,
    }),
    session_recipients_seconds: integer({
      description: "The window for it.",
      unit: "seconds",
      min: 1,
      max: 86_400,
      default: 60,
      change,
    }),
  },
);

const connections = section(
  { description: "How many may come." },
  {
    total_max: bound({
      description:
        "Connections altogether. Whatever is said here, no more are taken than the system's limit of open files has room for, less 64 for everything else.",
      unit: "connections",
      min: 1,
      max: 10_000_000,
      default: false,
      change,
    }),
    per_address_max: bound({
      description: "From one IP address (one /64 network of IPv6).",
      unit: "connections",
      min: 1,
      max: 1_000_000,
      default: 256,
      change,
    }),
    attempts_per_address_max: bound({
      description:
        "Connections that may come from one IP address (one /64 network of IPv6) within the window below; further ones are refused for its rest.",
      unit: "connections",
      min: 1,
      max: 1_000_000,
      default: 2_000,
      change,
    }),
    attempts_window_seconds: integer({
      description: "The window for it.",
      unit: "seconds",
      min: 1,
      max: 86_400,
      default: 60,
      change,
    }),
    unauthenticated_max: bound({
      description:
        "Connections that have not logged in yet, altogether. Beyond it, the oldest of the address that has the most of them gives way.",
      unit: "connections",
      min: 1,
      max: 1_000_000,
      default: 5_000,
      change,
    }),
  },
);

const login = section(
  { description: "Guessing passwords." },
  {
    failures_per_connection_max: bound({
      description: "Failed log-ins on one connection, before it is closed.",
      unit: "log-ins",
      min: 1,
      max: 100,
      default: 5,
      change,
    }),
    failures_max: bound({
      description:
        "Failed log-ins from one address, and for one account, within the window below; then further ones are refused for its rest.",
      unit: "log-ins",
      min: 1,
      max: 1_000_000,
      default: 20,
      change,
    }),
    failures_window_seconds: integer({
      description: "The window for it.",
      unit: "seconds",
      min: 1,
      max: 86_400,
      default: 300,
      change,
    }),
    key_derivations_waiting_max: integer({
      description: "Password checks that may wait for a free processor.",
      unit: "checks",
      min: 1,
      max: 100_000,
      default: 256,
      change,
    }),
    registrations_per_address_max: bound({
      description: "Accounts registered from one address within the window below.",
      unit: "accounts",
      min: 1,
      max: 100_000,
      default: 3,
      change,
    }),
    registrations_window_seconds: integer({
      description: "The window for it.",
      unit: "seconds",
      min: 1,
      max: 604_800,
      default: 3_600,
      change,
    }),
  },
);

const account = section(
  { description: "What one account may hold. Limits of single features are in their own tables, `[features.…]`." },
  {
    sessions_max: bound({
      description: "Clients logged in at the same time.",
      unit: "sessions",
      min: 1,
      max: 10_000,
      default: 50,
      change,
    }),
    mailbox_stanzas_max: bound({
      description: "Stanzas that may wait to be handled.",
      unit: "stanzas",
      min: 100,
      max: 10_000_000,
      default: 10_000,
      change,
    }),
    unacknowledged_stanzas_max: bound({
      description: "Stanzas sent to one client that it has not acknowledged (XEP-0198).",
      unit: "stanzas",
      min: 10,
      max: 10_000_000,
      default: 5_000,
      change,
    }),
    unacknowledged_bytes_max: bound({
      description: "Their size together.",
      unit: "bytes",
      min: 64 * KiB,
      max: 1_024 * MiB,
      default: 4 * MiB,
      change,
    }),
    tombstone_days: integer({
      description:
        "How long the name of a deleted account cannot be taken again, so that nobody inherits its contacts' trust.",
      unit: "days",
      min: 0,
      max: 36_500,
      default: 365,
      change,
    }),
  },
);

export const limitsSection = section(
  {
    description:
      'Bounds. Each can be switched off with `false` or `"off"`, unless it says otherwise; each that is hit is counted in the metric `balcony_limit_hits_total`.',
  },
  { stream, rate, connections, login, account, component: componentLimits },
);
