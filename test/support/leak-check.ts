import { afterAll, expect } from 'vitest'

/** What the event loop may hold when a test file has ended: the test runner's own pipes and nothing else. */
const OURS = new Set(['TCPSocketWrap', 'TCPServerWrap', 'Timeout', 'UDPWrap', 'ProcessWrap'])

function handles (): string[] {
  return process.getActiveResourcesInfo().filter((name) => OURS.has(name))
}

const before = handles().length

afterAll(async () => {
  // closed sockets leave the list on the turns after their close event
  for (let turn = 0; turn < 50 && handles().length > before; turn++) {
    await new Promise<void>((resolve) => { setImmediate(resolve) })
  }

  expect(handles().slice(before), 'handles left open by this test file').toEqual([])
})
