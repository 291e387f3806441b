import { importsOf } from "./imports.ts";
import { isTest, type SourceFile } from "./source-files.ts";
import type { Violation } from "./violation.ts";

/** Import arrows point down only: each kind of file may import the kinds that are listed for it, and nothing else. */
export function arrows(files: readonly SourceFile[]): readonly Violation[] {
  const served = new Set(files.filter(({ path }) => path.endsWith("/server.ts")).map(({ path }) => folderOf(path)));
  const kindOf = (path: string) => kindOfFile(path, served);
  return files.filter(({ path }) => path.endsWith(".ts")).flatMap((file) => arrowsOf(file, kindOf));
}

/**
 * Which kind may import which. Features reach their own folder and, of another feature, only its face: what it offers to
 * others in `elements.ts`, `events.ts` and `slots.ts`, or the whole folder where there is no server.ts (a mere codec).
 */
const mayImport: Readonly<Record<Kind, readonly Kind[]>> = {
  protocol: ["protocol"],
  kit: ["protocol", "kit"],
  "feature's face": ["protocol", "kit", "feature's face"],
  "feature's client": ["protocol", "kit", "feature's face", "client"],
  feature: ["protocol", "kit", "feature's face"],
  "list of modules": ["kit", "feature"],
  server: ["protocol", "kit", "feature's face", "list of modules", "server"],
  client: ["protocol", "kit", "feature's face", "feature's client", "client"],
  gateways: ["protocol", "kit", "feature's face", "client", "gateways"],
  web: ["protocol", "kit", "feature's face", "feature's client", "client", "web"],
  cli: ["protocol", "kit", "list of modules", "server", "client", "gateways", "cli"],
  testing: [
    "protocol",
    "kit",
    "feature's face",
    "feature",
    "feature's client",
    "list of modules",
    "server",
    "client",
    "gateways",
    "cli",
    "testing",
  ],
  bench: ["protocol", "kit", "feature's face", "list of modules", "server", "client", "gateways", "testing", "bench"],
  tools: ["protocol", "kit", "feature's face", "feature", "list of modules", "server", "cli", "tools"],
};

const kinds = [
  "protocol",
  "kit",
  "feature's face",
  "feature's client",
  "feature",
  "list of modules",
  "server",
  "client",
  "gateways",
  "web",
  "cli",
  "testing",
  "bench",
  "tools",
] as const;
type Kind = (typeof kinds)[number];

/** Rooms that do no I/O: what they need of the machine is passed in. */
const pureRooms: ReadonlySet<string> = new Set(["protocol", "kit", "im", "xep"]);

function arrowsOf(file: SourceFile, kindOf: (path: string) => Kind | undefined): readonly Violation[] {
  const kind = kindOf(file.path);
  if (kind === undefined)
    return [{ path: file.path, message: "is in no room: ARCHITECTURE.md lists the rooms and what each is for" }];
  return importsOf(file).flatMap(({ line, specifier, target }) => {
    const at = { path: file.path, line };
    if (target.kind === "package") return [];
    if (target.kind === "node") {
      if (!pureRooms.has(roomOf(file.path)) || isTestCode(file.path)) return [];
      return [
        {
          ...at,
          message: `imports ${specifier}, but ${roomOf(file.path)}/ does no I/O: take it as an argument, an effect or from Env`,
        },
      ];
    }
    if (!target.path.endsWith(".ts")) return [];
    const targetKind = kindOf(target.path);
    if (targetKind === undefined) return [{ ...at, message: `imports ${specifier}, which is in no room` }];
    if (specifier.startsWith(".") && roomOf(file.path) !== roomOf(target.path))
      return [
        { ...at, message: `imports ${specifier}: write #${target.path}, so that crossing into another room shows` },
      ];
    if (mayReach(file.path, kind, target.path, targetKind)) return [];
    return [
      {
        ...at,
        message: `imports ${specifier}: ${nameOf(kind)} may not reach ${nameOf(targetKind)} (arrows point down, see ARCHITECTURE.md)`,
      },
    ];
  });
}

function mayReach(from: string, kind: Kind, to: string, targetKind: Kind): boolean {
  if (isTestCode(to) && !isTestCode(from) && roomOf(from) !== "testing") return false;
  if (mayImport[kind].includes(targetKind)) return true;
  if (isFeature(kind) && isFeature(targetKind) && folderOf(from) === folderOf(to)) return true;
  // Tests may use the stages that testing/ sets up, at any height, and try several features together.
  return (
    isTest(from) &&
    (targetKind === "testing" || (isFeature(kind) && (isFeature(targetKind) || targetKind === "list of modules")))
  );
}

function kindOfFile(path: string, served: ReadonlySet<string>): Kind | undefined {
  const room = roomOf(path);
  if (room === "im" || room === "xep") {
    if (/\/(?:elements|events|slots)\.ts$/u.test(path) || !served.has(folderOf(path))) return "feature's face";
    return /\/(?:client|web)\.ts$/u.test(path) ? "feature's client" : "feature";
  }
  if (path === "server/modules.generated.ts") return "list of modules";
  return kinds.find((kind) => kind === room);
}

function isFeature(kind: Kind): boolean {
  return kind.startsWith("feature");
}

function roomOf(path: string): string {
  return path.slice(0, path.indexOf("/"));
}

/** The feature that a file belongs to: `xep/0191-blocking`. */
function folderOf(path: string): string {
  return path.split("/").slice(0, 2).join("/");
}

/** Tests, and helpers in a folder named testing. */
function isTestCode(path: string): boolean {
  return isTest(path) || /^[^/]+\/.*testing\//u.test(path);
}

function nameOf(kind: Kind): string {
  return kind.startsWith("feature") || kind === "list of modules" ? `a ${kind}` : `${kind}/`;
}
