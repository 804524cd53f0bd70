import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { pointAlias } from '@/api/operators'
import type { OperatorView } from '@/client/types'
import { tellFailure } from '@/store/toasts'
import { Button } from '@/ui/Button'
import { TextInput } from '@/ui/TextInput'
import { When } from './When'

type Props = {
  readonly name: string
  readonly rows: readonly OperatorView[]
  readonly shown: number
  readonly onShow: (version: number) => void
}

/** The versions: which one is tried out, and which aliases mean it. */
export function OperatorVersions({ name, rows, shown, onShow }: Props) {
  const { t } = useTranslation()
  const aliases = Object.entries(rows[0]?.aliases ?? {})
  return (
    <>
      <table className="table">
        <thead>
          <tr>
            <th>{t('library:try')}</th>
            <th>{t('library:version')}</th>
            <th>{t('library:aliases')}</th>
            <th>{t('library:created')}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(row => (
            <tr key={row.version}>
              <td>
                <input
                  type="radio"
                  name="version"
                  aria-label={t('library:tryVersion', { version: row.version })}
                  checked={row.version === shown}
                  disabled={!row.ready}
                  onChange={() => onShow(row.version)}
                />
              </td>
              <td>{row.version}</td>
              <td>
                {aliases
                  .filter(([, version]) => version === row.version)
                  .map(([alias]) => (
                    <span key={alias} className="chip">
                      {alias}
                    </span>
                  ))}
                {row.ready ? null : t('library:notReady')}
              </td>
              <td>
                <When at={row.created_at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <AliasForm name={name} version={shown} />
    </>
  )
}

/** Lets a name mean the version that is tried out. */
function AliasForm({ name, version }: { name: string; version: number }) {
  const { t } = useTranslation()
  const client = useQueryClient()
  const [alias, setAlias] = useState('')
  const point = async (event: FormEvent) => {
    event.preventDefault()
    try {
      await pointAlias(name, alias.trim(), version)
      setAlias('')
      await client.invalidateQueries({ queryKey: ['operator', name] })
    } catch (error) {
      tellFailure(t('library:aliasFailed'), error)
    }
  }
  return (
    <form className="alias-form" onSubmit={point}>
      <TextInput
        value={alias}
        onText={setAlias}
        maxLength={63}
        placeholder={t('library:aliasExample')}
        aria-label={t('library:alias')}
      />
      <Button type="submit" disabled={alias.trim() === ''}>
        {t('library:pointAlias', { version })}
      </Button>
    </form>
  )
}
