#!/usr/bin/env node
/*
 * Only what every Node that knows modules can read: an old one must get as far as the sentence that
 * says what to do. All the rest is loaded after the check.
 */
import process from 'node:process'

const WANTED_MAJOR = 22
const WANTED_MINOR = 12

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)

if (major > WANTED_MAJOR || (major === WANTED_MAJOR && minor >= WANTED_MINOR)) {
  const { keepCompiledCode } = await import('./compile-cache.ts')

  keepCompiledCode()

  const { runProcess } = await import('./host.ts')

  await runProcess()
} else {
  process.stderr.write(`swarmd: wants Node.js ${WANTED_MAJOR}.${WANTED_MINOR} or newer, and this is ${process.versions.node}: install one from https://nodejs.org, or run 'npx -p node@24 -p swarmd swarmd'\n`)
  process.exitCode = 1
}
