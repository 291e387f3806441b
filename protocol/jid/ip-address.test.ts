import { equal } from "node:assert/strict";
import { isIPv6 } from "node:net";
import { test } from "node:test";
import * as fc from "fast-check";
import { canonicalIpv6, isIpv4 } from "./ip-address.ts";

const ipv6: readonly (readonly [input: string, canonical: string | undefined])[] = [
  ["::", "::"],
  ["::1", "::1"],
  ["1::", "1::"],
  ["2001:0DB8:0:0:0:0:0:1", "2001:db8::1"],
  ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
  ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
  ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
  ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
  ["::FFFF:C000:0201", "::ffff:192.0.2.1"],
  ["64:ff9b::192.0.2.1", "64:ff9b::c000:201"],
  ["fe80::1%25eth0", "fe80::1%25eth0"],
  ["fe80::1%eth0", undefined],
  ["fe80::1%25", undefined],
  ["1:2:3:4:5:6:7", undefined],
  ["1:2:3:4:5:6:7:8:9", undefined],
  ["1:2:3:4:5:6:7::8", undefined],
  ["1::2::3", undefined],
  [":::", undefined],
  [":1", undefined],
  ["12345::", undefined],
  ["::192.0.2.1:1", undefined],
  ["::192.0.2.256", undefined],
  ["::g", undefined],
  ["", undefined],
];
for (const [input, canonical] of ipv6) {
  test(`the IPv6 address "${input}" ${canonical === undefined ? "is refused" : `is spelt ${canonical}`}`, () =>
    equal(canonicalIpv6(input), canonical));
}

const ipv4: readonly (readonly [input: string, is: boolean])[] = [
  ["0.0.0.0", true],
  ["255.255.255.255", true],
  ["192.0.2.1", true],
  ["256.0.0.1", false],
  ["1.2.3", false],
  ["1.2.3.4.5", false],
  ["01.2.3.4", false],
  ["1.2.3.4 ", false],
  ["", false],
];
for (const [input, is] of ipv4)
  test(`"${input}" ${is ? "is" : "is not"} an IPv4 address`, () => equal(isIpv4(input), is));

test("what is an IPv6 address to the runtime is one to us, and one address has one spelling", () => {
  const group = fc.constantFrom("", "0", "00", "1", "0db8", "ffff", "FE80", "12345", "192.0.2.1", "g");
  fc.assert(
    fc.property(fc.array(group, { minLength: 2, maxLength: 9 }), (groups) => {
      const text = groups.join(":");
      const canonical = canonicalIpv6(text);
      equal(canonical !== undefined, isIPv6(text), text);
      if (canonical === undefined) return;
      equal(canonicalIpv6(canonical), canonical);
      equal(
        canonical.startsWith("::ffff:") ? canonical : new URL(`http://[${text}]/`).hostname,
        canonical.startsWith("::ffff:") ? canonical : `[${canonical}]`,
      );
    }),
    { numRuns: 3000 },
  );
});
