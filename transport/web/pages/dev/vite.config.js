// `npm run dev -w pages`: the pages with hot reloading, in front of a real server
// (`make run`, or SSE_URL). Open /demo.html#key=… and /admin.html#key=….
import { env } from 'node:process'
import { defineConfig } from 'vite'
import { alias, root } from '../config.js'

const target = env['SSE_URL'] ?? 'http://localhost:8080'

export default defineConfig({
  root,
  resolve: { alias },
  server: { proxy: { '/api': { target, changeOrigin: true } } },
})
