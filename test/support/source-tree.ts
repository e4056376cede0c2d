import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path/posix'
import { fileURLToPath } from 'node:url'

/** Texts of files by their path from the top of the repository. */
export type SourceTree = ReadonlyMap<string, string>

const TOP = fileURLToPath(new URL('../..', import.meta.url))
const NOT_OURS = new Set(['node_modules', 'dist', 'coverage', '.git', '.tmp', '.vitest'])

/** The file at this path from the top of the repository. */
export function readTopFile (path: string): string {
  return readFileSync(join(TOP, path), 'utf8')
}

/** All files below `folder`, '' for the whole repository, whose path `wanted` accepts. */
export function readTree (folder: string, wanted: (path: string) => boolean): SourceTree {
  const tree = new Map<string, string>()

  for (const entry of readdirSync(join(TOP, folder), { withFileTypes: true })) {
    const path = join(folder, entry.name)

    if (entry.isDirectory() && !NOT_OURS.has(entry.name)) {
      for (const [inner, text] of readTree(path, wanted)) {
        tree.set(inner, text)
      }
    }

    if (entry.isFile() && wanted(path)) {
      tree.set(path, readTopFile(path))
    }
  }

  return tree
}

/** All TypeScript below `folder`. */
export function readTypeScript (folder: string): SourceTree {
  return readTree(folder, (path) => path.endsWith('.ts'))
}
