import { useTranslation } from 'react-i18next'
import { useArtifact } from '@/api/artifacts'
import type { DqnEvaluation, JobView } from '@/client/types'
import { chartsOf } from '@/training/charts'
import type { Run } from '@/training/run'
import { Curves } from './Curves'
import { Reproduce } from './insight/Reproduce'
import { metricText } from './texts'

/** An agent that learns: its returns live, then what it came to and the curve as a picture. */
export function Returns({ job, run, name }: { job: JobView; run: Run; name: string }) {
  const { t } = useTranslation()
  const { data } = useArtifact(job, 'evaluation.json')
  const picture = `${job.links.artifacts}/returns.png`
  return (
    <>
      <Curves charts={chartsOf([{ name, run }])} />
      {data ? (
        <section className="card insight-pictures">
          <h2>{t('agents:returns', { environment: data.environment })}</h2>
          <p>{verdictOf(data, t)}</p>
          <a href={picture} target="_blank" rel="noreferrer">
            <img src={picture} alt={t('agents:curve')} loading="lazy" className="picture-of-light" />
          </a>
        </section>
      ) : null}
      <Reproduce job={job} run={run} />
    </>
  )
}

type Translate = (key: string, values: Readonly<Record<string, unknown>>) => string

function verdictOf({ metrics, episodes, solved_at: goal }: DqnEvaluation, t: Translate): string {
  const mean = metrics.test_return ?? 0
  const said = t('agents:judged', { mean: metricText(mean), spread: metricText(metrics.test_return_std), episodes })
  if (goal === null) return said
  return `${said} ${mean >= goal ? t('agents:solved', { at: goal }) : t('agents:unsolved', { at: goal })}`
}
