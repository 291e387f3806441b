import { addBalconyUser, startBalcony } from "../balcony-process.ts";
import { passwordOf } from "../lab.ts";
import { remoteAddresses } from "../network.ts";
import { remoteUsers, type RemoteSoftware, type ServerStream } from "./remote-server.ts";

const address = remoteAddresses.twin;

/** A second server of ours, with a configuration, a store and a certificate of its own. */
export const twin: RemoteSoftware = {
  name: "twin",
  domains: ["twin.test", "direct.twin.test", "relay.twin.test"],
  address,
  management: "resumes",
  external: { shows: true, accepts: true, acceptsServerOnly: true },
  asksWhereItVerified: true,
  goesWithoutTls: false,
  start: async ({ dir, certificate, authority, settings }) =>
    await startBalcony({
      dir,
      address,
      domains: twin.domains,
      certificate,
      authority,
      httpPort: 5281,
      settings: {
        federation: {
          security: settings.security,
          bidirectional: settings.bidirectional,
          resumes: settings.streamManagement,
        },
      },
    }),
  streamLog: "server.log",
  streamsIn: (log, domain) =>
    log
      .split("\n")
      .filter((line) => line.includes('"a stream with another server is authorized"'))
      .map((line): Authorized => JSON.parse(line))
      .filter(({ remote }) => remote === domain)
      .flatMap(({ ways, by, tls }) =>
        directions[ways].map((direction) => ({
          direction,
          by: by === "dialback" ? ("dialback" as const) : ("EXTERNAL" as const),
          tls,
        })),
      ),
  furnish: async ({ dir }, when) => {
    if (when === "before") return;
    for (const user of remoteUsers)
      await addBalconyUser(dir, { jid: `${user}@${twin.domains[0]}`, password: passwordOf(user) });
  },
};

/** What the log says of a stream that has got so far. */
interface Authorized {
  readonly remote: string;
  readonly ways: "in" | "out" | "both";
  readonly by: string;
  readonly tls: boolean;
}

const directions: Readonly<Record<Authorized["ways"], readonly ServerStream["direction"][]>> = {
  in: ["incoming"],
  out: ["outgoing"],
  both: ["incoming", "outgoing"],
};
