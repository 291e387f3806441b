import { z } from "zod";
import { choice, flag, integer, keyFacts, optionalText, port, section, text, texts } from "../key.ts";

const change = "reload";

export const acmeSection = section(
  {
    description:
      "Certificates from an authority that issues them by ACME (RFC 8555), such as Let's Encrypt: for the hosts that say `acme = true`. See [certificates.md](certificates.md).",
    example: '[acme]\nterms_agreed = true\ncontacts = ["mailto:admin@example.org"]',
  },
  {
    terms_agreed: flag({
      description:
        "Whether you agree to the authority's terms of service; without that nothing is asked of it. For Let's Encrypt they are at https://letsencrypt.org/repository/.",
      default: false,
      change,
    }),
    directory: text({
      description: "The authority: the URL of its directory. Each has an account of its own.",
      allowed: "a URL that begins with https://",
      pattern: /^https:\/\/[^\s\0]{1,2000}$/,
      default: "https://acme-v02.api.letsencrypt.org/directory",
      example: "https://acme-staging-v02.api.letsencrypt.org/directory",
      change,
    }),
    contacts: texts({
      description: "Whom the authority may write to about certificates.",
      allowed: 'a list of addresses such as "mailto:admin@example.org"',
      pattern: /^mailto:[^\s@,?]{1,200}@[^\s@,?]{1,200}$/,
      default: [],
      example: ["mailto:admin@example.org"],
      change,
    }),
    challenge: choice({
      description:
        "How the authority sees that a name is yours. `http-01`: it fetches a file from port 80 of each name. `tls-alpn-01`: it makes a TLS connection to port 443 of each name. `dns-01`: it looks for a TXT record, which your program `dns_hook` makes; for names whose ports 80 and 443 are elsewhere.",
      choices: ["http-01", "tls-alpn-01", "dns-01"],
      default: "http-01",
      change,
    }),
    addresses: texts({
      description:
        'Where Balcony itself listens for the authority, for `http-01` and `tls-alpn-01`, and only while it is expected. `"*"` means every address of this machine.',
      allowed: 'a list of IP addresses, or ["*"] for all',
      pattern: /^(\*|[0-9.]{7,15}|[0-9a-fA-F:.]{2,45}(%[\w.-]{1,32})?)$/,
      default: ["*"],
      change,
    }),
    http_port: port({
      description: "The port for `http-01`, if the authority's port 80 is led to another one here.",
      default: 80,
      change,
    }),
    webroot: optionalText({
      description:
        "Directory that your web server shows as `http://<name>/`: files for `http-01` are put below it, in `.well-known/acme-challenge/`, and Balcony does not listen itself.",
      allowed: "the name of a directory",
      example: "/var/www/html",
      change,
    }),
    tls_port: z.int().min(0).max(65_535).prefault(443).register(keyFacts, {
      description:
        "The port for `tls-alpn-01`, if the authority's port 443 is led to another one here. Listeners with direct TLS answer the authority too, so one of theirs can be named.",
      allowed: "a port from 1 to 65535, or 0 for none beside those with direct TLS",
      default: 443,
      change,
    }),
    dns_hook: optionalText({
      description:
        "Program for `dns-01`. It is called, without a shell, with `present` or `cleanup`, the name, the name of the TXT record, and its value; and says with exit code 0 that the record can be seen by all, or is gone.",
      allowed: "the name of a program",
      example: "/usr/local/libexec/balcony-dns",
      change,
    }),
    dns_hook_seconds_max: integer({
      description: "How long that program may take, before it is killed and counts as failed.",
      unit: "seconds",
      min: 1,
      max: 3_600,
      default: 300,
      change,
    }),
    key_type: choice({
      description: "Keys of certificates: on the curve P-256, or RSA with 2048 bits for very old peers.",
      choices: ["ecdsa", "rsa"],
      default: "ecdsa",
      change,
    }),
    preferred_chain: optionalText({
      description: "Name of the issuer whose chain is taken where the authority offers several.",
      allowed: "the common name of an authority",
      example: "ISRG Root X1",
      change,
    }),
    authorities: optionalText({
      description:
        "Authorities that may vouch for the directory's own HTTPS, where it is one of your own. Without it, those of Node.",
      allowed: "the name of a PEM file",
      example: "/etc/balcony/internal-ca.pem",
      change,
    }),
    external_account_id: optionalText({
      description: "Key identifier of an external account, where the authority wants one (RFC 8555 §7.3.4).",
      allowed: "the identifier that the authority gave you",
      example: "kid-1",
      change,
    }),
    external_account_key: optionalText({
      description: "The key that belongs to it, in base64url.",
      allowed: "the key that the authority gave you",
      pattern: /^[\w+/=-]{1,4096}$/,
      example: "zWNDZM6eQGHWpSRTPal5eIUYFTu7EajVIoguysqZ9wG44nMEtx3MUAsUDkMTQ12W",
      secret: true,
      change,
    }),
  },
);
