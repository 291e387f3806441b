import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigError } from "./config-error.ts";
import { parseConfig } from "./load-config.ts";

const agreed = "[acme]\nterms_agreed = true\n";

function problemsOf(text: string): string {
  try {
    parseConfig({ file: undefined, text }, []);
    return "";
  } catch (error) {
    assert(error instanceof ConfigError);
    return error.message;
  }
}

function host(more: string, domain = "example.org"): string {
  return `[[hosts]]\ndomain = "${domain}"\n${more}\n`;
}

for (const { name, text, says } of [
  {
    name: "nobody has agreed to the terms",
    text: host("acme = true"),
    says: /nobody has agreed to the terms of acme-v02\.api\.letsencrypt\.org: read them, and then say terms_agreed = true/,
  },
  {
    name: "a host has a certificate of its own as well",
    text: host('acme = true\ncertificate = "c"\nkey = "k"') + agreed,
    says: /a certificate of its own and acme = true/,
  },
  { name: "a host is an address", text: host("acme = true", "192.0.2.1") + agreed, says: /no authority issues/ },
  { name: "a host is localhost", text: host("acme = true", "localhost") + agreed, says: /no authority issues/ },
  {
    name: "names are wanted without ACME",
    text: host('acme_names = ["a.example.org"]'),
    says: /example\.org has acme_names, but not acme = true/,
  },
  {
    name: "a name is not the host's",
    text: host('acme = true\nacme_names = ["a.example.com"]') + agreed,
    says: /a\.example\.com is not below example\.org/,
  },
  {
    name: "a wildcard is wanted by http-01",
    text: host('acme = true\nacme_names = ["*.example.org"]') + agreed,
    says: /can be had by challenge = "dns-01" only/,
  },
  {
    name: "dns-01 has no program",
    text: `${host("acme = true") + agreed}challenge = "dns-01"\n`,
    says: /dns-01 needs a program/,
  },
  {
    name: "half of an external account is given",
    text: `${host("acme = true") + agreed}external_account_id = "x"\n`,
    says: /go together/,
  },
  {
    name: "there are more names than an authority takes",
    text:
      host(`acme = true\nacme_names = [${Array.from({ length: 100 }, (_, i) => `"n${i}.example.org"`).join()}]`) +
      agreed,
    says: /at most 100 names/,
  },
  {
    name: "the directory is not by HTTPS",
    text: "[acme]\ndirectory = 'http://a.example/'\n",
    says: /begins with https/,
  },
]) {
  test(`a configuration is refused where ${name}`, () => assert.match(problemsOf(text), says));
}

test("names of other scripts are accepted below the host, however they are spelt", () => {
  const names = '["rooms.bücher.example", "xn--r-xka.xn--bcher-kva.example"]';
  assert.equal(problemsOf(host(`acme = true\nacme_names = ${names}`, "bücher.example") + agreed), "");
});
