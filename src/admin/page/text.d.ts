// The parts of the live page are imported as text: `with { type: "text" }` puts them into the compiled binary and
// works on Bun and Deno alike. Bun's types claim *.html for its own bundler, hence index.htm.
declare module "*.htm" {
  const text: string;
  export default text;
}
declare module "*.css" {
  const text: string;
  export default text;
}
declare module "*.svg" {
  const text: string;
  export default text;
}
declare module "*.js" {
  const text: string;
  export default text;
}
