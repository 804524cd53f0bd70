import { useTranslation } from 'react-i18next'
import { useArtifacts } from '@/api/artifacts'
import { useTheme } from '../useTheme'
import type { InsightProps } from './panels'

const PICTURES = ['curves', 'confusion', 'attributes', 'worst', 'gallery', 'filters'] as const

/** The pictures that a training left, in the colours of the theme that is shown. */
export function Pictures({ job }: InsightProps) {
  const { t } = useTranslation()
  const { data = [] } = useArtifacts(job)
  const dark = useTheme() === 'dark'
  const there = PICTURES.filter(name => data.includes(`${name}.png`))
  const file = (name: string) => (dark && data.includes(`${name}-dark.png`) ? `${name}-dark.png` : `${name}.png`)
  if (there.length === 0) return null
  return (
    <section className="card insight-pictures">
      <h2>{t('jobs:pictures')}</h2>
      {there.map(name => (
        <details key={name} open={name === 'confusion'}>
          <summary>{t(`jobs:picture.${name}`)}</summary>
          <a href={`${job.links.artifacts}/${file(name)}`} target="_blank" rel="noreferrer">
            <img src={`${job.links.artifacts}/${file(name)}`} alt={t(`jobs:picture.${name}`)} loading="lazy" />
          </a>
        </details>
      ))}
    </section>
  )
}
