import { exitCodes, type ExitCode } from "./exit-codes.ts";
import type { LocalCommand, LocalOptions } from "./program.ts";
import type { Terminal } from "./terminal.ts";

/** Commands that are no questions to a server. */
export function localCommands(parts: {
  readonly terminal: Terminal;
  readonly program: string;
  readonly start: (options: LocalOptions) => Promise<ExitCode>;
  readonly compile: () => Promise<void>;
}): readonly LocalCommand[] {
  const { terminal, program } = parts;
  return [
    {
      name: "start",
      summary: "run the server",
      description:
        "Runs the server in the foreground until SIGTERM, SIGINT or Ctrl-C, which let clients say goodbye; a second one stops at once. SIGHUP reloads the configuration and the certificates. Without balcony.toml it serves localhost.",
      options: [],
      examples: [
        { line: "start", does: "with balcony.toml of this directory, if any" },
        { line: "start --config /etc/balcony/balcony.toml --data /var/lib/balcony", does: "as a service does" },
      ],
      run: parts.start,
    },
    {
      name: "compile",
      summary: "prepare quick starts; the first start does it by itself",
      description:
        "Compiles what a server runs into the directory that NODE_COMPILE_CACHE names: by default $XDG_CACHE_HOME/balcony or ~/.cache/balcony, under systemd that of CacheDirectory=. A start does it by itself once after each update.",
      options: [],
      examples: [{ line: "compile", does: "for an image of a system, so that its first start is quick" }],
      run: async () => {
        await parts.compile();
        return exitCodes.done;
      },
    },
    {
      name: "init",
      summary: "write a balcony.toml to begin with",
      description:
        "Writes a configuration in which every key is explained and shown with its default. Never over one that is there.",
      options: [
        ["--domain <domain>", "the domain to serve (default: localhost)"],
        ["--certificate <file>", "PEM file with its certificate"],
        ["--key <file>", "PEM file with the certificate's key"],
        ["--registration <policy>", "who may create an account from a client: closed, invite or open"],
      ],
      examples: [{ line: "init --domain example.org", does: "writes balcony.toml here" }],
      run: async (options) => {
        const { runInit } = await import("./init.ts");
        return runInit(options, { terminal, program });
      },
    },
    {
      name: "check",
      summary: "look at all that a start needs, or at how others see a domain; change nothing",
      description:
        "Without a domain: checks balcony.toml, certificates, ports, storage, and gives hints on DNS. Exit code 0: the server can start; 3: the configuration or a certificate is wrong; 1: something else is in the way.\n\nWith a domain, of ours or any other: asks DNS for all its records (SRV of both kinds of TLS, addresses, TLSA), connects to every machine that serves it as other servers and as clients do, and says what its certificates are worth to them: by its authority, by DANE, by POSH. For a host of ours it prints the lines that DNS lacks. Exit code 0: others can reach and trust it; 1: something is bad. What a firewall of your own network does to you, it may not do to others, and the other way round.",
      positional: [["[domain]", "looks at this domain from outside instead"]],
      options: [
        ["--no-dns", "does not ask DNS"],
        [
          "--resolver <address>",
          "asks this resolver about the domain, and believes what it says of signatures (DNSSEC) if it is on this machine",
        ],
      ],
      examples: [
        { line: "check --config new.toml", does: "before it is put in place" },
        { line: "check example.org", does: "how others see example.org" },
        { line: "check example.org --resolver 127.0.0.1", does: "with DNSSEC, by a resolver that validates" },
      ],
      run: async (options) => {
        const { runCheck } = await import("./run-check.ts");
        return runCheck(options, terminal);
      },
    },
  ];
}
