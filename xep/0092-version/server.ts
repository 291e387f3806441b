import { atHost } from "#kit/iq.ts";
import { booleanOption } from "#kit/option.ts";
import { serverModule } from "#kit/server-module.ts";
import { NS_VERSION, Version } from "./elements.ts";

const showSystem = booleanOption({
  key: "show_system",
  default: false,
  description: "Whether anybody who asks is told which operating system the server runs on.",
});

/** Tells name and version of this software. */
export const version = serverModule({
  name: "version",
  implements: [{ xep: 92, title: "Software Version", version: "1.1", status: "complete" }],
  features: [NS_VERSION],
  options: [showSystem],
  start: (host) => ({
    iq: [
      atHost("get", Version, () =>
        Version.build({
          name: host.software.name,
          version: host.software.version,
          ...(host.setting(showSystem) ? { os: host.software.system } : {}), // [xep0092-5-01]
        }),
      ),
    ],
  }),
});
