import { infoOfHost } from "#kit/disco.ts";
import { serverModule, type DiscoInfo } from "#kit/server-module.ts";
import { describe } from "../0030-disco/elements.ts";
import { Caps, NS_CAPS, verificationString } from "./elements.ts";

/** The server's own entity capabilities among the stream features: clients need not ask for what they know (S27). */
export const entityCaps = serverModule({
  name: "entity-caps",
  implements: [
    {
      xep: 115,
      title: "Entity Capabilities",
      version: "1.6.0",
      status: "complete",
      note: "without caps optimization (§8.4)",
    },
  ],
  features: [NS_CAPS],
  start: (host) => {
    const node = host.software.homepage;
    const ver = (info: DiscoInfo): string => verificationString(describe(info));
    return {
      streamFeatures: (phase) =>
        phase === "binding" ? [Caps.build({ hash: "sha-1", node, ver: ver(infoOfHost(host, undefined)) })] : [],
      disco: {
        // What was announced is what everybody may know; whoever asks for it by name gets that and not their own view.
        node: (asked, asker) =>
          asked.startsWith(`${node}#`)
            ? [undefined, asker].map((each) => infoOfHost(host, each)).find((info) => asked === `${node}#${ver(info)}`)
            : undefined,
      },
    };
  },
});
