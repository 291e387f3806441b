import { LabServer, type ServerCertificate } from "../lab.ts";
import { SlixmppPeer } from "../peers/slixmpp.ts";
import type { Federation } from "../target.ts";
import { RemoteServer, type RemoteSettings, type RemoteSoftware } from "./remote-server.ts";

/** What the two servers ask of each other, and show. */
export interface Terms {
  readonly ourCertificate?: ServerCertificate;
  readonly our: Federation["security"];
  /** What else our server is told. */
  readonly ours?: Omit<Federation, "security">;
  readonly remote: RemoteSettings;
}

/** Both servers, and a user of each who is online. */
export interface MeetingPlace extends AsyncDisposable {
  readonly server: LabServer;
  readonly remote: RemoteServer;
  readonly here: SlixmppPeer;
  readonly there: SlixmppPeer;
}

export async function meet(
  software: RemoteSoftware,
  { ourCertificate, our, ours, remote: settings }: Terms,
): Promise<MeetingPlace> {
  await using started = new AsyncDisposableStack();
  const server = started.use(
    await LabServer.start({
      name: `federation-${software.name}`,
      users: ["alice@ours.test"],
      federation: { security: our, ...ours },
      ...(ourCertificate !== undefined && { certificate: ourCertificate }),
    }),
  );
  const remote = started.use(await RemoteServer.start(software, settings));
  const here = started.use(await SlixmppPeer.online({ jid: "alice@ours.test", anyCertificate: true }));
  const there = started.use(await SlixmppPeer.online({ jid: remote.user("bob"), anyCertificate: true }));
  for (const peer of [here, there]) {
    await peer.order("presence");
    // Not every server tells a client of its own presence; what it is asked afterwards it answers afterwards.
    await peer.order("roster");
  }
  const stack = started.move();
  return { server, remote, here, there, [Symbol.asyncDispose]: () => stack.disposeAsync() };
}
