import type { Codec } from "#protocol/xml/codec.ts";
import { formatDateTime, parseDateTime } from "./date-time.ts";

/** A moment, in milliseconds since the epoch. */
export const dateTime: Codec<number> = { decode: parseDateTime, encode: formatDateTime };
