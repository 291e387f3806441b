import { execFile } from "node:child_process";
import { access, copyFile, cp, mkdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);
const ecKey = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];

/** A certificate and its key, as PEM files. */
export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

export interface LeafOptions {
  /** File name without its ending; must be unique within the authority. */
  readonly name: string;
  readonly dnsNames?: readonly string[];
  /** Addresses of a person or service for SASL EXTERNAL, as id-on-xmppAddr. RFC 6120 §13.7.1.4. */
  readonly xmppAddresses?: readonly string[];
  /** Makes a certificate that ended yesterday. */
  readonly expired?: boolean;
  /** Good for servers only, as public authorities make them. */
  readonly serverOnly?: boolean;
  /** Signed by itself, not by the authority. */
  readonly selfSigned?: boolean;
}

/** A certificate authority that lives for one run of the lab. */
export class Authority {
  readonly #dir: string;
  readonly certificate: string;

  private constructor(dir: string) {
    this.#dir = dir;
    this.certificate = join(dir, "ca.pem");
  }

  static async create(dir: string, commonName: string): Promise<Authority> {
    await mkdir(dir, { recursive: true });
    const authority = new Authority(dir);
    const subject = ["-subj", `/CN=${commonName}`, "-addext", "keyUsage=critical,keyCertSign,cRLSign"];
    const files = ["-keyout", join(dir, "ca.key"), "-out", authority.certificate];
    await run("openssl", ["req", "-x509", ...ecKey, "-days", "90", ...files, ...subject]);
    return authority;
  }

  /** The authority that was created in this directory. */
  static async open(dir: string): Promise<Authority> {
    const authority = new Authority(dir);
    await access(authority.certificate);
    return authority;
  }

  /** Issues a certificate good for servers and clients. The file holds the leaf, then the authority. */
  async issue(options: LeafOptions): Promise<KeyPair> {
    const file = (ending: string) => join(this.#dir, `${options.name}.${ending}`);
    await writeFile(file("ext"), extensions(options));
    await run("openssl", [
      "req",
      ...ecKey,
      "-keyout",
      file("key"),
      "-out",
      file("csr"),
      "-subj",
      `/CN=${options.name}`,
    ]);
    const byAuthority = ["-CA", this.certificate, "-CAkey", join(this.#dir, "ca.key"), "-CAcreateserial"];
    const signer = options.selfSigned === true ? ["-signkey", file("key")] : byAuthority;
    const validity = options.expired === true ? ["-days", "-1"] : ["-days", "90"];
    const files = ["-in", file("csr"), "-out", file("leaf"), "-extfile", file("ext")];
    await run("openssl", ["x509", "-req", ...files, ...signer, ...validity]);
    const above = options.selfSigned === true ? "" : await readFile(this.certificate, "utf8");
    const chain = (await readFile(file("leaf"), "utf8")) + above;
    await writeFile(file("crt"), chain);
    return { certificate: file("crt"), key: file("key") };
  }
}

/**
 * Copies the machine's store of trusted authorities to `to` and adds one authority, in the three forms that
 * programs look for: a bundle, a hashed directory, and (for Node) the authority's own file.
 */
export async function makeTrustStore(authority: Authority, to: string): Promise<void> {
  await cp("/etc/ssl/certs", to, { recursive: true, verbatimSymlinks: true });
  const own = join(to, "balcony-lab.pem");
  await copyFile(authority.certificate, own);
  const hash = (await run("openssl", ["x509", "-hash", "-noout", "-in", own])).stdout.trim();
  await symlink("balcony-lab.pem", join(to, `${hash}.0`));
  const bundle = join(to, "ca-certificates.crt");
  const trusted = await readFile(bundle, "utf8").catch(() => "");
  await rm(bundle, { force: true });
  await writeFile(bundle, trusted + (await readFile(own, "utf8")));
}

function extensions(options: LeafOptions): string {
  const names = [
    ...(options.dnsNames ?? []).map((name, index) => `DNS.${index + 1}=${name}`),
    ...(options.xmppAddresses ?? []).map((jid, index) => `otherName.${index + 1}=1.3.6.1.5.5.7.8.5;UTF8:${jid}`),
  ];
  return [
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature",
    `extendedKeyUsage=serverAuth${options.serverOnly === true ? "" : ",clientAuth"}`,
    "subjectAltName=@names",
    "[names]",
    ...names,
    "",
  ].join("\n");
}
