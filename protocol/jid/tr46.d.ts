/** UTS #46; the package brings no types. */
declare module "tr46" {
  interface ProcessingOptions {
    readonly checkBidi?: boolean;
    readonly checkHyphens?: boolean;
    readonly checkJoiners?: boolean;
    readonly useSTD3ASCIIRules?: boolean;
  }
  const tr46: {
    /** The A-label form, `null` where the name is not valid. */
    readonly toASCII: (
      domain: string,
      options: ProcessingOptions & { readonly verifyDNSLength?: boolean },
    ) => string | null;
    /** The U-label form, with whatever could be made of it where `error` is set. */
    readonly toUnicode: (
      domain: string,
      options: ProcessingOptions,
    ) => { readonly domain: string; readonly error: boolean };
  };
  export default tr46;
}
