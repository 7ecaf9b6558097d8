import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['*.test.ts'],
    globalSetup: 'harness/setup.ts',
    // One browser and two cores: files take turns.
    fileParallelism: false,
    isolate: false, // they share the connection to it
    testTimeout: 30_000,
    hookTimeout: 30_000
  }
})
