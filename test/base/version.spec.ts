import { readFile } from 'node:fs/promises'
import { expect, it } from 'vitest'
import { VERSION } from '../../src/base/index.ts'

it('says the version of package.json', async () => {
  const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8'))

  expect(VERSION).toBe(version)
})
