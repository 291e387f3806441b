import { mkdir, unlink, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { AcmeError, type Challenge, type Solver } from "./solver.ts";
import { listenForAuthority } from "./challenge-listeners.ts";

/** RFC 8555 §8.3 */
const challengePath = "/.well-known/acme-challenge/";
const headerBytesMax = 8 * 1024;
const requestMsMax = 10_000;

/** Answers the authority itself, on a port that is open only meanwhile. */
export function httpListenerSolver(place: { readonly addresses: readonly string[]; readonly port: number }): Solver {
  return {
    type: "http-01",
    present: ({ token, keyAuthorization }) =>
      listenForAuthority(
        () =>
          createServer(
            { maxHeaderSize: headerBytesMax, requestTimeout: requestMsMax, headersTimeout: requestMsMax },
            (request, response) => {
              const isAsked = request.method === "GET" && request.url === challengePath + token;
              response.writeHead(isAsked ? 200 : 404, {
                "content-type": "application/octet-stream",
                connection: "close",
              });
              response.end(isAsked ? keyAuthorization : "");
            },
          ),
        { ...place, key: "http_port" },
      ),
    advice: (name) =>
      `port 80 of every address that DNS has for ${name} must lead to port ${place.port} of this machine, and the firewall must let everybody in; else use challenge = "dns-01"`,
  };
}

/** Leaves a file where the administrator's web server shows it. */
export function webrootSolver(webroot: string): Solver {
  return {
    type: "http-01",
    present: async ({ token, keyAuthorization }: Challenge) => {
      const file = join(webroot, challengePath, token);
      try {
        // For the web server's user to read.
        await mkdir(join(webroot, challengePath), { recursive: true, mode: 0o755 });
        await writeFile(file, keyAuthorization, { mode: 0o644 });
      } catch (cause) {
        throw new AcmeError(`cannot write ${file}: ${String(cause)} ([acme] webroot)`, { cause });
      }
      return { [Symbol.asyncDispose]: () => unlink(file).catch(() => {}) };
    },
    advice: (name) => `http://${name}${challengePath} must show what is in ${join(webroot, challengePath)}`,
  };
}
