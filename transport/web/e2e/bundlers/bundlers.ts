import { build as esbuild } from 'esbuild'
import { build as vite } from 'vite'
import webpack from 'webpack'

/** Bundles the page into directory/name.js, with settings as few as may be. */
type Bundler = (page: string, directory: string, name: string) => Promise<unknown>

export const bundlers: Record<string, Bundler> = {
  esbuild: async (page, directory, name) => await esbuild({
    entryPoints: { [name]: page },
    outdir: directory,
    bundle: true,
    splitting: true,
    format: 'esm',
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"' }
  }),

  vite: async (page, directory, name) => await vite({
    configFile: false,
    logLevel: 'error',
    base: './',
    build: {
      outDir: directory,
      emptyOutDir: false,
      assetsDir: '',
      rolldownOptions: { input: { [name]: page }, output: { entryFileNames: '[name].js' } }
    }
  }),

  webpack: async (page, directory, name) => {
    await new Promise<void>((resolve, reject) => {
      webpack({
        mode: 'production',
        entry: { [name]: page },
        output: { path: directory, filename: '[name].js' },
        performance: false, // says nothing of size
        optimization: { minimize: false } // takes ten seconds
      }, (error, stats) => {
        const faults = error ?? (stats?.hasErrors() === true || stats?.hasWarnings() === true ? new Error(stats.toString()) : null)
        if (faults === null) resolve()
        else reject(faults)
      })
    })
  }
}
