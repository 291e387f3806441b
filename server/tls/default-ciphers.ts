/**
 * What is spoken unless the administrator chooses: forward secrecy and authenticated encryption only. Node's own choice
 * has CBC suites for TLS 1.2 as well, whose padding has been attacked time and again (Lucky 13). RFC 9325 §4.2
 */
export const defaultCiphers = [
  "TLS_AES_256_GCM_SHA384",
  "TLS_CHACHA20_POLY1305_SHA256",
  "TLS_AES_128_GCM_SHA256",
  "ECDHE-ECDSA-AES256-GCM-SHA384",
  "ECDHE-RSA-AES256-GCM-SHA384",
  "ECDHE-ECDSA-CHACHA20-POLY1305",
  "ECDHE-RSA-CHACHA20-POLY1305",
  "ECDHE-ECDSA-AES128-GCM-SHA256",
  "ECDHE-RSA-AES128-GCM-SHA256",
].join(":");
