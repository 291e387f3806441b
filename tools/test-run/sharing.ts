/** Files that may share a process with others of their kind. */
interface Sharing {
  readonly rooms: readonly string[];
  /** Files of these rooms that are of another kind, or have a process each. */
  readonly unless: RegExp;
  /** How many share a process: few enough that little is run again when one of them takes it down. */
  readonly filesMax: number;
}

/** Measures what others in the process would change, or changes it for others. */
const needsOwnProcess =
  /\b(?:memoryUsage|cpuUsage|performance\.now|setFlagsFromString|promiseHooks)\b|"node:(?:async_hooks|inspector|perf_hooks|v8)|process\.(?:env|chdir|exit)/u;

/** Has sockets, threads or processes, and waits for them while others could work. */
const waits =
  /"node:(?:child_process|dgram|dns|http|http2|https|net|tls|worker_threads)|started-server|federated-servers|child-server/u;

const kinds: readonly Sharing[] = [
  {
    // Each plays for long, and faster where others have played before.
    rooms: ["testing/sim/"],
    unless: needsOwnProcess,
    filesMax: 5,
  },
  {
    // What their code needs of the world it is given.
    rooms: [
      "im/",
      "kit/",
      "protocol/",
      "server/account/",
      "server/components/",
      "server/config/",
      "server/dns/",
      "server/host/",
      "server/link/",
      "server/log-in/",
      "server/s2s/",
      "server/session/",
      "server/trust/",
      "testing/scenario/",
      "tools/conformance/",
      "tools/generate/",
      "tools/tidy/",
      "xep/",
    ],
    unless: new RegExp(`${needsOwnProcess.source}|${waits.source}`, "u"),
    filesMax: 40,
  },
  { rooms: ["cli/", "server/", "testing/attacks/"], unless: needsOwnProcess, filesMax: 10 },
];

/** Node leaves the other tests of a file out for such a one: with a word about it only where the file has its own process. */
const singlesOut = /\b(?:test|it|describe|suite)\.only\(|\bonly: true\b/u;

/**
 * Which test files run in one process, one after the other, and which have a process each. A process costs about as much as
 * the tests of a small file, and code that others have run before is faster.
 *
 * @param textOf reads a file
 * @returns the files of each process, in the order in which they begin; and those that node itself must run
 */
export function arrangeTests(paths: readonly string[], textOf: (path: string) => string): Arrangement {
  const alone: string[][] = [];
  const shared = new Map(kinds.map((kind) => [kind, new Array<string[]>()]));
  const singling: string[] = [];
  for (const path of paths) {
    const text = textOf(path);
    const kind = kinds.find(({ rooms, unless }) => rooms.some((room) => path.startsWith(room)) && !unless.test(text));
    if (singlesOut.test(text)) singling.push(path);
    else if (kind === undefined) alone.push([path]);
    else {
      const groups = shared.get(kind);
      const last = groups?.at(-1);
      if (last === undefined || last.length >= kind.filesMax) groups?.push([path]);
      else last.push(path);
    }
  }
  const [simulated = [], quiet = [], waiting = []] = shared.values();
  // Those that take longest begin first, and what is quickly told comes last.
  return { groups: [...simulated, ...alone, ...waiting, ...quiet], singling };
}

interface Arrangement {
  readonly groups: readonly (readonly string[])[];
  readonly singling: readonly string[];
}
