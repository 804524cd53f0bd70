import { Group as GroupIcon, Ungroup } from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { groupSelected, toggleFold, ungroupSelected } from '@/canvas/actions'
import { groupOfSelection, renameGroup } from '@/model/groups'
import { edit, useSpec } from '@/store/editor'
import { Button } from '@/ui/Button'
import { Field } from '@/ui/Field'
import { TextInput } from '@/ui/TextInput'

/** Of several layers: the group that they are, or the way to make one of them. */
export function GroupFields({ names }: { names: readonly string[] }) {
  const { t } = useTranslation()
  const group = groupOfSelection(useSpec(), names)
  if (!group) {
    return (
      <div className="actions">
        <Button icon={<GroupIcon size={15} aria-hidden />} onClick={groupSelected}>
          {t('panel:group')}
        </Button>
      </div>
    )
  }
  return (
    <>
      <Field label={t('panel:groupName')}>
        {ids => (
          <TextInput
            {...ids}
            lazy
            maxLength={200}
            value={group.name}
            onText={name => edit(doc => renameGroup(doc, group.name, name.trim()))}
          />
        )}
      </Field>
      <div className="actions">
        <Button onClick={() => toggleFold(group.name)}>{t(group.folded ? 'panel:unfold' : 'panel:fold')}</Button>
        <Button icon={<Ungroup size={15} aria-hidden />} onClick={ungroupSelected}>
          {t('panel:ungroup')}
        </Button>
      </div>
    </>
  )
}
