import { useQuery } from '@tanstack/react-query'
import { useTranslation } from 'react-i18next'
import { artifactOf, useArtifacts } from '@/api/artifacts'
import { useTheme } from '@/ui/useTheme'
import { marksOf, outputOf } from './outputs'
import type { InsightProps } from './panels'
import { splitText } from './split'

const PICTURES = ['curves', 'confusion', 'attributes', 'worst', 'gallery', 'filters'] as const

/** Those that are drawn of the samples by which the trained network was judged. */
const JUDGED: ReadonlySet<string> = new Set(['confusion', 'attributes', 'worst', 'gallery'])

/** The split of all reports of a training: the first that it left says it. */
function useJudgedSplit(job: InsightProps['job'], files: readonly string[]): string | null {
  const classes = marksOf(files, 'classes', '.json')[0]
  const attributes = marksOf(files, 'attributes', '.json')[0]
  const name =
    classes === undefined ? (`attributes${attributes ?? ''}.json` as const) : (`classes${classes}.json` as const)
  const there = classes !== undefined || attributes !== undefined
  return useQuery({ ...artifactOf(job, name), enabled: there && job.state === 'succeeded' }).data?.split ?? null
}

/** The pictures that a training left, in the colours of the theme that is shown, and in its language where they have it. */
export function Pictures({ job }: InsightProps) {
  const { t, i18n } = useTranslation()
  const { data = [] } = useArtifacts(job)
  const dark = useTheme() === 'dark'
  const there = PICTURES.flatMap(kind =>
    marksOf(data, kind, '.png').map(mark => ({ kind, name: `${kind}${mark}`, mark })),
  )
  const judged = useJudgedSplit(job, data)
  const title = (kind: string, mark: string) =>
    [t(`jobs:picture.${kind}`), outputOf(mark), JUDGED.has(kind) && judged ? splitText(t, judged) : null]
      .filter(one => one !== null)
      .join(' · ')
  const file = (name: string) => {
    const themed = dark && data.includes(`${name}-dark.png`) ? `${name}-dark` : name
    const told = `${themed}.${i18n.language}.png`
    return data.includes(told) ? told : `${themed}.png`
  }
  if (there.length === 0) return null
  return (
    <section className="card insight-pictures">
      <h2>{t('jobs:pictures')}</h2>
      {there.map(({ kind, name, mark }) => (
        <details key={name} open={name === 'confusion'}>
          <summary>{title(kind, mark)}</summary>
          <a href={`${job.links.artifacts}/${file(name)}`} target="_blank" rel="noreferrer">
            <img src={`${job.links.artifacts}/${file(name)}`} alt={title(kind, mark)} loading="lazy" />
          </a>
        </details>
      ))}
    </section>
  )
}
