// esbuild hands an icon over as its text.
declare module '*.svg' {
  const source: string;
  export default source;
}
