import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import type { OperatorView, TensorSpec } from '@/client/types'
import { stepText } from '@/jobs/texts'
import { shapeText } from '@/model/values'
import { versionsPath } from '@/pages/location'
import { useTaskText } from './tasks'

/** What an operator takes and gives, what is done to its inputs, how its replay went, and what it was made from. */
export function OperatorFacts({ operator }: { operator: OperatorView }) {
  const { t } = useTranslation()
  const taskText = useTaskText()
  const { signature, replay, lineage, classes } = operator
  const model = text(lineage.model)
  return (
    <dl className="facts operator-facts">
      <Fact title={t('library:task')}>{taskText(operator.task)}</Fact>
      <Fact title={t('library:inputs')}>{signature.inputs.map(tensor)}</Fact>
      <Fact title={t('library:preprocessing')}>{steps(operator)}</Fact>
      <Fact title={t('library:outputs')}>{signature.outputs.map(tensor)}</Fact>
      {classes ? (
        <Fact title={t('library:classes', { count: classes.length })}>
          {classes.slice(0, 20).join(', ')}
          {classes.length > 20 ? ' …' : ''}
        </Fact>
      ) : null}
      {replay ? (
        <Fact title={t('library:replay')}>
          {t('library:replayText', {
            count: Number(replay.samples),
            error: Number(replay.max_abs_error).toExponential(1),
            tolerance: Number(replay.tolerance).toExponential(0),
          })}
        </Fact>
      ) : null}
      {model ? (
        <Fact title={t('library:madeFrom')}>
          <Link href={versionsPath(model)}>{t('library:modelVersion', { version: text(lineage.model_version) })}</Link>
          <code>{text(lineage.job)}</code>
        </Fact>
      ) : null}
    </dl>
  )
}

function Fact({ title, children }: { title: string; children: ReactNode }) {
  return (
    <div>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </div>
  )
}

const text = (value: unknown) => (value === undefined || value === null ? '' : String(value))

function tensor({ name, shape, dtype }: TensorSpec): ReactNode {
  return <code key={name}>{`${name}: ${shapeText(shape)} ${dtype}`}</code>
}

function steps({ preprocessing }: OperatorView): ReactNode {
  const lines = Object.entries(preprocessing).flatMap(([input, list]) =>
    list.map(step => ({ input, text: stepText(step as never) })),
  )
  if (lines.length === 0) return '–'
  return lines.map(line => <code key={`${line.input} ${line.text}`}>{line.text}</code>)
}
