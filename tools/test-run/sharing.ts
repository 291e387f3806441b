/** Rooms whose tests are of code that has no process of its own: what it needs of the world it is given. */
const sharingRooms = [
  "im/",
  "kit/",
  "protocol/",
  "server/account/",
  "server/components/",
  "server/config/",
  "server/dns/",
  "server/host/",
  "server/link/",
  "server/s2s/",
  "server/session/",
  "tools/conformance/",
  "tools/generate/",
  "tools/tidy/",
  "xep/",
];

/** Measures what others in the process would change, or has sockets, threads or processes and waits for them while others could work. */
const needsOwnProcess =
  /\b(?:memoryUsage|cpuUsage|performance\.now|setFlagsFromString|promiseHooks)\b|"node:(?:async_hooks|child_process|dgram|dns|http|http2|https|inspector|net|perf_hooks|tls|v8|worker_threads)|started-server|federated-servers|child-server|process\.(?:env|chdir|exit)/u;

/** Node leaves the other tests of a file out for such a one: with a word about it only where the file has its own process. */
const singlesOut = /\b(?:test|it|describe|suite)\.only\(|\bonly: true\b/u;

/** Files that share a process: few enough that little is run again when one of them takes the process down. */
const filesMax = 40;

/**
 * Which test files run in one process, one after the other, and which have a process each. A process costs about as much as
 * the tests of a small file.
 *
 * @param textOf reads a file
 * @returns the files of each process, in the order in which they begin; and those that node itself must run
 */
export function arrangeTests(paths: readonly string[], textOf: (path: string) => string): Arrangement {
  const alone: string[][] = [];
  const shared: string[][] = [];
  const singling: string[] = [];
  for (const path of paths) {
    const text = textOf(path);
    if (singlesOut.test(text)) singling.push(path);
    else if (!sharingRooms.some((room) => path.startsWith(room)) || needsOwnProcess.test(text)) alone.push([path]);
    else {
      const last = shared.at(-1);
      if (last === undefined || last.length >= filesMax) shared.push([path]);
      else last.push(path);
    }
  }
  return { groups: [...alone, ...shared], singling };
}

interface Arrangement {
  readonly groups: readonly (readonly string[])[];
  readonly singling: readonly string[];
}
