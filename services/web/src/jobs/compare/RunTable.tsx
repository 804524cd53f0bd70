import { Star, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Run } from '@/training/run'
import { IconButton } from '@/ui/Button'
import { colorOf } from '../colors'
import { metricName, metricText, valueText } from '../texts'
import { About } from './About'
import type { Shown } from './address'
import { Line } from './Line'
import {
  asked,
  type Best,
  bestColumns,
  bestOf,
  type Compared,
  differs,
  ended,
  type Row,
  sideBySide,
  whyNoBest,
} from './rows'

type Props = {
  compared: readonly Compared[]
  runOf: (id: string) => Run
  shown: Shown
  onShow: (change: Partial<Shown>) => void
}

/** A column for each run: what it is, what differs in what was asked, and how it ended. */
export function RunTable({ compared, runOf, shown, onShow }: Props) {
  const { t } = useTranslation()
  const jobs = compared.map(({ job }) => job)
  const there = jobs.map(job => job !== null)
  const recipe = sideBySide(jobs.map(job => job && asked(job)))
  const told = shown.all ? recipe : recipe.filter(row => differs(row, there))
  const results = sideBySide(jobs.map(job => job && ended(job)))
  const bests = sideBySide(compared.map(({ id }) => bestOf(runOf(id))))
  const label = useFieldLabel()
  const span = compared.length + 1
  return (
    <section className="card compare" aria-label={t('compare:sideBySide')}>
      <header className="compare-head">
        <h2>{t('compare:sideBySide')}</h2>
        <label className="switch-row">
          <input
            type="checkbox"
            className="switch"
            checked={!shown.all}
            onChange={({ target }) => onShow({ all: !target.checked })}
          />
          {t('compare:onlyDifferences')}
        </label>
      </header>
      <div className="compare-scroll">
        <table className="sheet-table">
          <thead>
            <tr>
              <td />
              {compared.map((one, at) => (
                <th key={one.id} scope="col">
                  <Head at={at} onRemove={() => onShow({ ids: shown.ids.filter(id => id !== one.id) })} />
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            <About compared={compared} />
          </tbody>
          <tbody>
            <Title span={span}>{shown.all ? t('jobs:recipe') : t('compare:whatDiffers')}</Title>
            {told.length === 0 ? (
              <tr>
                <td colSpan={span} className="field-hint">
                  {t(recipe.length > 0 ? 'compare:sameAsked' : 'compare:nothingAsked')}
                </td>
              </tr>
            ) : null}
            {told.map(row => (
              <Line key={row.name} name={label(row.name)} differ={differs(row, there)}>
                {row.values.map(value => valueText(value))}
              </Line>
            ))}
          </tbody>
          {results.length > 0 ? (
            <tbody>
              <Title span={span}>{t('compare:howEnded')}</Title>
              <NoBest span={span} whys={results.map(row => whyNoBest(row, jobs))} />
              {results.map(row => (
                <Metric key={row.name} row={row} why={whyNoBest(row, jobs)} />
              ))}
            </tbody>
          ) : null}
          {bests.length > 0 ? (
            <tbody>
              <Title span={span}>{t('compare:bestOf')}</Title>
              {bests.map(row => (
                <BestMetric key={row.name} row={row} why={whyNoBest(row, jobs)} />
              ))}
            </tbody>
          ) : null}
        </table>
      </div>
    </section>
  )
}

function Head({ at, onRemove }: { at: number; onRemove: () => void }) {
  const { t } = useTranslation()
  const name = t('jobs:runNumber', { number: at + 1 })
  return (
    <span className="compare-run">
      <i className="compare-color" style={{ background: `var(${colorOf(at)})` }} aria-hidden />
      {name}
      <IconButton label={t('compare:remove', { name })} onClick={onRemove}>
        <X size={13} aria-hidden />
      </IconButton>
    </span>
  )
}

/** A word why no run is marked as the best. */
function NoBest({ span, whys }: { span: number; whys: readonly Why[] }) {
  const { t } = useTranslation()
  const why = whys.includes('dataset') ? 'dataset' : whys.includes('loss') ? 'loss' : null
  if (why === null) return null
  return (
    <tr>
      <td colSpan={span} className="field-hint">
        {t(`compare:noBest.${why}`)}
      </td>
    </tr>
  )
}

function Title({ span, children }: { span: number; children: ReactNode }) {
  return (
    <tr className="compare-title">
      <th scope="rowgroup" colSpan={span}>
        <span>{children}</span>
      </th>
    </tr>
  )
}

type Why = ReturnType<typeof whyNoBest>
const NONE: ReadonlySet<number> = new Set()

/** The metrics that they ended with; the best is marked. */
function Metric({ row, why }: { row: Row; why: Why }) {
  const { t } = useTranslation()
  const best = why ? NONE : bestColumns(row.name, row.values)
  return (
    <Line name={metricName(t, row.name)}>
      {row.values.map((value, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
        <Value key={at} text={metricText(value as number | null)} best={best.has(at)} />
      ))}
    </Line>
  )
}

/** The best that a metric was at the end of an epoch, and at which. */
function BestMetric({ row, why }: { row: Row; why: Why }) {
  const { t } = useTranslation()
  const found = row.values as readonly (Best | null)[]
  const values = found.map(one => one?.value ?? null)
  const best = why ? NONE : bestColumns(row.name, values)
  return (
    <Line name={metricName(t, row.name)}>
      {found.map((one, at) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a column is its place
        <Value key={at} text={metricText(one?.value)} best={best.has(at)}>
          {one ? <small>{t(`compare:at.${one.by}`, { place: one.x })}</small> : null}
        </Value>
      ))}
    </Line>
  )
}

function Value({ text, best, children }: { text: string; best: boolean; children?: ReactNode }) {
  const { t } = useTranslation()
  return (
    <span className={best ? 'compare-best' : undefined}>
      {text}
      {best ? <Star size={12} role="img" aria-label={t('compare:best')} /> : null}
      {children}
    </span>
  )
}

/** `optimizer.momentum` as the form of a recipe names it. */
function useFieldLabel(): (name: string) => string {
  const { t } = useTranslation()
  return name => {
    const said = (part: string) =>
      t([`training:field.${part}`, `tune:field.${part}`, `training:ensembleField.${part}`, `compare:part.${part}`], {
        defaultValue: part,
      })
    return name.split('.').map(said).join(' · ')
  }
}
