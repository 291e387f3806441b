import { z } from "zod";
import { domainName } from "#kit/administration-values.ts";
import { bound, choice, duration, flag, integer, keyFacts, port, section, sectionFacts, texts } from "../key.ts";

const KiB = 1024;
const MiB = 1024 * KiB;

function domains(description: string) {
  return z
    .array(z.string().regex(/^(\*\.)?[^\s\0@/*]{1,1023}$/))
    .max(10_000)
    .prefault([])
    .register(keyFacts, {
      description,
      allowed: 'a list of domains; "*.example.org" is all below example.org, and not itself',
      default: [],
      example: ["example.org", "*.example.org"],
      change: "reload",
    });
}

/** What each host may have otherwise. */
const ofHosts = {
  enabled: flag({
    description: "Whether users can talk to those of other servers at all.",
    default: true,
    change: "reload",
  }),
  security: choice({
    description:
      "What proves that a server speaks for its domain. `certificate`: TLS, and a certificate that is good for the domain. `dialback`: TLS, and such a certificate or else the word of the server that DNS leads to (XEP-0220). `plain`: also without TLS; everyone on the way reads along.",
    choices: ["certificate", "dialback", "plain"],
    default: "dialback",
    change: "reload",
  }),
  allow: domains("Domains that may be talked to; when there are any here, no others may."),
  block: domains("Domains that may not be talked to."),
  bidirectional: flag({
    description: "Sends and receives on one connection where the other server can do that too (XEP-0288).",
    default: true,
    change: "reload",
  }),
};

const routes = z
  .array(
    z.strictObject({
      domain: domainName.clone().register(keyFacts, {
        description: "The domain of the other server's users.",
        allowed: 'a domain name, such as "example.org"',
        example: "partner.example",
        change: "reload",
      }),
      host: z
        .string()
        .regex(/^[A-Za-z0-9_.:-]{1,253}$/)
        .register(keyFacts, {
          description:
            "The machine to connect to: a name, or an address, which may then be one of a private network. TLS and certificate are for the domain all the same.",
          allowed: "a host name or an IP address, IPv6 without brackets",
          example: "10.20.0.5",
          change: "reload",
        }),
      port: port({ description: "The TCP port there.", default: 5269, change: "reload" }),
      direct_tls: flag({
        description: "Begins with TLS instead of switching over to it (XEP-0368).",
        default: false,
        change: "reload",
      }),
    }),
  )
  .max(1_000)
  .prefault([])
  .register(sectionFacts, {
    description:
      "Servers of domains that are not to be looked up in DNS. Several of one domain are tried in this order.",
    example: '[[s2s.routes]]\ndomain = "partner.example"\nhost = "10.20.0.5"\nport = 5269',
  });

const limits = section(
  { description: "What other servers, and those who write to them, may make this one hold." },
  {
    queue_stanzas_max: integer({
      description: "Stanzas that may wait for one domain.",
      unit: "stanzas",
      min: 10,
      max: 1_000_000,
      default: 2_000,
      change: "restart",
    }),
    queue_bytes_max: integer({
      description: "Their size together.",
      unit: "bytes",
      min: 64 * KiB,
      max: 1_024 * MiB,
      default: 4 * MiB,
      change: "restart",
    }),
    queue_total_bytes_max: integer({
      description: "What may wait for all domains together.",
      unit: "bytes",
      min: MiB,
      max: 64 * 1_024 * MiB,
      default: 64 * MiB,
      change: "restart",
    }),
    delivery_seconds_max: integer({
      description: "How long a stanza waits for its way before its sender gets it back.",
      unit: "seconds",
      min: 5,
      max: 86_400,
      default: 60,
      change: "restart",
    }),
    negotiation_seconds_max: integer({
      description: "From looking a domain up until its server and this one have proven who they are.",
      unit: "seconds",
      min: 5,
      max: 600,
      default: 30,
      change: "restart",
    }),
    answer_seconds_max: integer({
      description:
        "How long a server may take to say what it has got (XEP-0198), or to take in what it is sent; then its connection counts as broken.",
      unit: "seconds",
      min: 5,
      max: 3_600,
      default: 60,
      change: "restart",
    }),
    retry_seconds_max: integer({
      description:
        "How long a domain that cannot be reached is left alone at most before the next try. What is sent to it meanwhile comes back at once.",
      unit: "seconds",
      min: 1,
      max: 86_400,
      default: 300,
      change: "restart",
    }),
    dials_max: integer({
      description: "Domains that are being connected to at the same time; further ones wait.",
      unit: "domains",
      min: 1,
      max: 10_000,
      default: 32,
      change: "restart",
    }),
    domain_pairs_max: integer({
      description: "Pairs of a domain here and one elsewhere that something waits for or that have a connection.",
      unit: "pairs",
      min: 10,
      max: 10_000_000,
      default: 10_000,
      change: "restart",
    }),
    incoming_per_pair_max: integer({
      description: "Connections that one domain may hold open to one host; beyond it, the oldest goes.",
      unit: "connections",
      min: 1,
      max: 1_000,
      default: 4,
      change: "restart",
    }),
    idle_seconds_max: integer({
      description: "After this much silence a connection is closed; it is opened again when there is something to say.",
      unit: "seconds",
      min: 30,
      max: 604_800,
      default: 600,
      change: "restart",
    }),
    resume_seconds_max: duration({
      description:
        "How long a server whose connection broke may take to come back as if nothing had happened (XEP-0198). Off: it cannot.",
      unit: "seconds",
      min: 1,
      max: 86_400,
      default: 300,
      change: "restart",
    }),
    bytes_per_second: bound({
      description: "How fast one connection of another server may bring something; who is faster is read more slowly.",
      unit: "bytes",
      min: 10 * KiB,
      max: 10 * 1_024 * MiB,
      default: 4 * MiB,
      change: "restart",
    }),
    stanzas_per_second: bound({
      description: "The same, counted in stanzas.",
      unit: "stanzas",
      min: 10,
      max: 10_000_000,
      default: 5_000,
      change: "restart",
    }),
  },
);

export const federationSection = section(
  {
    description:
      "Other servers, and their users: federation. docs/admin/federation.md says what DNS and firewall need.",
  },
  {
    ...ofHosts,
    resolvers: texts({
      description: "Where DNS is asked. Without any, where /etc/resolv.conf says.",
      allowed: 'a list of IP addresses, with or without a port: "127.0.0.1", "[::1]:5353"',
      pattern: /^[0-9a-fA-F.:[\]]{2,60}$/,
      default: [],
      example: ["127.0.0.1"],
      change: "reload",
    }),
    resolvers_validate: flag({
      description:
        "Says that these resolvers, which must be on this machine, check signatures (DNSSEC), so that what they say of it can be believed. Certificates that domains publish in DNS then count (DANE), and a domain whose records are forged is not connected to.",
      default: false,
      change: "reload",
    }),
    allowed_networks: texts({
      description:
        "Addresses that may be connected to though they are not public: private networks, loopback, link-local and the like. Without this, a domain that leads into such a network is not followed.",
      allowed: 'a list of networks or addresses: "10.20.0.0/16", "fd00:20::/32", "127.0.0.1"',
      pattern: /^[0-9a-fA-F.:]{2,45}(\/\d{1,3})?$/,
      default: [],
      example: ["10.20.0.0/16"],
      change: "reload",
    }),
    authorities: choice({
      description:
        "Whose certificates prove a domain: the authorities that the operating system trusts, those that Node.js brings along, or none but those in `authority_files`.",
      choices: ["system", "bundled", "none"],
      default: "system",
      change: "reload",
    }),
    authority_files: texts({
      description: "PEM files with further authorities, or with single servers' own certificates.",
      allowed: "a list of names of files; relative names start at the directory of balcony.toml",
      pattern: /^[^\0]{1,4096}$/,
      default: [],
      example: ["/etc/balcony/partners.pem"],
      change: "reload",
    }),
    posh: flag({
      description:
        "Asks a domain's web server whether it vouches for a certificate that is for another name (POSH, RFC 7711).",
      default: false,
      change: "reload",
    }),
    connect_seconds_max: integer({
      description: "How long connecting to one address may take. Others are tried beside it.",
      unit: "seconds",
      min: 1,
      max: 120,
      default: 10,
      change: "reload",
    }),
    limits,
    routes,
  },
);

/** What a host has otherwise than `[s2s]` says for all. */
export const hostFederation = z
  .strictObject({
    enabled: own(ofHosts.enabled),
    security: own(ofHosts.security),
    allow: own(ofHosts.allow),
    block: own(ofHosts.block),
    bidirectional: own(ofHosts.bidirectional),
  })
  .prefault({})
  .register(sectionFacts, {
    description: "What this host has otherwise than `[s2s]` says for all: any of the keys there that are listed here.",
    example: '[[hosts]]\ndomain = "example.org"\ns2s.security = "certificate"',
  });

/** The same key where it may be left out, because `[s2s]` has a value for it then. */
function own<Inner extends z.ZodType>(key: z.ZodPrefault<Inner>): z.ZodOptional<Inner> {
  const { default: _, ...facts } = keyFacts.get(key) ?? { description: "", allowed: "", change: "reload" as const };
  const optional = key.unwrap().optional();
  keyFacts.add(optional, facts);
  return optional;
}
