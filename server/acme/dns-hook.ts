import { spawn } from "node:child_process";
import { AcmeError, type Solver } from "./solver.ts";

/** What is kept of what the program says, from the end. */
const outputCharsMax = 1_000;

export interface DnsHookSettings {
  /** Absolute. */
  readonly program: string;
  readonly secondsMax: number;
  /** Told when a record could not be taken away. */
  readonly cleanupFailed: (reason: string) => void;
}

/**
 * Has the administrator's program make the record: `PROGRAM present|cleanup NAME RECORD VALUE`. No shell sees these. It
 * gets PATH, HOME and LANG of the server's environment, nothing on standard input, and its time.
 */
export function dnsHookSolver({ program, secondsMax, cleanupFailed }: DnsHookSettings): Solver {
  return {
    type: "dns-01",
    present: async ({ name, keyAuthorization }, signal) => {
      const args = [name, `_acme-challenge.${name}`, keyAuthorization];
      // What was begun may have left something: it is taken away too when it has failed.
      const cleanup = async (): Promise<void> => {
        const failed = await run(program, ["cleanup", ...args], secondsMax);
        if (failed !== undefined) cleanupFailed(failed);
      };
      const failed = await run(program, ["present", ...args], secondsMax, signal);
      if (failed !== undefined) {
        await cleanup();
        throw new AcmeError(`${failed}; the record _acme-challenge.${name} could not be made ([acme] dns_hook)`);
      }
      return { [Symbol.asyncDispose]: cleanup };
    },
    advice: (name) =>
      `the TXT record _acme-challenge.${name} must be seen on all of the domain's name servers before ${program} ends`,
  };
}

/** Undefined when it ended with exit code 0; else why not. */
function run(
  program: string,
  args: readonly string[],
  secondsMax: number,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const { PATH, HOME, LANG } = process.env;
  const env = Object.fromEntries(
    Object.entries({ PATH, HOME, LANG }).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
  const child = spawn(program, [...args], { shell: false, stdio: ["ignore", "pipe", "pipe"], env, detached: true });
  let output = "";
  const collect = (chunk: string): void => {
    output = (output + chunk).slice(-outputCharsMax);
  };
  child.stdout.setEncoding("utf8").on("data", collect);
  child.stderr.setEncoding("utf8").on("data", collect);
  let killed: string | undefined;
  const kill = (why: string): void => {
    killed ??= why;
    // It may have started others, which would hold its output open.
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      child.kill("SIGKILL");
    }
  };
  const aborted = (): void => kill("was killed, because the server stops");
  const timer = setTimeout(() => kill(`was killed after ${secondsMax} seconds`), secondsMax * 1_000);
  signal?.addEventListener("abort", aborted, { once: true });
  const finish = (outcome: string | undefined): void => {
    clearTimeout(timer);
    signal?.removeEventListener("abort", aborted);
    const said = output.trim() === "" ? "" : `, saying: ${output.trim()}`;
    resolve(outcome === undefined ? undefined : `${program} ${args[0] ?? ""} ${outcome}${said}`);
  };
  child.on("error", (error) => finish(`cannot be run: ${error.message}`));
  child.on("close", (code, by) => {
    if (killed !== undefined) finish(killed);
    else finish(code === 0 ? undefined : `ended with ${code === null ? by : `exit code ${code}`}`);
  });
  return promise;
}
