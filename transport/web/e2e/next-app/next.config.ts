import type { NextConfig } from 'next'

const config: NextConfig = {
  reactStrictMode: true,
  experimental: { turbopackFileSystemCacheForBuild: false }, // it is built once
  // Else it would look for a workspace above.
  turbopack: { root: import.meta.dirname }
}

export default config
