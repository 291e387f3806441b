// The floor that the bench's figures are ratios of: what Node's sockets alone cost. A relay with a canned handshake, no
// XML parsing and no checks, which routes bytes by to=. Nobody can serve XMPP for less.
//
//   node bench/floor.ts PORT [tls KEY CERTIFICATE]
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";

const listenBacklog = 4096;
const streamHeader =
  "<?xml version='1.0'?><stream:stream from='localhost' id='x' xmlns='jabber:client' " +
  "xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
const saslFeatures =
  "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>PLAIN</mechanism></mechanisms>" +
  "</stream:features>";
const bindFeatures = "<stream:features><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></stream:features>";

/** Full JID to socket. */
const users = new Map<string, net.Socket>();

function serve(socket: net.Socket): void {
  let authenticated = false;
  let user = "";
  let jid = "";
  let input = "";
  socket.on("error", () => {});
  socket.on("close", () => users.delete(jid));
  socket.on("data", (bytes: Buffer) => {
    input += bytes.toString("latin1");
    for (;;) {
      const taken = takeOne();
      if (taken === 0) return;
      input = input.slice(taken);
    }
  });

  /** Deals with what stands first in the input. Returns its length, 0 when it is not all there. */
  function takeOne(): number {
    if (input.startsWith("<message")) {
      const end = input.indexOf("</message>") + 10;
      if (end < 10) return 0;
      const address = input.indexOf("to='") + 4;
      const recipient = users.get(input.slice(address, input.indexOf("'", address)));
      recipient?.write(`<message from='${jid}'${input.slice(8, end)}`, "latin1");
      return end;
    }
    if (input.startsWith("<?xml")) {
      const end = input.indexOf(">", input.indexOf("<stream:stream")) + 1;
      if (end > 0) socket.write(streamHeader + (authenticated ? bindFeatures : saslFeatures));
      return end;
    }
    if (input.startsWith("<auth")) {
      const end = input.indexOf("</auth>") + 7;
      if (end < 7) return 0;
      const response = Buffer.from(input.slice(input.indexOf(">") + 1, end - 7), "base64").toString();
      user = response.split("\0")[1] ?? "";
      authenticated = true;
      socket.write("<success xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>");
      return end;
    }
    if (input.startsWith("<iq")) {
      const end = input.indexOf("</iq>") + 5;
      if (end < 5) return 0;
      if (input.slice(0, end).includes("<bind")) bind();
      else socket.write("<iq type='result' id='reg'/>");
      return end;
    }
    if (input.startsWith("<presence>")) {
      const end = input.indexOf("</presence>") + 11;
      if (end < 11) return 0;
      broadcast(`<presence from='${jid}'${input.slice(9, end)}`);
      return end;
    }
    if (input.startsWith("<presence")) return input.indexOf("/>") + 2 < 2 ? 0 : input.indexOf("/>") + 2;
    return 0;
  }

  function bind(): void {
    jid = `${user}@localhost/r`;
    users.set(jid, socket);
    socket.write(
      `<iq type='result' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${jid}</jid></bind></iq>`,
    );
  }
}

/** Here everybody is everybody's contact: a presence that says something goes to all. */
function broadcast(presence: string): void {
  for (const socket of users.values()) socket.write(presence, "latin1");
}

const [port, mode, keyFile = "", certificateFile = ""] = process.argv.slice(2);
const server =
  mode === "tls"
    ? tls.createServer({ key: readFileSync(keyFile), cert: readFileSync(certificateFile) }, serve)
    : net.createServer({ noDelay: true }, serve);
server.listen({ port: Number(port), host: "127.0.0.1", backlog: listenBacklog });
