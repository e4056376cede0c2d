import { createRequire } from 'node:module'

/** The version in the package's own manifest, wherever this file was built to. */
export function packageVersion (): string {
  const manifest: unknown = createRequire(import.meta.url)('swarmd/package.json')

  return typeof manifest === 'object' && manifest != null && 'version' in manifest ? String(manifest.version) : 'unknown'
}
