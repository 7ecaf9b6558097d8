import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

/** Bundles the pages of a directory, each file one, with the package as it is shipped. */
export async function bundle (from: string, to: string): Promise<void> {
  await build({
    entryPoints: readdirSync(from).filter((file) => /\.tsx?$/.test(file)).map((file) => join(from, file)),
    outdir: to,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    jsx: 'automatic',
    // React's development build: StrictMode mounts twice only there.
    define: { 'process.env.NODE_ENV': '"development"' },
    logLevel: 'error'
  })
}
