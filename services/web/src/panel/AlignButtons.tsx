import {
  AlignHorizontalDistributeCenter,
  AlignHorizontalJustifyCenter,
  AlignVerticalDistributeCenter,
  AlignVerticalJustifyCenter,
} from 'lucide-react'
import { useTranslation } from 'react-i18next'
import { align } from '@/model/align'
import { edit } from '@/store/editor'
import { IconButton } from '@/ui/Button'

/** Puts the selected layers in a line, or spreads them along it. */
export function AlignButtons({ names }: { names: readonly string[] }) {
  const { t } = useTranslation()
  const buttons = [
    { how: 'column', label: t('panel:alignColumn'), Icon: AlignHorizontalJustifyCenter },
    { how: 'row', label: t('panel:alignRow'), Icon: AlignVerticalJustifyCenter },
    { how: 'spreadDown', label: t('panel:spreadDown'), Icon: AlignVerticalDistributeCenter },
    { how: 'spreadAcross', label: t('panel:spreadAcross'), Icon: AlignHorizontalDistributeCenter },
  ] as const
  return (
    <div className="button-group" role="toolbar" aria-label={t('panel:align')}>
      {buttons.map(({ how, label, Icon }) => (
        <IconButton key={how} label={label} onClick={() => edit(doc => align(doc, names, how))}>
          <Icon size={18} aria-hidden />
        </IconButton>
      ))}
    </div>
  )
}
