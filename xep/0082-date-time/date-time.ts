/** XEP-0082 DateTime: date, `T`, time with optional fraction, and `Z` or an offset. */
const dateTimePattern =
  /^(-?(?:\d{4}|[1-9]\d{4,}))-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})(?:\.(\d+))?(Z|[+-]\d{2}:\d{2})$/;

/** What a Date can hold, in milliseconds either side of 1970. */
const momentMax = 8.64e15;

/**
 * Reads a moment.
 *
 * @returns milliseconds since the epoch, fractions beyond them cut off; undefined when it is none (XEP-0082 §3.2)
 */
export function parseDateTime(text: string): number | undefined {
  const match = dateTimePattern.exec(text);
  if (match === null) return undefined;
  const [, year = "", month = "", day = "", hour = "", minute = "", second = "", fraction = "", zone = ""] = match;
  const milliseconds = Number(fraction.slice(0, 3).padEnd(3, "0"));
  // 24:00:00 is the first moment of the next day in XML Schema; a leap second is taken for the next one.
  const wholeDay = hour === "24" && minute === "00" && second === "00" && Number(fraction) === 0;
  if ((Number(hour) > 23 && !wholeDay) || Number(minute) > 59 || Number(second) > 60) return undefined;
  const midnight = Date.UTC(2000, Number(month) - 1, Number(day));
  const date = new Date(midnight);
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  // A day that the month does not have would roll over into the next one.
  if (date.getUTCMonth() !== Number(month) - 1 || date.getUTCDate() !== Number(day)) return undefined;
  const time = ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + milliseconds;
  const offset = parseZone(zone);
  if (offset === undefined) return undefined;
  const at = date.getTime() + time - offset * 60_000;
  return Math.abs(at) <= momentMax ? at : undefined;
}

/** Writes a moment in UTC, with milliseconds only where there are some. */
export function formatDateTime(at: number): string {
  // Years of more than four digits have no sign and no leading zeros in XML Schema.
  return new Date(at)
    .toISOString()
    .replace(".000Z", "Z")
    .replace(/^\+0*|^(-)0{1,2}(?=\d{4})/, "$1");
}

const zoneMinutesMax = 14 * 60;

/**
 * Reads a time zone definition (XEP-0082 §3.3).
 *
 * @returns minutes east of UTC
 */
export function parseZone(text: string): number | undefined {
  if (text === "Z") return 0;
  const match = /^([+-])(\d{2}):(\d{2})$/.exec(text);
  if (match === null) return undefined;
  const [, sign, hours, minutes] = match;
  if (Number(minutes) > 59 || Number(hours) * 60 + Number(minutes) > zoneMinutesMax) return undefined;
  return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes));
}

/** Reads the legacy form of XEP-0082 §2, `CCYYMMDDThh:mm:ss`, which is in UTC. */
export function parseLegacyDateTime(text: string): number | undefined {
  const match = /^(\d{4})(\d{2})(\d{2})T(\d{2}:\d{2}:\d{2})$/.exec(text);
  return match === null ? undefined : parseDateTime(`${match[1]}-${match[2]}-${match[3]}T${match[4]}Z`);
}
