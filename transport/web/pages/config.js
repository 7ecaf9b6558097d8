// What the build, the dev server and the tests have in common.
import { fileURLToPath } from 'node:url'

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url))

export const root = here('.')

/** Where the built pages are kept: committed, so that Go alone builds the server. */
export const dist = here('../dist')

// The hook is the very one that apps install. Preact stands in for React, which is ten
// times its size.
export const alias = [
  { find: /^react$/, replacement: 'preact/compat' },
  { find: /^react-dom$/, replacement: 'preact/compat' },
  { find: /^react\/jsx-runtime$/, replacement: 'preact/jsx-runtime' },
  { find: /^sseactor$/, replacement: here('../client/src/index.ts') },
  { find: /^sseactor\/react$/, replacement: here('../client/src/react.ts') },
  { find: /^sseactor\/server$/, replacement: here('../client/src/server.ts') },
]

export const pages = /** @type {const} */ (['demo', 'admin'])
