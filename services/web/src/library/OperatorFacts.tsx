import { Fragment, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { Link } from 'wouter'
import { useModel } from '@/api/models'
import type { OperatorView, TensorSpec } from '@/client/types'
import { stepText } from '@/jobs/texts'
import { shapeText } from '@/model/values'
import { jobPath, versionsPath } from '@/pages/location'
import { type End, endsOf } from '@/predict/walk/ends'
import { useTaskText } from './tasks'

/** What an operator takes and gives, what is done to its inputs, how its replay went, and what it was made from. */
export function OperatorFacts({ operator }: { operator: OperatorView }) {
  const { t } = useTranslation()
  const taskText = useTaskText()
  const { signature, replay, lineage } = operator
  const ends = endsOf(operator)
  const of = (title: string, { name }: End) => (ends.length > 1 ? `${name} · ${title}` : title)
  const model = text(lineage.model)
  return (
    <dl className="facts operator-facts">
      {ends.length === 1 ? <Fact title={t('library:task')}>{taskText(operator.task)}</Fact> : null}
      <Fact title={t('library:inputs')}>{signature.inputs.map(tensor)}</Fact>
      <Fact title={t('library:preprocessing')}>{steps(operator)}</Fact>
      <Fact title={t('library:outputs')}>{signature.outputs.map(tensor)}</Fact>
      {ends.map(end => (
        <Fragment key={end.name}>
          {ends.length > 1 ? <Fact title={of(t('library:task'), end)}>{taskText(end.task)}</Fact> : null}
          {end.classes ? (
            <Fact title={of(t('library:classes', { count: end.classes.length }), end)}>
              {end.classes.slice(0, 20).join(', ')}
              {end.classes.length > 20 ? ' …' : ''}
            </Fact>
          ) : null}
        </Fragment>
      ))}
      {replay ? (
        <Fact title={t('library:replay')}>
          {t('library:replayText', {
            count: Number(replay.samples),
            error: inOnePiece(Number(replay.max_abs_error).toExponential(1)),
            tolerance: inOnePiece(Number(replay.tolerance).toExponential(0)),
          })}
        </Fact>
      ) : null}
      {model ? (
        <Fact title={t('library:madeFrom')}>
          <MadeFrom model={model} version={text(lineage.model_version)} />
          <Link href={jobPath(text(lineage.job))}>
            <code>{text(lineage.job)}</code>
          </Link>
        </Fact>
      ) : null}
    </dl>
  )
}

/** The model by its name, where it is still there. */
function MadeFrom({ model, version }: { model: string; version: string }) {
  const { t } = useTranslation()
  const found = useModel(model).data
  return (
    <Link href={versionsPath(model)}>
      {found ? t('library:namedVersion', { name: found.name, version }) : t('library:modelVersion', { version })}
    </Link>
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

/** `1e-5` with a hyphen at which no line ends. */
const inOnePiece = (number: string) => number.replace('-', '\u2011')

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
