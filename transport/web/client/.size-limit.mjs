// What a page pays for, with esbuild as bundlers do it. Parts that are loaded when they are
// used (tabs, send) are chunks of their own, and counted for themselves.
const lazy = ["./tabs.js", "./send.js"];
const entry = (name, path, limit, more = {}) => ({
  name,
  path,
  limit,
  gzip: true,
  modifyEsbuildConfig: (config) => ({ ...config, format: "esm", external: [...(config.external ?? []), ...lazy] }),
  ...more,
});

export default [
  entry("sseactor/react", "dist/react.js", "4096 B", { ignore: ["react"] }),
  entry("sseactor", "dist/index.js", "3600 B"),
  { name: "tabs, loaded with shareAcrossTabs", path: "dist/tabs.js", limit: "2 kB", gzip: true },
  { name: "send, loaded with the first sendEvent", path: "dist/send.js", limit: "500 B", gzip: true },
];
