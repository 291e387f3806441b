import assert from "node:assert/strict";
import { test } from "node:test";
import { isDomain, parseJid } from "#protocol/jid/jid.ts";
import type { ServerHost, ServerSide } from "#protocol/stream/servers/server-config.ts";
import type { DialledPlace } from "./dialer.ts";
import { sideTo } from "./tls-demanded.ts";

const usable = { usage: 3, selector: 1, matching: 1, data: new Uint8Array(32) };
const unusable = { ...usable, matching: 9 };

function securityTowards(security: ServerHost["security"], changes: Partial<DialledPlace>): string {
  const domain = parseJid("montague.example");
  assert(domain !== undefined && isDomain(domain));
  const host = {
    domain,
    languages: ["en"],
    security,
    certified: true,
    admits: () => true,
    bidirectional: false,
    streamManagement: true,
  } as const;
  const side: ServerSide = {
    defaultDomain: domain,
    host: () => ({ type: "served", host }),
    newStreamId: () => "",
    dialbackKey: () => "",
  };
  const place = {
    host: "x.example",
    port: 5269,
    address: "192.0.2.1",
    directTls: false,
    validated: true,
    tlsa: [usable],
    ...changes,
  };
  const answer = sideTo(place, side).host(domain);
  return answer.type === "served" ? answer.host.security : answer.type;
}

for (const { name, security, changes, towards } of [
  {
    name: "is given up where the domain lists certificates [rfc7673-3.4-02] [rfc7673-4-01]",
    security: "plain",
    changes: {},
    towards: "dialback",
  },
  {
    name: "stays where the domain lists none [rfc7673-3.4-05]",
    security: "plain",
    changes: { tlsa: [] },
    towards: "plain",
  },
  {
    name: "stays where nobody can use what it lists [rfc7673-3.4-05]",
    security: "plain",
    changes: { tlsa: [unusable] },
    towards: "plain",
  },
  {
    name: "stays where that was not validated [rfc7673-3.4-05]",
    security: "plain",
    changes: { validated: false },
    towards: "plain",
  },
  { name: "that is not allowed anyway stays so", security: "dialback", changes: {}, towards: "dialback" },
  {
    name: "that is not allowed, with certificates required, stays so",
    security: "certificate",
    changes: {},
    towards: "certificate",
  },
] as const) {
  test(`going without TLS ${name}`, () => assert.equal(securityTowards(security, changes), towards));
}
