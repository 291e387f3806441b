import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dateTime } from "./date-time-codec.ts";
import { formatDateTime, parseDateTime, parseLegacyDateTime, parseZone } from "./date-time.ts";
import vectors from "./vectors/datetime.json" with { type: "json" };

describe("XEP-0082's own examples", () => {
  for (const { source, profile, text, unix } of vectors.vectors)
    test(source, () => {
      switch (profile) {
        case "DateTime":
          assert.equal(parseDateTime(text), (unix ?? Number.NaN) * 1000);
          break;
        case "legacy":
          assert.equal(parseLegacyDateTime(text), Date.UTC(2002, 8, 10, 23, 8, 25));
          assert.equal(parseDateTime(text), undefined);
          break;
        default:
          // A day, or a time of any day, is no moment.
          assert.equal(parseDateTime(text), undefined);
      }
    });
});

describe("moments", () => {
  const moments: Readonly<Record<string, number>> = {
    "1970-01-01T00:00:00Z": 0,
    "1970-01-01T00:00:00.5Z": 500,
    "1970-01-01T00:00:00.123456789Z": 123,
    "1969-12-31T23:59:59.999Z": -1,
    "2000-02-29T12:00:00+05:30": Date.UTC(2000, 1, 29, 6, 30),
    "2026-01-01T00:00:00-00:00": Date.UTC(2026, 0, 1),
    "2026-12-31T24:00:00Z": Date.UTC(2027, 0, 1),
    "2016-12-31T23:59:60Z": Date.UTC(2017, 0, 1),
    "0099-01-01T00:00:00Z": -59_042_995_200_000,
    "12026-01-01T00:00:00Z": 317_336_745_600_000,
    "2026-06-01T00:00:00+14:00": Date.UTC(2026, 4, 31, 10),
  };
  for (const [text, at] of Object.entries(moments)) test(text, () => assert.equal(parseDateTime(text), at));
});

describe("no moments", () => {
  for (const text of [
    "",
    "2026-01-01T00:00:00",
    "2026-01-01 00:00:00Z",
    "2026-01-01T00:00Z",
    "2026-01-01T00:00:00z",
    "2026-1-1T00:00:00Z",
    "2026-13-01T00:00:00Z",
    "2026-00-01T00:00:00Z",
    "2026-01-00T00:00:00Z",
    "2025-02-29T00:00:00Z",
    "2026-04-31T00:00:00Z",
    "2026-01-01T25:00:00Z",
    "2026-01-01T24:00:01Z",
    "2026-01-01T00:60:00Z",
    "2026-01-01T00:00:61Z",
    "2026-01-01T00:00:00.Z",
    "2026-01-01T00:00:00+14:01",
    "2026-01-01T00:00:00+0100",
    "02026-01-01T00:00:00Z",
    "275760-09-13T00:00:01Z",
    "999999999999-01-01T00:00:00Z",
    " 2026-01-01T00:00:00Z",
    "2026-01-01T00:00:00Z\n",
    "٢٠٢٦-01-01T00:00:00Z",
  ])
    test(JSON.stringify(text), () => assert.equal(parseDateTime(text), undefined));
});

describe("written in UTC, with milliseconds where there are some", () => {
  const written: Readonly<Record<string, number>> = {
    "1969-07-21T02:56:15Z": -14_159_025_000,
    "2026-01-01T00:00:00.120Z": Date.UTC(2026, 0, 1, 0, 0, 0, 120),
    "12026-01-01T00:00:00Z": 317_336_745_600_000,
    "275760-09-13T00:00:00Z": 8.64e15,
    "-0001-01-01T00:00:00Z": -62_198_755_200_000,
    "-32025-01-01T12:00:00Z": -1_072_778_558_400_000,
  };
  for (const [text, at] of Object.entries(written))
    test(text, () => {
      assert.equal(formatDateTime(at), text);
      assert.equal(dateTime.decode(dateTime.encode(at)), at);
    });
});

describe("time zones in minutes east of UTC", () => {
  const zones: Readonly<Record<string, number | undefined>> = {
    Z: 0,
    "+00:00": 0,
    "-06:00": -360,
    "+05:45": 345,
    "+14:00": 840,
    "-14:00": -840,
    "+14:30": undefined,
    "+15:00": undefined,
    "+05:60": undefined,
    "05:00": undefined,
    UTC: undefined,
  };
  for (const [text, minutes] of Object.entries(zones)) test(text, () => assert.equal(parseZone(text), minutes));
});
