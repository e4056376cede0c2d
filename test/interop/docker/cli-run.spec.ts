import { createHash, randomBytes } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { expectSame, NAME, runAtBoth } from './support/compare.ts'
import { useHosts } from './support/hosts.ts'
import type { Commands } from './support/compare.ts'

const hosts = useHosts()
const web = `${NAME}-web`
const MEBIBYTE = 1024 * 1024

function run (options: string[], ...command: string[]): string[] {
  return ['run', ...options, '--network', 'none', '--stop-timeout', '0', '--name', web, 'busybox', ...command]
}

function shell (options: string[], script: string): string[] {
  return run(options, 'sh', '-c', script)
}

describe('docker run at dockerserver, as at the engine', () => {
  it.each<[string, () => Commands, number[]]>([
    ['attached, with both streams and a status', () => [shell([], 'echo out; echo err >&2; exit 3')], [3]],
    ['attached, removed afterwards', () => [shell(['--rm'], 'echo $HOSTNAME | wc -c; exit 0'), ['ps', '-aq', '--filter', `name=${NAME}`]], [0, 0]],
    ['detached', () => [shell(['-d'], 'echo later; exit 4'), ['wait', web], ['logs', web]], [0, 0, 0]],
    ['of a command that is not there', () => [run([], '/no/such/command')], [127]],
    ['of a folder', () => [run([], '/tmp')], [126]],
    ['of an image that is not there', () => [['run', '--pull', 'never', '--network', 'none', 'conforms-no-such-image']], [125]],
    ['with what is piped into it', () => [{ args: shell(['-i'], 'cat; echo end'), input: 'one\ntwo\n' }], [0]],
    ['with nothing piped into it', () => [{ args: shell(['-i'], 'cat; echo end'), input: '' }], [0]],
    ['that does not read what is piped into it', () => [{ args: shell(['-i', '--rm'], 'echo unread'), input: 'x'.repeat(1000) }], [0]],
    ['with variables and a folder', () => [run(['-e', 'A=b c', '-w', '/tmp'], 'sh', '-c', 'echo "$A"; pwd')], [0]],
    ['in a terminal', () => [{ args: shell(['-t'], 'echo out; echo err >&2; exit 5'), hasTerminal: true }], [5]],
    ['in a terminal, asked for', () => [{ args: shell(['-it', '--rm'], 'stty size 2>/dev/null; test -t 0 && test -t 1 && echo terminal; exit 6'), hasTerminal: true }], [6]]
  ])('says the same %s', async (_name, commands, codes) => {
    const outcomes = await expectSame(hosts, commands())

    expect(outcomes.map(({ code }) => code)).toEqual(codes)
  })

  it('keeps stdout, stderr and status apart', async () => {
    const [outcome] = await expectSame(hosts, [shell([], 'echo out; echo err >&2; exit 3')])

    expect(outcome).toEqual({ code: 3, stdout: 'out\n', stderr: 'err\n' })
  })

  it('brings 8 MiB of anything through cat and back', async () => {
    const bytes = randomBytes(8 * MEBIBYTE)

    const [[direct], [piped]] = await runAtBoth(hosts, [{ args: run(['-i', '--rm'], 'cat'), input: bytes }])

    expect([direct?.code, piped?.code]).toEqual([0, 0])
    expect(sha(piped?.stdout)).toBe(sha(bytes))
    expect(sha(direct?.stdout)).toBe(sha(bytes))
  })

  it('loses nothing of a lot of output on both streams', async () => {
    const [, [piped]] = await runAtBoth(hosts, [shell(['--rm'], 'seq 1 100000; seq 1 50000 >&2')])
    const lines = (count: number): string => Array.from({ length: count }, (_, index) => `${index + 1}\n`).join('')

    expect(piped?.stdout.toString()).toBe(lines(100_000))
    expect(piped?.stderr).toBe(lines(50_000))
  })
})

describe('the consoles of containers at dockerserver, as at the engine', () => {
  const asleep = (): string[] => run(['-d'], 'sleep', '60')

  it.each<[string, () => Commands, number[]]>([
    ['start -a', () => [shell(['-d'], 'echo out; echo err >&2; exit 3'), ['wait', web], ['start', '-a', web]], [0, 0, 3]],
    ['start -ai', () => [['create', '-i', '--network', 'none', '--name', web, 'busybox', 'cat'], { args: ['start', '-ai', web], input: 'in\n' }], [0, 0]],
    ['attach', () => [shell(['-di'], 'read a; echo got $a; sleep 0.5; exit 9'), { args: ['attach', web], input: 'word\n' }], [0, 9]],
    ['attach to what has ended', () => [shell(['-d'], 'true'), ['wait', web], ['attach', web], ['attach', 'nope']], [0, 0, 1, 1]],
    ['logs', () => [shell([], 'echo out; echo err >&2'), ['logs', web], ['logs', 'nope']], [0, 0, 1]],
    ['logs --tail', () => [shell([], 'seq 1 10'), ['logs', '--tail', '3', web], ['logs', '--tail', '0', web], ['logs', '--tail', 'all', web]], [0, 0, 0, 0]],
    ['logs -t', () => [shell([], 'seq 1 3'), ['logs', '-t', web], ['logs', '--details', web]], [0, 0, 0]],
    ['logs -f, up to the end of the container', () => [shell(['-d'], 'for i in 1 2 3; do echo $i; sleep 0.1; done'), ['logs', '-f', web]], [0, 0]],
    ['logs of a terminal', () => [shell(['-dt'], 'echo out; echo err >&2'), ['wait', web], ['logs', web]], [0, 0, 0]],
    ['logs --since and --until', () => [shell([], 'seq 1 3'), ['logs', '--since', '2100-01-01', web], ['logs', '--until', '2000-01-01', web], ['logs', '--since', 'x', web]], [0, 0, 0, 1]],
    ['exec', () => [asleep(), ['exec', web, 'sh', '-c', 'echo out; echo err >&2; exit 8']], [0, 8]],
    ['exec -i', () => [asleep(), { args: ['exec', '-i', web, 'cat'], input: 'through\n' }, { args: ['exec', '-i', web, 'wc', '-c'], input: 'x'.repeat(300_000) }], [0, 0, 0]],
    ['exec -e and -w', () => [asleep(), ['exec', '-e', 'A=b c', '-w', '/tmp', web, 'sh', '-c', 'echo "$A"; pwd']], [0, 0]],
    ['exec -d', () => [asleep(), ['exec', '-d', web, 'true']], [0, 0]],
    ['exec -t', () => [asleep(), { args: ['exec', '-it', web, 'sh', '-c', 'test -t 0 && echo terminal; exit 2'], hasTerminal: true }], [0, 2]],
    ['exec of what cannot be', () => [asleep(), ['exec', web, '/no/such/command'], ['exec', 'nope', 'true'], ['stop', '-t', '0', web], ['exec', web, 'true']], [0, 126, 1, 0, 1]]
  ])('says the same for %s', async (_name, commands, codes) => {
    const outcomes = await expectSame(hosts, commands())

    expect(outcomes.map(({ code }) => code)).toEqual(codes)
  })
})

function sha (bytes: Uint8Array | undefined): string {
  return createHash('sha256').update(bytes ?? '').digest('hex')
}
