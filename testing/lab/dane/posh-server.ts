import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer, type Server } from "node:https";
import type { KeyPair } from "../certificates.ts";

/** A web server of domains of the lab, with what POSH looks for there. */
export class PoshServer implements AsyncDisposable {
  /** Host and path of each request. */
  readonly requests: string[] = [];
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  /** @param pages JSON by host and path, such as "prosody.test/posh.json" */
  static async start(address: string, pair: KeyPair, pages: Readonly<Record<string, unknown>>): Promise<PoshServer> {
    const server = createServer({ cert: await readFile(pair.certificate), key: await readFile(pair.key) });
    const posh = new PoshServer(server);
    server.on("request", (request, response) => {
      const place = `${request.headers.host}${request.url}`;
      posh.requests.push(place);
      const page = pages[place];
      if (page === undefined) response.writeHead(404).end();
      else response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(page));
    });
    server.listen(443, address);
    await once(server, "listening");
    return posh;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, "close");
  }
}

/** A document that lists the first certificate of a PEM file. */
export async function fingerprintsOf(file: string): Promise<unknown> {
  const { raw } = new X509Certificate(await readFile(file));
  return { fingerprints: [{ "sha-256": createHash("sha256").update(raw).digest("base64") }], expires: 600 };
}
