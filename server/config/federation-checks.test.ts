import assert from "node:assert/strict";
import { test } from "node:test";
import { domainJid } from "#testing/addresses.ts";
import { federationPolicy } from "../s2s/federation-of-config.ts";
import type { Config } from "./config.ts";
import { ConfigError } from "./config-error.ts";
import { parseConfig } from "./load-config.ts";
import { planReload } from "./reload.ts";

function parse(text: string): Config {
  return parseConfig({ file: "/etc/balcony/balcony.toml", text }, []);
}

const wrong: readonly (readonly [toml: string, message: RegExp])[] = [
  ['resolvers = ["dns.example"]', /resolvers.*must be/],
  ['resolvers = ["1.2.3"]', /"1\.2\.3" is not an address of a resolver/],
  ["resolvers_validate = true", /resolvers_validate needs resolvers of this machine/],
  ['resolvers = ["127.0.0.1", "192.0.2.1"]\nresolvers_validate = true', /192\.0\.2\.1 is not on this machine/],
  ['allowed_networks = ["10.0.0.0/40"]', /"10\.0\.0\.0\/40" is not a network/],
  ['allowed_networks = ["10.0.0"]', /"10\.0\.0" is not a network/],
  ['block = ["*.exa_mple.."]', /is not a domain/],
  ['security = "none"', /must be one of "certificate", "dialback", "plain"/],
  ['[[s2s.routes]]\ndomain = "a.example"\nhost = "192.0.2.1"\nport = 0', /a route needs the port/],
  ['[[s2s.routes]]\ndomain = "a.example"', /host/],
  ["routes = 1", /s2s\.routes must be an array of tables, each begun by \[\[s2s\.routes\]\]/],
];

test("config: more routes than there may be are counted, and not called something else", () => {
  const routes = Array.from(
    { length: 1_001 },
    (_, i) => `[[s2s.routes]]\ndomain = "a${i}.example"\nhost = "192.0.2.1"\n`,
  );
  assert.equal(parse(routes.slice(1).join("")).s2s.routes.length, 1_000);
  assert.throws(() => parse(routes.join("")), /s2s\.routes has 1001 entries, but at most 1000 are possible/);
});

for (const [toml, message] of wrong) {
  test(`config: [s2s] with ${toml.replaceAll("\n", ", ")} is refused`, () => {
    assert.throws(
      () => parse(`[s2s]\n${toml}`),
      (error) => error instanceof ConfigError && message.test(error.message),
    );
  });
}

test("config: what a host has otherwise is refused where it is wrong, too", () => {
  assert.throws(() => parse('[[hosts]]\ndomain = "a.example"\ns2s.block = ["a@b"]'), /is not a domain|must be/);
});

test("config: a listener of servers has no say about TLS", () => {
  assert.throws(
    () => parse('[[listeners]]\nkind = "server"\naddresses = ["127.0.0.1"]\ntls = "optional"'),
    /said by security in \[s2s\]/,
  );
});

const lists: readonly (readonly [toml: string, admitted: readonly string[]])[] = [
  ["", ["a.example", "b.a.example", "c.example"]],
  ['allow = ["A.example"]', ["a.example"]],
  ['allow = ["*.a.example"]', ["b.a.example"]],
  ['block = ["a.example"]', ["b.a.example", "c.example"]],
  ['allow = ["a.example", "*.a.example"]\nblock = ["b.a.example"]', ["a.example"]],
];

for (const [toml, admitted] of lists) {
  test(`config: with ${toml.replaceAll("\n", ", ") || "nothing said"}, ${admitted.join(", ")} may be talked to`, () => {
    const config = parse(`[s2s]\n${toml}`);
    const [host] = config.hosts;
    assert.ok(host !== undefined);
    const policy = federationPolicy(config, host);
    const domains = ["a.example", "b.a.example", "c.example"];
    assert.deepEqual(
      domains.filter((domain) => policy?.admits(domainJid(domain))),
      admitted,
    );
  });
}

test("config: a host may have it otherwise than [s2s] says, or talk to nobody [rfc3920-14.4-03]", () => {
  const config = parse(`
    [s2s]
    security = "certificate"
    block = ["a.example"]
    [[hosts]]
    domain = "one.example"
    s2s.security = "plain"
    s2s.block = []
    [[hosts]]
    domain = "two.example"
    s2s.enabled = false
    [[hosts]]
    domain = "three.example"
  `);
  const policies = config.hosts.map((host) => federationPolicy(config, host));
  assert.deepEqual(
    policies.map((policy) => policy && [policy.security, policy.admits(domainJid("a.example")), policy.bidirectional]),
    [["plain", true, true], undefined, ["certificate", false, true]],
  );
});

test("config: files of authorities count from where balcony.toml is", () => {
  assert.deepEqual(parse('[s2s]\nauthority_files = ["a.pem", "/b.pem"]').s2s.authorityFiles, [
    "/etc/balcony/a.pem",
    "/b.pem",
  ]);
});

test("config: a reload takes over what is said of other servers, routes as a whole", () => {
  const before = parse('[s2s]\nblock = []\n[[s2s.routes]]\ndomain = "a.example"\nhost = "192.0.2.1"');
  const after = parse(
    '[s2s]\nblock = ["b.example"]\n[s2s.limits]\ndials_max = 1\n[[s2s.routes]]\ndomain = "a.example"\nhost = "192.0.2.1"\n[[s2s.routes]]\ndomain = "a.example"\nhost = "192.0.2.2"',
  );
  const { config, changed, restartNeeded } = planReload(before, after, []);
  assert.deepEqual(new Set(changed), new Set(["s2s.block", "s2s.routes"]));
  assert.deepEqual(restartNeeded, ["s2s.limits.dials_max"]);
  assert.deepEqual(
    config.s2s.routes.map(({ host }) => host),
    ["192.0.2.1", "192.0.2.2"],
  );
});
