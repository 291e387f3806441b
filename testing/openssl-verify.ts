import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export interface OpensslQuestion {
  /** PEM, the peer's own first. */
  readonly chain: readonly string[];
  readonly anchors: readonly string[];
  /** To be among its dNSNames; undefined to ask about the chain alone. */
  readonly host?: string | undefined;
  /** In milliseconds since the epoch. */
  readonly now: number;
}

/** What `openssl verify` says of a chain: good for a server, or for a client, of TLS. */
export async function opensslVerifies(question: OpensslQuestion): Promise<boolean> {
  const [leaf = "", ...others] = question.chain;
  const directory = await mkdtemp(join(tmpdir(), "balcony-openssl-"));
  const write = async (name: string, pems: readonly string[]): Promise<string> => {
    await writeFile(join(directory, name), pems.join("\n"));
    return join(directory, name);
  };
  try {
    const files = {
      leaf: await write("leaf.pem", [leaf]),
      others: await write("others.pem", others),
      anchors: await write("anchors.pem", question.anchors),
    };
    const common = ["verify", "-no-CApath", "-no-CAstore", "-auth_level", "2", "-partial_chain"];
    const when = ["-attime", String(Math.floor(question.now / 1_000))];
    const names = question.host === undefined ? [] : ["-verify_hostname", question.host];
    const untrusted = others.length === 0 ? [] : ["-untrusted", files.others];
    const argv = [...common, ...when, ...names, "-CAfile", files.anchors, ...untrusted];
    const verdicts = ["sslserver", "sslclient"].map((purpose) => run([...argv, "-purpose", purpose, files.leaf]));
    return (await Promise.all(verdicts)).includes(true);
  } finally {
    await rm(directory, { recursive: true });
  }
}

function run(argv: readonly string[]): Promise<boolean> {
  return new Promise((resolve) => {
    execFile("openssl", [...argv], { timeout: 30_000 }, (error) => resolve(error === null));
  });
}
