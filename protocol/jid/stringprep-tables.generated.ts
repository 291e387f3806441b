// Written by tools/generate-unicode.ts; do not edit.

/** Which tables of RFC 3454 a code point is in, as a letter of stringprepLegend. */
export const stringprepRuns = 
  "wHFwAqW6AqW4AHwIG9AW2AC7AW4AW5AnWAvWA89WBiWsB2mW2B9W2A7WeA2WeA5W9AWhB1sA2RdACgBgA4B2A4BW3BA5B2AWA3WBWBkWB18WB1" +
  "2WA9B3nW4AB2A1xWB12W2B2W6BgWxB12W2B7WB13WBWA6BhABnAB3AVAV2AVAbBrV5B5VnBAeBV3BVBqV5BbVbAaBdA3VA2tV7AL7A2V7A2BaA" +
  "5VBeVBIVArV3BrA1hB12VbAV9bB2AWB1hW2BA4W8A4WA2BW4A3BaW2AdWgBA2WB8W2B2W2BmWB7WBW3B4W2BAB3W4A2B2W2B2WA9BW4B2WB3W2" +
  "A2BcW2A7W7BA2B6W4B2W2BmWB7WB2WB2WB2W2BAB3W2A4B2A2B3AbB4WBW7BaW2A3WcB2AWB7WBWB3WBmWB7WB2WB5W2BA4W5AB2AWB2WA2BWf" +
  "BW5BaWhBA2WB8W2B2W2BmWB7WB2W2B4W2BA2WAW3A3B2W2B2WA8BAW4B2WB3W4BbWhBAWB6W3B3WB4W3B2WBWB2W3B2W3B3W3B8WB3W4B2WA2W" +
  "3B3WB3WA9BWfBcWeB3WB8WB3WBnWBaWB5W4B3A4WB3AB4A7B2A9B2W4BaWiB2WB8WB3WBnWBaWB5W4BWA5WBA2WB2W2A7B2W7BWB2W4BaWiB2W" +
  "B8WB3WBnWBgW4B3W3A2B3WB3WA9BW8B2W4BaWiB2WBiW3BoWB9WBW2B7W3BA4B3W3ABAB8WiB3WcB1cWA2W7A4BA7W8AdW11B2WBW2B2WBW2BW" +
  "6B4WB7WB3WBWBW2B2WB4WA2W6AB2AW2B5WBWB6A2BaW2B2WyBoW2ArWAWAW5AaWByW6BeAW5AW2A4W4B8AB10AB8WA6W2BW1cByWB5WB2WBW4A" +
  "WA3B2AWA6BoW2A1yB12WaB15W2BW4B2iW5B1wW5B2aW6B7WB1rWBWB4W2B7WBWB4W2B13WBWB4W2BvWBWB4W2B7WBWB4W2B7WB7WBnWBvWBWB4" +
  "W2B7WB13WBjW6BsWzB2dWcBhiW9BGqW2A3B29WfBdWB4W3AbBiW3A2W9BiW2AcBdWB3WB2AcB1jW7A8WA2WbA7WAW3BaWmB6AC4A3CIBaW6B2g" +
  "W8B15WA11yB4cW4B2iW6BmW2B6W2B12W2B6W2B8WBWBWBWBvW2B1hWB7WAW3A3WB7W3A4W2B6WB3AdW3A2B3WB7W2ABbGD2ETSoA2I5RGzA4BA" +
  "7BGE3I6B6KAW2BbAWfAhBiAuBrAlB2AW4AW2AaWAW3A5W6AWAWAWA4WA3WA7WA2B3W5A5W2A7BdA10WcBbqA1xWqAW1lA1dB13ApBbAlB1oA26" +
  "WlAB7oA2B2AB2tA2BaA3bB4AB4A2BsABzABAB4A3BAB7A2B1gA3BoABeAhBsA4BlsAowBqAB2hAcB5yAqBcQ4BG4A3WpA9W7A5W2A5W3AB2eW2" +
  "B4A3WA2iWA4W5B14W4B2mWB14W1kB19W3B10WdBfAsW3B1eWfAcW4B1bWB3bW4B2rW2BvWB52uW22Bg4mW2iBwdW3B1jA1fdB8mcW2kB1kwO4x" +
  "sM8eW2B1nW45B7WcB5W5BVAaVAdVB5VBVB2VB2VB30VxBa3V2AgB1sV2B1iV8BwNdV3BgCgB4AcBnA2BaABjAB4A4B5VB3rV2BEBwAqW6AqWbA" +
  "2hW3B6W2B6W2B6W2B3W3B7AB7AaB4JP2NlcBvWB4WcBrW51B12W2B12W148iB6uWaB13W3B1pW3A9W8I8A2W7AuW4A1cWf6B2dWB1zWB2W2BW2" +
  "B2W2B4WBcWBWB4WB2WB1tWB4W2B8WB7WBsWB4WB5WBW3B7WB9eW4B82W4B1eA7weB2NwyfWg15Bf2W15sB2N1ekeB2N1ekeB2N1ekeB2N1ekeB" +
  "2N1ekeB2N1ekeB2N1ekeB2N1ekeB2N1ekeB2N1ekeB2N1ekeB2NBUuB2oU1eguB2N1ekeM2N1ekeM2N";

