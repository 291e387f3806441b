/** The key of an account: an authority knows us by it. */
export async function makeAccountKey(): Promise<string> {
  const { crypto } = await import("acme-client");
  return (await crypto.createPrivateEcdsaKey("P-256")).toString();
}

/** A new key, and a request for a certificate with it (PKCS #10), both in PEM form. */
export async function makeRequest(
  names: readonly string[],
  keyType: "ecdsa" | "rsa",
): Promise<{ readonly key: string; readonly csr: string }> {
  const { crypto } = await import("acme-client");
  const key = keyType === "rsa" ? await crypto.createPrivateRsaKey(2_048) : await crypto.createPrivateEcdsaKey("P-256");
  const [, csr] = await crypto.createCsr({ altNames: [...names] }, key);
  return { key: key.toString(), csr: csr.toString() };
}

/** What the authority sees by tls-alpn-01 (RFC 8737 §3), in PEM form. */
export async function makeChallengeCertificate(
  name: string,
  keyAuthorization: string,
): Promise<{ readonly key: string; readonly certificate: string }> {
  const { crypto } = await import("acme-client");
  const key = await crypto.createPrivateEcdsaKey("P-256");
  const authorization = {
    identifier: { type: "dns", value: name },
    status: "pending",
    challenges: [],
    url: "",
  } as const;
  const [, certificate] = await crypto.createAlpnCertificate(
    { ...authorization, challenges: [] },
    keyAuthorization,
    key,
  );
  return { key: key.toString(), certificate: certificate.toString() };
}
