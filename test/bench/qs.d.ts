// qs ships no types; this is the one call the bench makes.
declare module "qs" {
  interface Options {
    allowDots: boolean;
    plainObjects: boolean;
    duplicates: "first";
  }
  const qs: { parse(query: string, options: Options): Record<string, unknown> };
  export default qs;
}
