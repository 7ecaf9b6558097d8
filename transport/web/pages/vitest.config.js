import { defineConfig } from 'vitest/config'
import { alias } from './config.js'

export default defineConfig({
  resolve: { alias },
  test: { environment: 'happy-dom', include: ['test/**/*.test.{ts,tsx}'] },
})
