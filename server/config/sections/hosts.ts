import { z } from "zod";
import { domainName } from "#kit/administration-values.ts";
import { choice, flag, keyFacts, optionalText, section, sectionFacts, texts } from "../key.ts";
import { hostFederation } from "./federation.ts";
import { hostFeatures, type ConfigurableFeature } from "./features.ts";

const contactPurposes = ["abuse", "admin", "feedback", "sales", "security", "status", "support"] as const;

function contact(purpose: (typeof contactPurposes)[number]) {
  return texts({
    description: `Whom to write to about ${purpose}.`,
    allowed: 'a list of addresses with a scheme, such as "mailto:admin@example.org" or "xmpp:admin@example.org"',
    pattern: /^[a-z][a-z0-9+.-]*:\S{1,1000}$/i,
    default: [],
    example: [`mailto:${purpose}@example.org`],
    change: "reload",
  });
}

const ownKeys = {
  domain: domainName.clone().register(keyFacts, {
    description: "The domain, which is the right side of its users' addresses.",
    allowed: 'a domain name, such as "example.org"',
    example: "example.org",
    change: "restart",
  }),
  certificate: optionalText({
    description:
      "PEM file with the host's certificate and those between it and the authority, in this order. Without it, Balcony makes a self-signed one and keeps it in the data directory.",
    allowed: "the name of a file; relative names start at the directory of balcony.toml",
    example: "/etc/letsencrypt/live/example.org/fullchain.pem",
    change: "reload",
  }),
  key: optionalText({
    description: "PEM file with the certificate's private key, not encrypted.",
    allowed: "the name of a file; relative names start at the directory of balcony.toml",
    example: "/etc/letsencrypt/live/example.org/privkey.pem",
    change: "reload",
  }),
  acme: flag({
    description:
      "Gets the host's certificate from the authority of `[acme]`, and renews it. Until there is one, the host has a self-signed one.",
    default: false,
    change: "reload",
  }),
  acme_names: texts({
    description:
      "Sub-domains of the host that its certificate is to be for as well: those of components and services, such as rooms.",
    allowed: "a list of names below the host's own; `*` in the place of the first part only with dns-01",
    pattern: /^(\*\.)?[^\s\0*.@/]{1,252}(\.[^\s\0*.@/]{1,252})+$/,
    default: [],
    example: ["conference.example.org"],
    change: "reload",
  }),
  registration: choice({
    description:
      "Who may create an account from a client (XEP-0077): nobody, who has an invitation (XEP-0401), or anyone who can reach the server.",
    choices: ["closed", "invite", "open"],
    default: "closed",
    change: "reload",
  }),
  contacts: section(
    { description: "Whom to write to about this host. Clients and other servers see it (XEP-0157)." },
    {
      abuse: contact("abuse"),
      admin: contact("admin"),
      feedback: contact("feedback"),
      sales: contact("sales"),
      security: contact("security"),
      status: contact("status"),
      support: contact("support"),
    },
  ),
};

export function hostsSection(configurable: readonly ConfigurableFeature[]) {
  return z
    .array(z.strictObject({ ...ownKeys, s2s: hostFederation, features: hostFeatures(configurable) }))
    .min(1)
    .max(10_000)
    .prefault([{ domain: "localhost" }])
    .register(sectionFacts, hostsFacts);
}

const hostsFacts = {
  description:
    "The domains that this server speaks for; a reload adds and removes them, and so do `balcony host add` and `balcony host remove`, which write them here. The first is whom a client is answered by that names none. Without any `[[hosts]]`, there is one: localhost, good for trying it out on this machine.",
  example:
    '[[hosts]]\ndomain = "example.org"\ncertificate = "/etc/letsencrypt/live/example.org/fullchain.pem"\nkey = "/etc/letsencrypt/live/example.org/privkey.pem"',
};
