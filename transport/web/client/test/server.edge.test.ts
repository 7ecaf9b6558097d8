// @vitest-environment node
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createContext, runInContext } from "node:vm";
import { build, type BuildOptions, type BuildResult } from "esbuild";
import { describe, expect, it } from "vitest";
import { fakeServer, json, requireAll, run, type Seen } from "./server-rig.js";

// What the edge runtimes (Vercel's, Cloudflare's, Deno's) have in common, and what of it is
// used. No process, no Buffer, no require.
const globals = [
  "AbortController",
  "AbortSignal",
  "DOMException",
  "Headers",
  "ReadableStream",
  "Request",
  "Response",
  "TextEncoder",
  "URL",
  "URLSearchParams",
  "btoa",
  "clearTimeout",
  "console",
  "crypto",
  "fetch",
  "setTimeout",
] as const;

/** Uses everything that there is, and says what came of it. */
const program = `
  import { createSSEProxy, createSSEUtils, signSessionId, sseUtils } from './server.ts'
  export async function main (url) {
    const log = []
    const utils = createSSEUtils({ url, apiKey: 'key', onError: (error) => log.push(error.code) })
    log.push(await utils.sendNotification('Hello', 'info', { userId: '7' }))
    log.push((await utils.broadcast('a', undefined)).success)
    log.push((await sseUtils.broadcast('a', 1)).error.code)
    log.push((await signSessionId('kiosk-7', { secret: 'new-0123456789abcdef0123456789abcdef', ttl: 3600 })).split('~').length)
    const response = await createSSEProxy({ url, apiKey: 'key', authorize: () => ({ userId: '7' }) })(new Request('http://app.test/api/sse'))
    log.push(response.status, await response.text())
    return JSON.stringify(log)
  }
`;
const printed = [
  { success: true, eventsSent: 1, id: "1-0" },
  "INVALID_ARGUMENT",
  false,
  "NOT_CONFIGURED",
  3,
  200,
  "data: 1\n\n",
];

/** A server that answers both the calls and the proxy. */
async function service(): Promise<{ url: string; seen: Seen[] }> {
  return await fakeServer((response, { method }) => {
    if (method === "POST")
      json(response, 200, { success: true, eventsSent: 1, event: { type: "a", data: 1, id: "1-0" } });
    else response.writeHead(200, { "Content-Type": "text/event-stream" }).end("data: 1\n\n");
  });
}

async function bundle(
  format: "esm" | "iife",
): Promise<BuildResult<BuildOptions & { write: false; metafile: true }>> {
  return await build({
    stdin: { contents: program, resolveDir: resolve(import.meta.dirname, "../src"), loader: "ts" },
    bundle: true,
    format,
    globalName: "program",
    platform: "neutral",
    write: false,
    metafile: true,
    logLevel: "silent",
  });
}

describe("./server in a runtime without Node's modules", () => {
  it("imports nothing but its own files", async () => {
    const { metafile, warnings } = await bundle("esm");
    expect(warnings).toEqual([]);
    expect(Object.values(metafile.outputs).flatMap(({ imports }) => imports)).toEqual([]);
    expect(
      Object.keys(metafile.inputs).filter((file) => !/(src\/server(\.ts|\/[a-z-]+\.ts)|<stdin>)$/.test(file)),
    ).toEqual([]);
  });

  it("runs with the globals of an edge runtime alone", async () => {
    const { url } = await service();
    const { outputFiles } = await bundle("iife");
    const context = createContext(Object.fromEntries(globals.map((name) => [name, globalThis[name]])), {
      codeGeneration: { strings: false, wasm: false },
    });
    context.console = { error: () => {} };
    expect(runInContext("typeof process + typeof Buffer + typeof require", context)).toBe(
      "undefinedundefinedundefined",
    );
    runInContext(outputFiles[0]?.text ?? "", context);
    context.url = url;
    expect(JSON.parse(await (runInContext("program.main(url)", context) as Promise<string>))).toEqual(
      printed,
    );
  });

  it.for([
    ["this", ""],
    ["a newer", "24"],
    ["the newest", "26"],
  ])("runs in %s Node", { timeout: 120_000 }, async ([, version], { skip }) => {
    const dir = await mkdtemp(join(tmpdir(), "sseactor-edge-"));
    const { url } = await service();
    try {
      const file = join(dir, "program.mjs");
      const { outputFiles } = await bundle("esm");
      await writeFile(
        file,
        `${outputFiles[0]?.text ?? ""}\nconsole.error = () => {}\nconsole.log(process.version)\nconsole.log(await main(process.argv[2]))`,
      );
      const { code, out, errors } =
        version === ""
          ? await run(process.execPath, [file, url])
          : await run("npx", ["--yes", "--package", `node@${version}`, "node", file, url]);
      // A newer Node comes from the registry of npm, which may be out of reach.
      if (version !== "" && out === "" && !requireAll)
        return skip(`node@${version} can't be had: ${errors.slice(-300)}`);
      const [ran, log] = out.split("\n");
      expect(code, errors).toBe(0);
      if (version !== "") expect(ran).toMatch(new RegExp(`^v${version}\\.`));
      expect(JSON.parse(log ?? "")).toEqual(printed);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
