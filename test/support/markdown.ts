export interface Section {
  heading: string
  body: string
}

/** The parts of a page that stand under its headings of the second level. */
export function readSections (page: string): Section[] {
  const [, ...parts] = withoutFences(page).split(/^## /m)

  return parts.map((part) => {
    const [heading = '', ...lines] = part.split('\n')

    return { heading: heading.trim(), body: lines.join('\n').trim() }
  })
}

/** The cells of every table row of a section, header and rule left out. */
export function readTable (section: Section): string[][] {
  return section.body
    .split('\n')
    .filter((line) => line.startsWith('|'))
    .slice(2)
    .map((line) => line.slice(1, line.lastIndexOf('|')).split('|').map((cell) => cell.trim()))
}

function withoutFences (page: string): string {
  return page.replace(/^```.*?^```$/gms, '')
}
