import { release, type } from "node:os";
import type { Software } from "#kit/host.ts";
import { serverVersion } from "./version.ts";

/** This program, as it presents itself to others. */
export const software: Software = {
  name: "Balcony",
  version: serverVersion,
  homepage: "https://balcony.example",
  system: `${type()} ${release()}`,
};
