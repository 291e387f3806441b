import { z } from "zod";
import { domainName } from "#kit/administration-values.ts";
import { bound, choice, duration, flag, integer, keyFacts, optionalText, section, sectionFacts } from "../key.ts";

const MiB = 1_048_576;

/** What a component may prove to know. */
export const secretPattern = /^[^\0\r\n]{8,256}$/;

const component = z.strictObject({
  domain: domainName.clone().register(keyFacts, {
    description:
      "The domain that the component speaks for, and nobody else does: none of the hosts, and no other server.",
    allowed: 'a domain name, such as "irc.example.org"',
    example: "irc.example.org",
    change: "reload",
  }),
  secret: optionalText({
    description:
      "What the component's program proves to know. XEP-0114 needs it as it is, on both sides: with it in here, let nobody else read this file. Without it, Balcony makes one up and keeps it in the data directory; `balcony component secret DOMAIN` shows it.",
    allowed: "a text of 8 to 256 characters",
    pattern: secretPattern,
    example: "a-long-random-text-that-nobody-guesses",
    secret: true,
    change: "reload",
  }),
  name: optionalText({
    description: "What it is called where the host lists it. Without it: what it calls itself.",
    allowed: "a text of at most 200 characters",
    pattern: /^[^\0\r\n]{1,200}$/,
    example: "IRC",
    change: "reload",
  }),
  host: z
    .union([domainName, z.literal("")])
    .prefault("")
    .register(keyFacts, {
      description: "Which of the hosts lists it (XEP-0030). Empty: the one whose domain it is below, if there is one.",
      allowed: "the domain of one of the [[hosts]], or empty",
      default: "",
      change: "reload",
    }),
  subdomains: flag({
    description: "Whether the component speaks for all names below its domain, too.",
    default: false,
    change: "reload",
  }),
  conflict: choice({
    description:
      "What happens when the component connects while it is connected: refuse the new connection (and see whether the old one is still alive), or end the old one.",
    choices: ["refuse-new", "replace-old"],
    default: "refuse-new",
    change: "reload",
  }),
});

export const componentsSection = z.array(component).max(1_000).prefault([]).register(sectionFacts, {
  description:
    "External components (XEP-0114): programs such as gateways that connect to Balcony and speak for domains of their own; a reload adds and removes them, and so do `balcony component add` and `balcony component remove`, which write them here. They connect to 127.0.0.1 and ::1 on port 5347, unless there are `[[listeners]]` of kind `component`.",
  example: '[[components]]\ndomain = "irc.example.org"',
});

/** In `[limits]`, beside what clients are held to. */
export const componentLimits = section(
  { description: "What components, and those who write to them, may make the server hold." },
  {
    bytes_per_second: bound({
      description: "How fast a component may send. Who is faster is read more slowly; nothing is lost.",
      unit: "bytes",
      min: 1_000,
      max: 1_024 * MiB,
      default: 16 * MiB,
      change: "restart",
    }),
    bytes_burst: bound({
      description: "What it may send at once after a pause.",
      unit: "bytes",
      min: 10_000,
      max: 1_024 * MiB,
      default: 16 * MiB,
      change: "restart",
    }),
    stanzas_per_second: bound({
      description: "The same, in stanzas.",
      unit: "stanzas",
      min: 1,
      max: 1_000_000,
      default: 10_000,
      change: "restart",
    }),
    stanzas_burst: bound({
      description: "The same, at once after a pause.",
      unit: "stanzas",
      min: 1,
      max: 1_000_000,
      default: 10_000,
      change: "restart",
    }),
    unsent_bytes_max: bound({
      description: "What may wait for a component that does not read; then its connection counts as broken.",
      unit: "bytes",
      min: 64 * 1_024,
      max: 1_024 * MiB,
      default: 16 * MiB,
      change: "restart",
    }),
    away_seconds_max: integer({
      description:
        "How long what is for a component waits while it is away; then it goes back to its senders, with the error `remote-server-timeout`. 0: at once.",
      unit: "seconds",
      min: 0,
      max: 600,
      default: 20,
      change: "restart",
    }),
    queue_stanzas_max: bound({
      description: "Stanzas that may wait for one component that is away.",
      unit: "stanzas",
      min: 1,
      max: 1_000_000,
      default: 1_000,
      change: "restart",
    }),
    queue_bytes_max: bound({
      description: "Their size together.",
      unit: "bytes",
      min: 64 * 1_024,
      max: 1_024 * MiB,
      default: 4 * MiB,
      change: "restart",
    }),
    ping_after_silent_seconds: duration({
      description: "After this much silence the server asks whether the component is still there.",
      unit: "seconds",
      min: 5,
      max: 86_400,
      default: 60,
      change: "restart",
    }),
    ping_answer_seconds: integer({
      description: "How long the answer may take before the connection counts as broken.",
      unit: "seconds",
      min: 1,
      max: 3_600,
      default: 30,
      change: "restart",
    }),
  },
);
