// scratch: heap per idle session by constructor
import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { makeAccounts, openSessions } from "./bench/load/sessions.ts";
import { setTimeout as sleep } from "node:timers/promises";
const dir = "/tmp/idleS/run"; rmSync(dir, { recursive: true, force: true }); mkdirSync(dir, { recursive: true });
writeFileSync(`${dir}/b.toml`, `[[hosts]]
domain = "localhost"
registration = "open"
[[listeners]]
kind = "client"
addresses = ["127.0.0.1"]
port = 15999
tls = "none"
plain_without_tls = true
[auth]
scram_iterations = 4096
[limits.rate]
session_bytes_per_second = 1073741824
session_bytes_burst = 1073741824
session_stanzas_per_second = 1000000
session_stanzas_burst = 1000000
address_bytes_per_second = 1073741824
address_bytes_burst = 1073741824
address_stanzas_per_second = 1000000
address_stanzas_burst = 1000000
[limits.connections]
per_address_max = 1000000
attempts_per_address_max = 1000000
unauthenticated_max = 1000000
[limits.login]
key_derivations_waiting_max = 100000
registrations_per_address_max = 100000
[log]
level = "warn"
[http]
enabled = false
`);
const warm = 300, more = 1000;
const p = spawn("/work/main/node_modules/.bin/node", ["--heapsnapshot-signal=SIGUSR2", `--diagnostic-dir=${dir}`, "cli/main.ts", "start", "--config", `${dir}/b.toml`, "--data", `${dir}/data`], { stdio: "inherit" });
await sleep(4000);
const goal = { host: "127.0.0.1", port: 15999, tls: false, domain: "localhost", mechanism: "PLAIN" as const };
const rss = () => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${p.pid}/status`, "utf8"))![1]);
async function snap(n: number) { p.kill("SIGUSR2"); for (;;) { await sleep(1000); const f = readdirSync(dir).filter(x => x.endsWith(".heapsnapshot")); if (f.length >= n) break; } await sleep(6000); }
await makeAccounts(goal, 0, warm + more);
const a = await openSessions(goal, 0, warm); for (const c of a) { c.write("<presence/>"); c.listen(() => {}); }
await sleep(3000); console.log("rss", rss()); await snap(1);
const r1 = rss();
const b = await openSessions(goal, warm, more); for (const c of b) { c.write("<presence/>"); c.listen(() => {}); }
await sleep(3000); await snap(2); console.log("rss delta KB/session after snapshots (gc'd)", (rss() - r1) / more);
p.kill("SIGKILL");
const sum = (f: string) => {
  const s = JSON.parse(readFileSync(f, "utf8")); const F = s.snapshot.meta.node_fields; const T = s.snapshot.meta.node_types[0]; const n = s.nodes; const L = F.length;
  const m = new Map<string, [number, number]>(); let total = 0;
  for (let i = 0; i < n.length; i += L) { const type = T[n[i]]; let name = s.strings[n[i + 1]]; const size = n[i + 3];
    if (type === "string" || type === "concatenated string" || type === "sliced string") name = "";
    if (type === "array"||type==="code") name = name.slice(0,40);
    if (type === "closure") name = name; if (type==="number") name="";
    const k = `${type}:${name.slice(0, 60)}`; const e = m.get(k) ?? [0, 0]; e[0]++; e[1] += size; m.set(k, e); total += size; }
  return { m, total };
};
const fs = readdirSync(dir).filter(x => x.endsWith(".heapsnapshot")).sort();
// order by sequence number
const [f1, f2] = fs.map(x => `${dir}/${x}`);
const s1 = sum(f1!), s2 = sum(f2!);
console.log("total per session", (s2.total - s1.total) / more);
const rows = [...s2.m].map(([k, [c, z]]) => { const o = s1.m.get(k) ?? [0, 0]; return [k, (c - o[0]) / more, (z - o[1]) / more] as const; }).filter(r => Math.abs(r[2]) > 8).sort((x, y) => y[2] - x[2]).slice(0, 90);
for (const r of rows) console.log(r[2].toFixed(0).padStart(6), r[1].toFixed(2).padStart(7), r[0]);
process.exit(0);
