// The package as its users get it: packed, installed, imported by plain Node, and bundled.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const here = resolve(dirname(fileURLToPath(import.meta.url)), "..");
const { exports } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const entries = Object.keys(exports).filter((name) => name !== "./package.json");
const require = createRequire(import.meta.url);
const app = mkdtempSync(join(tmpdir(), "sseactor-smoke-"));

try {
  const [{ filename, files }] = JSON.parse(
    execFileSync("npm", ["pack", "--json", "--pack-destination", app], { cwd: here, encoding: "utf8" }),
  );
  assert.deepEqual(
    files.map((f) => f.path).filter((path) => !/^dist\/|^(README\.md|LICENSE|package\.json)$/.test(path)),
    [],
    "nothing else is packed",
  );
  const modules = join(app, "node_modules");
  mkdirSync(join(modules, "sseactor"), { recursive: true });
  execFileSync("tar", ["xzf", join(app, filename), "--strip-components=1", "-C", join(modules, "sseactor")]);
  symlinkSync(dirname(require.resolve("react/package.json")), join(modules, "react"));
  writeFileSync(join(app, "package.json"), '{"type":"module"}');

  // Plain Node, where there is neither window nor document: importing touches neither.
  const use = entries.map((e, i) => `import * as e${i} from ${JSON.stringify(e.replace(".", "sseactor"))};`).join("\n");
  const main = join(app, "main.mjs");
  writeFileSync(
    main,
    `${use}
    const { createSSEClient } = await import("sseactor");
    const { createMockSSE } = await import("sseactor/testing");
    const mock = createMockSSE();
    const heard = [];
    const client = createSSEClient({ fetch: mock.fetch, shareAcrossTabs: true, onEvent: (e) => heard.push(e.data) });
    client.connect();
    await mock.opened();
    mock.emit({ type: "a", data: { n: 1 }, id: "1" });
    await client.sendEvent("b", 2);
    while (!heard.length) await new Promise((r) => setTimeout(r));
    client.disconnect();
    export default JSON.stringify({ heard, names: [${entries.map((_, i) => `Object.keys(e${i})`)}] });`,
  );
  const { heard, names } = JSON.parse((await import(pathToFileURL(main).href)).default);
  assert.deepEqual(heard, [{ n: 1 }]);
  const exported = Object.fromEntries(entries.map((e, i) => [e, names[i]]));
  assert.deepEqual(exported["."], ["SSEError", "createSSEClient"]);
  assert.deepEqual(exported["./react"], ["useSSE"]);
  assert.deepEqual(exported["./testing"], ["createMockSSE"]);

  for (const entry of entries) {
    const stdin = { contents: `export * from "${entry.replace(".", "sseactor")}"`, resolveDir: app };
    const out = join(app, "out", entry);
    const { metafile } = await build({
      stdin,
      bundle: true,
      format: "esm",
      splitting: true,
      platform: "browser", // has none of Node's modules: it fails if one is imported
      external: ["react"],
      outdir: out,
      metafile: true,
      logLevel: "silent",
    });
    const outside = Object.values(metafile.outputs).flatMap((o) => o.imports.filter((i) => i.external).map((i) => i.path));
    assert.deepEqual([...new Set(outside)], entry === "./react" ? ["react"] : [], entry + " needs nothing else");
    assert.ok(readdirSync(out).length > 0);
  }
  const directive = readFileSync(join(modules, "sseactor/dist/react.js"), "utf8").trimStart();
  assert.match(directive, /^"use client"/, "a Server Component may import the hook");
  console.log("smoke: %d entries import in Node %s and bundle", entries.length, process.version);
} finally {
  rmSync(app, { recursive: true, force: true });
}
