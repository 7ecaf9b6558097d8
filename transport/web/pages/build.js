// Builds each page by itself into one script and one style sheet, under names that never
// change: the Go server embeds them, and two builds of the same sources are the same bytes.
import { rm } from 'node:fs/promises'
import { resolve } from 'node:path'
import { argv } from 'node:process'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import { alias, dist, pages, root } from './config.js'

/**
 * A page must not flash in the wrong colours before its script has chosen them.
 * @type {import('vite').Plugin}
 */
const renderBlocking = {
  name: 'render-blocking',
  transformIndexHtml: {
    order: 'post',
    handler: (html) => html.replace('<script type="module" crossorigin', '<script type="module" blocking="render"')
      .replace('<link rel="stylesheet" crossorigin', '<link rel="stylesheet"'),
  },
}

/** @param {string} outDir */
export async function buildPages(outDir) {
  await rm(outDir, { recursive: true, force: true })
  for (const page of pages) {
    await build({
      root,
      configFile: false,
      base: '/assets/',
      logLevel: 'warn',
      resolve: { alias },
      plugins: [renderBlocking],
      build: {
        outDir,
        emptyOutDir: false,
        sourcemap: false,
        modulePreload: false,
        assetsInlineLimit: 0,
        cssCodeSplit: true,
        license: { fileName: `${page}.licenses.txt` },
        rolldownOptions: {
          input: resolve(root, `${page}.html`),
          onLog(level, log, next) {
            // The hook's "use client" is for Next.js, and means nothing here.
            if (log.code !== 'MODULE_LEVEL_DIRECTIVE') next(level, log)
          },
          output: {
            entryFileNames: `${page}.js`,
            assetFileNames: `${page}[extname]`,
            codeSplitting: false,
          },
        },
      },
    })
  }
}

// `node build.js [folder]`
if (argv[1] === fileURLToPath(import.meta.url)) await buildPages(argv[2] ?? dist)