/** The tables that each letter stands for. */
export const stringprepLegend = {
  A: "",
  B: "A.1",
  C: "B.1",
  D: "B.1 C.1.2",
  E: "B.1 C.2.2",
  F: "C.1.1",
  G: "C.1.2",
  H: "C.2.1",
  I: "C.2.2",
  J: "C.2.2 C.6",
  K: "C.2.2 C.8",
  L: "C.2.2 D.1",
  M: "C.3 D.2",
  N: "C.4",
  O: "C.5 D.2",
  P: "C.6",
  Q: "C.7",
  R: "C.8",
  S: "C.8 D.1",
  T: "C.8 D.2",
  U: "C.9",
  V: "D.1",
  W: "D.2",
};

/** Table B.2: distance from the entry before, then each code point of the mapping relative to the one mapped; base 36. */
export const foldingEntries = 
  "1t/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,2j/lj" +
  ",b/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,2/w,1/w,1/w,1/w,1" +
  "/w,1/w,1/w,1/-30/-30,x/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2" +
  "/1,2/1,2/-5j/d3,2/1,2/1,2/1,3/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/ab/-63,1/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2" +
  "/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/-3d,1/1,2/1,2/1,2/-7g,2/5u,1/1,2/1,2/5q,1/1,2/5p,1/5p,1/1" +
  ",3/27,1/5m,1/5n,1/1,2/5p,1/5r,2/5v,1/5t,1/1,4/5v,1/5x,2/5y,1/1,2/1,2/1,2/62,1/1,2/62,3/1,2/62,1/1,2/61,1/61,1/" +
  "1,2/1,2/63,1/1,4/1,8/2,1/1,2/2,1/1,2/2,1/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,3/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1" +
  ",2/-au/7w,1/2,1/1,2/1,2/-2p,1/-1k,1/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1," +
  "2/1,2/-3m,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,7n/38,1h/-nu/1r,c/12,2/11,1/11,1/11,2/1s,2/1r,1/1r,1/15/-3s/-3z," +
  "1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,2/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,5/l/-4" +
  "o/-4v,i/1,e/-u,1/-p,1/-d,1/-6,1/-9,1/-f,1/-m,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/-1i,1/-1c,1/-1b" +
  ",2/-1o,1/-1s,b/28,1/28,1/28,1/28,1/28,1/28,1/28,1/28,1/28,1/28,1/28,1/28,1/28,1/28,1/28,1/28,1/w,1/w,1/w,1/w,1" +
  "/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w" +
  ",1d/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,a/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1," +
  "2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,3/1,2/1,2/1,2/1,2/1,2/1,2/1,3/1,2/1,2/1,2/" +
  "1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,4/1,8/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,z/1c,1/1c,1/" +
  "1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/" +
  "1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1/1c,1d/-y/-5,4u1/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1" +
  ",2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2" +
  "/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1" +
  ",2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/-5ym/-5et,1/-5yb/-5fz,1/-5y9/-5fy,1/-5y8/-5fz,1/-5yx/-5i4,1" +
  "/-1m,5/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2" +
  "/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,2/1,g/-8,1/-8,1/-8,1/-8,1/-8,1/-8,1/-8," +
  "1/-8,9/-8,1/-8,1/-8,1/-8,1/-8,1/-8,b/-8,1/-8,1/-8,1/-8,1/-8,1/-8,1/-8,1/-8,9/-8,1/-8,1/-8,1/-8,1/-8,1/-8,1/-8," +
  "1/-8,9/-8,1/-8,1/-8,1/-8,1/-8,1/-8,3/-5fv/-5kt,2/-5fx/-5kv/-5le,2/-5fz/-5kx/-5lf,2/-5g1/-5kz/-5jo,3/-8,2/-8,2/" +
  "-8,2/-8,9/-8,1/-8,1/-8,1/-8,1/-8,1/-8,1/-8,1/-8,h/-3k/-5hj,1/-3k/-5hk,1/-3k/-5hl,1/-3k/-5hm,1/-3k/-5hn,1/-3k/-" +
  "5ho,1/-3k/-5hp,1/-3k/-5hq,1/-3s/-5hr,1/-3s/-5hs,1/-3s/-5ht,1/-3s/-5hu,1/-3s/-5hv,1/-3s/-5hw,1/-3s/-5hx,1/-3s/-" +
  "5hy,1/-34/-5hz,1/-34/-5i0,1/-34/-5i1,1/-34/-5i2,1/-34/-5i3,1/-34/-5i4,1/-34/-5i5,1/-34/-5i6,1/-3c/-5i7,1/-3c/-" +
  "5i8,1/-3c/-5i9,1/-3c/-5ia,1/-3c/-5ib,1/-3c/-5ic,1/-3c/-5id,1/-3c/-5ie,1/-1s/-5if,1/-1s/-5ig,1/-1s/-5ih,1/-1s/-" +
  "5ii,1/-1s/-5ij,1/-1s/-5ik,1/-1s/-5il,1/-1s/-5im,1/-20/-5in,1/-20/-5io,1/-20/-5ip,1/-20/-5iq,1/-20/-5ir,1/-20/-" +
  "5is,1/-20/-5it,1/-20/-5iu,3/-1u/-5ix,1/-5j6/-5iy,1/-5jc/-5iz,2/-5j9/-5mc,1/-5ja/-5md/-5j2,1/-8,1/-8,1/-22,1/-2" +
  "2,1/-5jf/-5j7,2/-5j9,4/-26/-5jd,1/-5jg/-5je,1/-5jq/-5jf,2/-5jj/-5ms,1/-5jk/-5mt/-5ji,1/-2e,1/-2e,1/-2e,1/-2e,1" +
  "/-5jp/-5jn,6/-5jt/-5oq/-5oy,1/-5ju/-5or/-5oy,3/-5jx/-5n8,1/-5jy/-5ov/-5n9,1/-8,1/-8,1/-2s,1/-2s,7/-5jx/-5p6/-5" +
  "pe,1/-5jy/-5p7/-5pe,1/-5k3/-5ox,2/-5k1/-5no,1/-5k2/-5pb/-5np,1/-8,1/-8,1/-34,1/-34,1/-7,6/-3a/-5kp,1/-5ka/-5kq" +
  ",1/-5k6/-5kr,2/-5kd/-5o4,1/-5ke/-5o5/-5ku,1/-3k,1/-3k,1/-3i,1/-3i,1/-5kj/-5kz,4s/-6d2/-6d1,2i/-6fz,1/-6dv/-6g0" +
  ",4/-624,2/-6e1/-6g3,2/-6g3,1/-6g4,1/-6g5,3/-6g7,1/-6g8,1/-6g6,3/-6g7,1/-6g8/-6g7,3/-6g9,1/-6g9,1/-6g9,1/-6ga,1" +
  "/-6gb,3/-6gd/-6gj,1/-6gd/-6gs/-6gl,1/-6ge/-6gl,2/-6ga,2/-5st,2/-6ge,2/-6gv,1/-6di,1/-6h6,1/-6h6,3/-6h7,1/-6h7," +
  "2/-6h2,b/-5u3,1/-5tr,6/-6ht,r/g,1/g,1/g,1/g,1/g,1/g,1/g,1/g,1/g,1/g,1/g,1/g,1/g,1/g,1/g,1/g,nb/q,1/q,1/q,1/q,1" +
  "/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,1/q,2w2/-a2x/-a2p/-a34,2/-a" +
  "36/-a2m,2/-a2u/-a2n,b/-a34/-a3j,1/-a37/-a3k,1/-9fq/-a3l,1/-a3a/-a3m,1/-a3d/-a3n,1/-a3e/-a3n,1/-a3d/-a3o,1/-a3k" +
  "/-a3p,3/-a3e/-a3o,1/-a3h/-a3p,1/-9g0/-a3q,4/-a3s/-a3a,1/-a3q/-a3t/-a3b,1/-a3p/-a3u/-a3c,1/-a3w/-a3v/-a3d,1/-a3" +
  "k/-a3w/-a3e,l/-a49/-a4o,1/-a4f/-a4a/-a4p,1/-a4e/-a4b/-a4q,1/-a4l/-a4c/-a4r,8/-a4k/-a4e,1/-a4n/-a4f,1/-9h6/-a4g" +
  ",1/-a4q/-a4h,1/-a4t/-a4i,1/-a4s/-a4j,1/-a4q/-a4j,1/-a4t/-a4k,1/-9hc/-a4l,1/-a4w/-a4m,1/-a4z/-a4n,1/-a4y/-a4o,1" +
  "/-a51/-9h3,1/-a50/-9h4,2/-a5d/-a4y,3/-a5f/-3ht/-a57/-a5b,1/-a5g/-a54/-a6x,1/-a5g/-a5i,1/-a5e/-a4w,2/-a5f/-a57," +
  "2/-a5e/-a5e,1/-a5f/-a5d,9/-a5j/-a5r,2/-a5l/-a5l/-a5o,1/-a5m/-a5k,2/-a5l/-a5i,1/-a5i/-a63,13c3/-1di2/-1di2,1/-1" +
  "di3/-1di0,1/-1di4/-1dhy,1/-1di5/-1di5/-1di2,1/-1di6/-1di6/-1di0,1/-1dhu/-1dht,1/-1dhv/-1dhu,d/-1cin/-1cil,1/-1" +
  "cio/-1cj3,1/-1cip/-1ciy,1/-1cig/-1cio,1/-1cir/-1ciy,sq/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1" +
  "/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,1/w,xy/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/" +
  "14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/14,1/" +
  "14,1/14,1/14,1/14,1523/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1" +
  "/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb,1/-2kdb" +
  ",1/-2kdb,r/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2k" +
  "er,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,1/-2ker,r/-" +
  "2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1" +
  "/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,1/-2kg7,r/-2khn,2/-2khn" +
  ",1/-2khn,3/-2khn,3/-2khn,1/-2khn,3/-2khn,1/-2khn,1/-2khn,1/-2khn,2/-2khn,1/-2khn,1/-2khn,1/-2khn,1/-2khn,1/-2k" +
  "hn,1/-2khn,1/-2khn,r/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-" +
  "2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1/-2kj3,1" +
  "/-2kj3,r/-2kkj,1/-2kkj,2/-2kkj,1/-2kkj,1/-2kkj,1/-2kkj,3/-2kkj,1/-2kkj,1/-2kkj,1/-2kkj,1/-2kkj,1/-2kkj,1/-2kkj" +
  ",1/-2kkj,2/-2kkj,1/-2kkj,1/-2kkj,1/-2kkj,1/-2kkj,1/-2kkj,1/-2kkj,s/-2klz,1/-2klz,2/-2klz,1/-2klz,1/-2klz,1/-2k" +
  "lz,2/-2klz,1/-2klz,1/-2klz,1/-2klz,1/-2klz,2/-2klz,4/-2klz,1/-2klz,1/-2klz,1/-2klz,1/-2klz,1/-2klz,1/-2klz,s/-" +
  "2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1" +
  "/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,1/-2knf,r/-2kov,1/-2kov" +
  ",1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2k" +
  "ov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,1/-2kov,r/-2kqb,1/-2kqb,1/-2kqb,1/-" +
  "2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1" +
  "/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,1/-2kqb,r/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2krr" +
  ",1/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2k" +
  "rr,1/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2krr,1/-2krr,r/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-" +
  "2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1" +
  "/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,1/-2kt7,r/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2kun" +
  ",1/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2kun,1/-2k" +
  "un,1/-2kun,1/-2kun,1/-2kun,1/-2kun,v/-2k8n,1/-2k8n,1/-2k8n,1/-2k8n,1/-2k8n,1/-2k8n,1/-2k8n,1/-2k8n,1/-2k8n,1/-" +
  "2k8n,1/-2k8n,1/-2k8n,1/-2k8n,1/-2k8n,1/-2k8n,1/-2k8n,1/-2k8n,1/-2k8x,1/-2k8n,1/-2k8n,1/-2k8n,1/-2k8n,1/-2k8n,1" +
  "/-2k8n,1/-2k8n,j/-2k9c,f/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9" +
  ",1/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9,1/-2kaj,1/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9,1/-2ka9,1/-2k" +
  "a9,j/-2kay,f/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-" +
  "2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kc5,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,1/-2kbv,j/-2kck,f" +
  "/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh" +
  ",1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdr,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,1/-2kdh,j/-2ke6,f/-2kf3,1/-2k" +
  "f3,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,1/-" +
  "2kf3,1/-2kf3,1/-2kfd,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,1/-2kf3,j/-2kfs";
