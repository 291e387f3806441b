import { choice, choices, flag, integer, optionalText, section } from "../key.ts";

export const tlsSection = section(
  { description: "TLS for all listeners and hosts." },
  {
    min_version: choice({
      description: "The oldest version of TLS that is spoken. Nothing before 1.2 can be chosen.",
      // Nothing before that. [rfc6120-13.9.5-01]
      choices: ["1.2", "1.3"],
      default: "1.2",
      change: "reload",
    }),
    ciphers: optionalText({
      description:
        "Cipher suites in OpenSSL's notation. Without it, those of TLS 1.3 and, for TLS 1.2, those that have forward secrecy and authenticated encryption.",
      allowed: "a list of cipher names joined by colons",
      pattern: /^[\w:!+@=-]{1,4096}$/,
      example: "TLS_AES_256_GCM_SHA384:ECDHE-RSA-AES256-GCM-SHA384",
      change: "reload",
    }),
    accept_unsuitable_certificates: flag({
      description:
        "Starts although a certificate has expired or is for another name, which clients will not accept. For tests and emergencies.",
      default: false,
      change: "reload",
    }),
    client_authorities: optionalText({
      description:
        "Authorities whose certificates log users in without a password (SASL EXTERNAL): listeners then ask clients for one, and the certificate names the account as id-on-xmppAddr. Authorities listed here can name any account. Without it, no client is asked.",
      allowed: "the name of a PEM file",
      example: "/etc/balcony/client-authorities.pem",
      change: "restart",
    }),
    session_tickets: flag({
      description: "Lets clients that come back skip most of the handshake.",
      default: true,
      change: "restart",
    }),
    session_ticket_seconds: integer({
      description: "How long such a ticket is good for.",
      unit: "seconds",
      min: 60,
      max: 604_800,
      default: 7_200,
      change: "restart",
    }),
    handshake_seconds_max: integer({
      description: "How long a TLS handshake may take.",
      unit: "seconds",
      min: 1,
      max: 120,
      default: 15,
      change: "restart",
    }),
  },
);

export const authSection = section(
  { description: "How users prove who they are." },
  {
    mechanisms: choices({
      description:
        "SASL mechanisms to offer. A SCRAM mechanism also stands for its -PLUS form; the others have tables of their own below. Passwords are kept as keys of these SCRAM hashes, never as they are, so a hash that is added later works for an account from its next new password on, or its next log-in by PLAIN.",
      choices: ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"],
      default: ["SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN"],
      change: "restart",
    }),
    channel_binding: choice({
      description:
        "Whether a log-in is tied to its TLS connection (-PLUS mechanisms), which unmasks someone in the middle even when they have a valid certificate. `required` turns away clients that cannot do it.",
      choices: ["off", "offered", "required"],
      default: "offered",
      change: "restart",
    }),
    scram_iterations: integer({
      description: "How much work a guess at a stolen key costs, and a log-in costs the client. For new passwords.",
      unit: "iterations",
      min: 4_096,
      max: 2_000_000,
      default: 10_000,
      change: "restart",
    }),
    scram_without_tls: flag({
      description: "Allows SCRAM on unprotected connections: the password stays safe there, the conversation does not.",
      default: false,
      change: "restart",
    }),
    digest_md5: flag({
      description:
        "Offers DIGEST-MD5 (RFC 2831) for very old clients. Its keys are as good as passwords; they are made of passwords that are set, or shown by PLAIN, while this is on.",
      default: false,
      change: "restart",
    }),
    anonymous: flag({
      description: "Lets anyone in without an account, under a made-up name that is gone afterwards.",
      default: false,
      change: "restart",
    }),
  },
);
