import { Download } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { useArtifacts } from '@/api/artifacts'
import type { InsightProps } from './panels'

const FILE = 'tensorboard.zip'

/** Curves, histograms and pictures as folders for TensorBoard. */
export function Events({ job }: InsightProps) {
  const { t } = useTranslation()
  const { data = [] } = useArtifacts(job)
  if (!data.includes(FILE)) return null
  return (
    <section className="card">
      <a className="chip jobs-weights" href={`${job.links.artifacts}/${FILE}`} download={FILE}>
        <Download size={13} aria-hidden />
        {t('jobs:tensorboard')}
      </a>
    </section>
  )
}
