import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { PROGRAMS, versionsOf } from './libp2p/programs.ts'
import { isOf } from './results.ts'
import { tableOf, toMarkdown } from './table.ts'
import type { Group } from './groups.ts'
import type { Program } from './libp2p/programs.ts'
import type { Result } from './results.ts'

/** What was found on the way, by hand. */
export const FINDINGS = readFileSync(fileURLToPath(new URL('findings.md', import.meta.url)), 'utf8').trim()

/** A group and what became of its tests. */
export interface GroupResult {
  readonly group: Group
  readonly results: readonly Result[]
}

const TITLE = `# Interoperability

What is proven against the implementations of others, each as a process of its own: \`npm run test:interop\` runs all of it, and
\`npm run test:interop -- --write\` writes this page. In the tables, \`⇄\` is both ways, \`→\` that we dial (or relay), \`←\` that they do;
where there is nothing, [the findings](#findings) say why.`

/** `docs/interop.md`. @throws Error for a group that did not run as a whole */
export async function toPage (groups: readonly GroupResult[], date: Date): Promise<string> {
  const programs = Object.values(PROGRAMS)

  return [
    TITLE,
    `Last run on ${date.toISOString().slice(0, 10)}.`,
    '## Versions',
    await versionsTable(programs),
    ...programs.flatMap((program) => [`## ${program.name}`, matrix(program, groups)]),
    '## All suites',
    countsTable(groups),
    FINDINGS
  ].join('\n\n') + '\n'
}

/** What has passed, as a table. */
export function matrix (program: Program, groups: readonly GroupResult[]): string {
  const results = groups.flatMap((group) => group.results)

  return toMarkdown(tableOf(program.name, (cell) => results.some((result) => result.hasPassed && isOf(result, cell))))
}

export function countsTable (groups: readonly GroupResult[]): string {
  return [
    '| suite | against | tests |',
    '| --- | --- | --- |',
    ...groups.map(({ group, results }) => `| \`${group.name}\` | ${group.title} | ${results.filter(({ hasPassed }) => hasPassed).length} |`)
  ].join('\n')
}

async function versionsTable (programs: readonly Program[]): Promise<string> {
  const rows: string[] = []

  for (const program of programs) {
    const versions = await versionsOf(program)

    rows.push(`| ${program.name} | ${Object.entries(versions).map(([name, version]) => `${name} ${version}`).join(', ')} |`)
  }

  return ['| program | versions |', '| --- | --- |', `| swarmd | node ${process.versions.node} |`, ...rows, ...tools()].join('\n')
}

const TOOLS: ReadonlyArray<readonly [name: string, command: string, ...args: string[]]> = [
  ['Docker Engine', 'dockerd', '--version'],
  ['docker CLI', 'docker', '--version'],
  ['docker-compose', 'docker-compose', '--version'],
  ['Redis', 'redis-server', '--version'],
  ['nginx', 'nginx', '-v'],
  ['Chromium', 'chromium', '--version']
]

function tools (): string[] {
  return TOOLS.flatMap(([name, command, ...args]) => {
    const { stdout, stderr, status } = spawnSync(command, args, { encoding: 'utf8' })
    const [version] = /\d+(?:\.\d+)+/.exec(`${stdout ?? ''}${stderr ?? ''}`) ?? []

    return status === 0 && version != null ? [`| ${name} | ${version} |`] : []
  })
}
